/**
 * Looking up users and messages.
 *
 * Invariant: nothing of whom was looked up is in an address.
 *
 * @module
 */

import { find, parse, post } from "./ask.js";
import { allow } from "./key.js";

document.addEventListener("submit", (event) => {
  const form = event.target;
  const { lookUp } = form.dataset;
  if (lookUp === undefined) return;
  event.preventDefault();
  look(lookUp, Object.fromEntries([...new FormData(form)].filter(([, value]) => value !== "")));
});

document.addEventListener("click", (event) => {
  const { lookUpMessage: gsid } = event.target.closest?.("[data-look-up-message]")?.dataset ?? {};
  if (gsid === undefined) return;
  find("[name=gsid]").value = gsid;
  look("message", { gsid });
});

async function look(what, data) {
  const found = find("#found");
  try {
    const answer = await post(
      `look-up/${what}`,
      what === "message" ? { gsid: Number(data.gsid) } : data,
    );
    found.replaceChildren(...parse(await answer.text()).body.childNodes);
  } catch {
    found.textContent = "This origin does not answer.";
  }
  found.querySelectorAll("button").forEach(allow);
  found.focus({ preventScroll: true });
  if (found.getBoundingClientRect().top > innerHeight - 100) found.scrollIntoView();
}
