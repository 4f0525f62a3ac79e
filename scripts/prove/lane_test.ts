import assert from "node:assert/strict";
import { type Due, dueRuns, packed, runAndJudge, runLane, type Verdict } from "./lane.ts";
import type { Part } from "./part.ts";

const part = (name: string, alone = false): Part => ({
  ...{ name, about: "", minutes: 1, run: () => Promise.reject(new Error("nothing runs here")) },
  ...(alone && { alone }),
});

/** Runs that end when they are told to. */
function scene(parts: Part[], atOnce: number) {
  const log: string[] = [];
  const open = new Map<string, PromiseWithResolvers<void>>();
  const run = async ({ part: { name } }: Due) => {
    log.push(`${name} begins`);
    const ended = Promise.withResolvers<void>();
    open.set(name, ended);
    await ended.promise.finally(() => log.push(`${name} ends`));
  };
  const done = runLane(dueRuns(parts, 1, 0), atOnce, run);
  const settle = async (act: () => void) => {
    act();
    await new Promise((resolve) => setTimeout(resolve));
    return log.splice(0);
  };
  return {
    done,
    begun: () => settle(() => {}),
    end: (name: string) => settle(() => open.get(name)!.resolve()),
    fail: (name: string) => settle(() => open.get(name)!.reject(new Error(`${name} broke`))),
  };
}

Deno.test("dueRuns() runs every part with a seed before any with the next", () => {
  const due = dueRuns([part("a"), part("b")], 2, 7).map(({ part: { name }, seed }) => [name, seed]);
  assert.deepEqual(due, [["a", 7], ["b", 7], ["a", 8], ["b", 8]]);
});

Deno.test("packed() has what must be alone first, then the longest, and else keeps the order", () => {
  const long = { ...part("long"), minutes: 5 };
  const parts = [part("a"), part("lone", true), long, part("b"), part("lonely", true)];
  const names = packed(parts).map(({ name }) => name);
  assert.deepEqual(names, ["lone", "lonely", "long", "a", "b"]);
});

Deno.test("runLane() has so many under way, begun in their order", async () => {
  const { done, begun, end } = scene(["a", "b", "c"].map((name) => part(name)), 2);
  assert.deepEqual(await begun(), ["a begins", "b begins"]);
  assert.deepEqual(await end("b"), ["b ends", "c begins"]);
  assert.deepEqual(await end("a"), ["a ends"]);
  await end("c");
  await done;
});

Deno.test("runLane() lets nothing run beside what must be alone", async () => {
  const { done, begun, end } = scene([part("a"), part("lone", true), part("b")], 2);
  assert.deepEqual(await begun(), ["a begins"]);
  assert.deepEqual(await end("a"), ["a ends", "lone begins"]);
  assert.deepEqual(await end("lone"), ["lone ends", "b begins"]);
  await end("b");
  await done;
});

Deno.test("runLane() throws what a run throws, once those beside it have ended", async () => {
  const { done, begun, end, fail } = scene(["a", "b", "c"].map((name) => part(name)), 2);
  const failed = assert.rejects(done, /a broke/);
  await begun();
  assert.deepEqual(await fail("a"), ["a ends"]);
  assert.deepEqual(await end("b"), ["b ends"]);
  await failed;
});

Deno.test("runAndJudge() tries again at the end, alone and once, what asks for it", async () => {
  const verdicts: Record<string, Verdict[]> = {
    ...{ good: ["passed"], bad: ["failed"], slow: ["again", "passed"] },
    ...{ slower: ["again", "again"], worse: ["again", "failed"] },
  };
  const log: string[] = [];
  let underWay = 0;
  const parts = Object.keys(verdicts).map((name) => part(name));
  const failed = await runAndJudge(
    dueRuns(parts, 1, 0),
    9,
    async ({ part: { name } }, isLastTry) => {
      underWay++;
      await Promise.resolve();
      log.push(isLastTry ? `${name} again, ${underWay} at once` : name);
      underWay--;
      return verdicts[name]!.shift()!;
    },
  );
  assert.deepEqual(log, [
    ...parts.map(({ name }) => name),
    ...["slow", "slower", "worse"].map((name) => `${name} again, 1 at once`),
  ]);
  assert.deepEqual(failed.map(({ part: { name } }) => name), ["bad", "slower", "worse"]);
});

Deno.test("runAndJudge() tries once what is the only run: nothing was beside it", async () => {
  const tries: boolean[] = [];
  const due = dueRuns([part("only")], 1, 0);
  const failed = await runAndJudge(due, 2, (_one, isLastTry) => {
    tries.push(isLastTry);
    return Promise.resolve(isLastTry ? "failed" : "again");
  });
  assert.deepEqual([tries, failed], [[true], due]);
});
