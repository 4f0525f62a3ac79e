/**
 * The admin key: asked for, tried, kept for this tab, forgotten.
 *
 * Invariant: what cannot be done without it cannot be pressed without it; the origin decides all the
 * same.
 *
 * @module
 */

import { find, post, say } from "./ask.js";

const { access } = document.body.dataset;
const hasKey = () => sessionStorage.getItem("key") !== null;

export function showAccess() {
  const unlock = document.querySelector("#unlock");
  if (unlock) {
    unlock.textContent = hasKey() ? `Lock, ${sessionStorage.getItem("operator")}` : "Unlock";
    document.body.dataset.access = hasKey() ? "unlocked" : "locked";
  }
  document.querySelectorAll("[data-act], [data-act] *, [data-look-up] *").forEach(allow);
}

/** What cannot be done now cannot be pressed, and says why. */
export function allow(element) {
  if (!(element instanceof HTMLButtonElement) || element.classList.contains("link")) return;
  const looks = element.closest("[data-look-up]") !== null;
  const allowed = hasKey() || looks && access === "reading";
  element.disabled = !allowed;
  element.title = allowed ? "" : access === "closed" ? "No ADMIN_KEY is set" : "Unlock first";
}

function askForKey() {
  const dialog = find("#key-dialog");
  const form = find("form", dialog);
  const fault = find(".fault", dialog);
  fault.textContent = "";
  find("[value=cancel]", dialog).onclick = () => dialog.close();
  form.onsubmit = async (event) => {
    event.preventDefault();
    const given = new FormData(form);
    for (const name of ["key", "operator"]) sessionStorage.setItem(name, String(given.get(name)));
    const answer = await post("key", {}).catch(() => undefined);
    if (!answer?.ok) {
      sessionStorage.removeItem("key");
      fault.textContent = answer ? "That is not the admin key." : "This origin does not answer.";
      return;
    }
    form.reset();
    dialog.close();
    showAccess();
    say("Unlocked.");
  };
  dialog.showModal();
}

document.querySelector("#unlock")?.addEventListener("click", () => {
  if (!hasKey()) return askForKey();
  sessionStorage.removeItem("key");
  find("#found").replaceChildren();
  showAccess();
  say("Locked: the key is forgotten.");
});
