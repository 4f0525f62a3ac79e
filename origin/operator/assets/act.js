/**
 * What an operator does: drains, kicks, tells everybody.
 *
 * Invariant: each is confirmed before it is asked for, and what came of it is said.
 *
 * @module
 */

import { find, post, say } from "./ask.js";
import { renew } from "./live.js";

const ALERT_MEANS = (body) =>
  `All users get it, now or when they come back, and nobody can take it back: ${
    JSON.stringify(body)
  }`;

document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("button[data-act]");
  if (!(button instanceof HTMLButtonElement)) return;
  const { act, replica, name, program, user, device } = button.dataset;
  if (act === "drain") {
    const means = program === "edge"
      ? "It takes nobody new, sends its clients to other edges, and ends. Whoever supervises it starts it anew."
      : "It takes no more requests, answers those it has, and ends. If this page is its own, the page goes with it.";
    if (await confirm(`Drain ${name}?`, means, `Drain ${name}`)) await doIt("drain", { replica });
  }
  if (act === "kick") {
    const whom = device === undefined ? user : `${device} of ${user}`;
    const means =
      "Its connections end, and the SDK does not come back by itself: the app must connect anew.";
    if (await confirm(`Kick ${whom}?`, means, `Kick ${whom}`)) {
      await doIt("kick", { user, ...(device !== undefined && { device }) });
    }
  }
});

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (form.dataset.act !== "alert") return;
  event.preventDefault();
  const body = bodyOf(String(new FormData(form).get("body")));
  if (await confirm("Tell everybody?", ALERT_MEANS(body), "Send the alert")) {
    if (await doIt("alert", { id: crypto.randomUUID(), body })) form.reset();
  }
});

function bodyOf(text) {
  try {
    const body = JSON.parse(text);
    if (typeof body === "object" && body !== null && !Array.isArray(body)) return body;
  } catch {
    // No JSON: a text.
  }
  return { text };
}

async function doIt(act, data) {
  try {
    const { said, error } = await (await post(`act/${act}`, data)).json();
    say(said === undefined ? `Not done: ${error}.` : `${said}.`);
    return said !== undefined;
  } catch {
    say("This origin did not answer: it is not known whether that was done.");
    return false;
  } finally {
    renew();
  }
}

function confirm(question, means, action) {
  const dialog = find("#confirm-dialog");
  find("h2", dialog).textContent = question;
  find("p", dialog).textContent = means;
  find("[value=confirm]", dialog).textContent = action;
  dialog.returnValue = "cancel";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "confirm"), {
      once: true,
    });
  });
}
