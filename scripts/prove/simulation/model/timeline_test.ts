import assert from "node:assert/strict";
import { inOwnTurn } from "./microtasks.ts";
import { START_MS, Timeline } from "./timeline.ts";

Deno.test("what is due happens in the order of its time, and of its coming for the same time", () =>
  inOwnTurn(() => {
    const timeline = new Timeline();
    const happened: string[] = [];
    for (const [name, delayMs] of [["c", 30], ["a", 10], ["b", 10], ["d", 40]] as const) {
      timeline.after(delayMs, () => happened.push(`${name} at ${timeline.nowMs - START_MS}`));
    }
    timeline.after(20, () => timeline.after(5, () => happened.push("between")));
    timeline.after(35, () => happened.push("never"))();
    timeline.advance(39);
    assert.deepEqual(happened, ["a at 10", "b at 10", "between", "c at 30"]);
    assert.equal(timeline.nowMs, START_MS + 39);
  }));

Deno.test("before the next thing happens, every promise has come to rest, however deep", () =>
  inOwnTurn(() => {
    const timeline = new Timeline();
    const happened: string[] = [];
    const deep = async (levels: number): Promise<void> => {
      if (levels > 0) await deep(levels - 1);
    };
    timeline.after(1, () => void deep(500).then(() => happened.push("promise")));
    timeline.after(1, () => happened.push("next"));
    timeline.advance(1);
    assert.deepEqual(happened, ["promise", "next"]);
  }));
