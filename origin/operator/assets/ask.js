/**
 * Asking the origin that the page came from, and telling the operator what came of it.
 *
 * Invariant: the admin key is in the tab's session storage, and leaves it in a header to where the
 * page came from, never in an address.
 *
 * @module
 */

export const PATIENCE_MS = 5_000;
const SAID_MS = 10_000;

export const find = (selector, within = document) => within.querySelector(selector);
export const parse = (text) => new DOMParser().parseFromString(text, "text/html");

export function ask(path, init = {}) {
  return fetch(new URL(path, import.meta.url), {
    ...init,
    signal: AbortSignal.timeout(PATIENCE_MS),
    credentials: "omit",
    redirect: "error",
  });
}

export function post(path, data) {
  const key = sessionStorage.getItem("key"), operator = sessionStorage.getItem("operator") ?? "";
  return ask(path, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      ...(key !== null && { "x-admin-key": key, "x-operator": encodeURIComponent(operator) }),
    },
    body: JSON.stringify(data),
  });
}

let forget;

export function say(words) {
  const said = find("#said");
  said.textContent = words;
  clearTimeout(forget);
  forget = setTimeout(() => said.textContent = "", SAID_MS);
}
