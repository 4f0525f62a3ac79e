import assert from "node:assert/strict";
import { SILENT_LOG } from "shared/log.ts";
import { MAX_WORDS, Notices } from "./notices.ts";

function scene() {
  const clock = { nowMs: 0 }, said: string[] = [];
  const log = { ...SILENT_LOG, warning: (words: string) => void said.push(words) };
  return { clock, said, notices: new Notices({ log, now: () => clock.nowMs }) };
}

Deno.test("the same words are said once in half a minute", () => {
  const { clock, said, notices } = scene();
  for (let i = 0; i < 100; i++) notices.warn("no answer");
  clock.nowMs += 30_000;
  notices.warn("no answer");
  assert.deepEqual(said, ["no answer", "no answer"]);
});

Deno.test("of ever new words only so many are said, and remembered", () => {
  const { clock, said, notices } = scene();
  for (let i = 0; i < 3 * MAX_WORDS; i++) notices.warn(`no answer on ${i}`);
  assert.deepEqual([said.length, notices.size], [MAX_WORDS, MAX_WORDS]);
  clock.nowMs += 30_000;
  notices.warn("no answer");
  assert.deepEqual([said.at(-1), notices.size], ["no answer", 1]);
});
