/**
 * Bringing what the page shows to what the server rendered anew, in place.
 *
 * Invariant: what is the same is not touched, so that what is focused, open or typed stays so.
 *
 * @module
 */

/** Brings an element to what another says, in place: what is the same is not touched. */
export function become(now, next) {
  for (const { name } of [...now.attributes]) {
    if (!next.hasAttribute(name)) now.removeAttribute(name);
  }
  for (const { name, value } of next.attributes) {
    if (now.getAttribute(name) !== value) now.setAttribute(name, value);
  }
  let place = now.firstChild;
  for (const wanted of [...next.childNodes]) {
    const same = matching(now, place, wanted);
    if (!same) {
      now.insertBefore(document.importNode(wanted, true), place);
      continue;
    }
    if (same === place) place = place.nextSibling;
    else now.insertBefore(same, place);
    if (same instanceof Element) become(same, wanted);
    else if (same.nodeValue !== wanted.nodeValue) same.nodeValue = wanted.nodeValue;
  }
  while (place) {
    const after = place.nextSibling;
    place.remove();
    place = after;
  }
}

/** The child that is to become `wanted`: the one of its id, or else the one at its place. */
function matching(parent, place, wanted) {
  const id = wanted instanceof Element ? wanted.id : "";
  if (id) return [...parent.children].find((child) => child.id === id);
  const fits = place && place.nodeName === wanted.nodeName &&
    !(place instanceof Element && place.id);
  return fits ? place : undefined;
}
