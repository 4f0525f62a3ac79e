import assert from "node:assert/strict";
import { SILENT_LOG } from "shared/log.ts";
import { keepingTrouble, MAX_KEPT, MAX_WORDS, RecentTrouble } from "shared/trouble.ts";

function scene() {
  const clock = { nowMs: 0 };
  const recent = new RecentTrouble(() => clock.nowMs);
  const passedOn: string[] = [];
  const write = (message: string) => void passedOn.push(message);
  const log = keepingTrouble({ ...SILENT_LOG, info: write, warning: write, error: write }, recent);
  return { clock, recent, log, passedOn };
}

Deno.test("keepingTrouble() keeps warnings and errors, and passes everything on", () => {
  const { clock, recent, log, passedOn } = scene();
  log.info("The edge is up");
  clock.nowMs = 1_000;
  log.warning("Presence is not known", { error: new Error("down", { cause: new Error("reset") }) });
  clock.nowMs = 2_000;
  log.error("Push credentials must be wrong", { platform: "fcm", reason: undefined });
  assert.deepEqual(recent.list(), [
    { at: 2_000, level: "error", words: "Push credentials must be wrong: platform fcm", times: 1 },
    { at: 1_000, level: "warning", words: "Presence is not known: down: reset", times: 1 },
  ]);
  assert.equal(passedOn.length, 3);
});

Deno.test("RecentTrouble counts the same words, and says when they came last", () => {
  const { clock, recent, log } = scene();
  log.warning("An append failed");
  log.warning("Something else");
  clock.nowMs = 5_000;
  log.warning("An append failed");
  assert.deepEqual(recent.list().map(({ at, words, times }) => [at, words, times]), [
    [5_000, "An append failed", 2],
    [0, "Something else", 1],
  ]);
});

Deno.test("RecentTrouble is bounded in number and in length", () => {
  const { recent, log } = scene();
  for (let i = 0; i <= 2 * MAX_KEPT; i++) log.warning(`${i} ${"x".repeat(2 * MAX_WORDS)}`);
  const kept = recent.list();
  assert.equal(kept.length, MAX_KEPT);
  assert.match(kept[0]!.words, new RegExp(`^${2 * MAX_KEPT} x+…$`));
  assert.ok(kept.every(({ words }) => words.length === MAX_WORDS));
});

Deno.test("RecentTrouble names no user: subjects do not say whose they are", () => {
  const { recent, log } = scene();
  const words = "Cannot handle a message on chat.user-inbox.ana~20b: no";
  log.warning(words, { error: new Error(words, { cause: new Error("chat.group-chat.club") }) });
  assert.deepEqual(recent.list().map(({ words }) => words), [
    "Cannot handle a message on chat.user-inbox.…: no: chat.group-chat.…",
  ]);
});
