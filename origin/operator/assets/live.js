/**
 * What is live: asked for again and again, until it is paused.
 *
 * Invariant: what the server rendered is the truth. Whoever looks is told when it is old. Knows none
 * of the figures.
 *
 * @module
 */

import { ask, find, parse, PATIENCE_MS } from "./ask.js";
import { become } from "./become.js";
import { allow } from "./key.js";

const EVERY_MS = 2_000;

let heardMs = performance.now();

export async function renew() {
  if (document.hidden || isPaused()) return;
  try {
    const answer = await ask("live");
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    const next = parse(await answer.text());
    for (const part of next.querySelectorAll("[data-live]")) become(find(`#${part.id}`), part);
    heardMs = performance.now();
    document.title = find("#verdict").dataset.title ?? document.title;
    document.querySelectorAll("[data-act=drain]").forEach(allow);
    sift();
  } catch {
    // Said below, once it has lasted.
  }
}

function tellStale() {
  const stale = find("#stale");
  const silentS = Math.round((performance.now() - heardMs) / 1000);
  stale.hidden = isPaused() || document.hidden || silentS * 1000 < 2 * PATIENCE_MS;
  const words = `This origin has not answered for ${silentS} s: what you see is of then.`;
  if (!stale.hidden && stale.textContent !== words) stale.textContent = words;
}

export async function live() {
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
    await renew();
    tellStale();
  }
}

/** Shows only the replicas in whose name or state the words are that are looked for. */
function sift() {
  const words = find("#sift").value.trim().toLowerCase();
  for (const row of document.querySelectorAll("#replicas tbody tr")) {
    const [name, state] = row.cells;
    row.hidden = !`${name.textContent} ${state.textContent}`.toLowerCase().includes(words);
  }
}
document.addEventListener("input", ({ target }) => target.id === "sift" && sift());

const pause = find("#pause");
const isPaused = () => pause.getAttribute("aria-pressed") === "true";
pause.addEventListener("click", () => {
  pause.setAttribute("aria-pressed", String(!isPaused()));
  pause.textContent = isPaused() ? "Go on" : "Pause";
  heardMs = performance.now();
  renew();
});
document.addEventListener("visibilitychange", () => {
  heardMs = performance.now();
  renew();
});
