import assert from "node:assert/strict";
import { join } from "node:path";
import { temporaryDirectory } from "testing/temporary_directory.ts";
import { anomaly, type Part, type PartContext } from "./part.ts";
import { type RunOptions, runPart } from "./run_part.ts";

const RESULT = { figures: { sends: 7 }, anomalies: [], conditions: { load: "tiny" } };

const part = (run: Part["run"], withinMs?: number): Part => ({
  ...{ name: "walk", about: "", minutes: 1, run },
  ...(withinMs !== undefined && { withinMs }),
});

async function inFolder(
  test: (options: RunOptions, names: () => string[]) => Promise<void>,
): Promise<void> {
  await using folder = await temporaryDirectory("run-part");
  const cache = folder.path;
  const names = () => [...Deno.readDirSync(cache)].map(({ name }) => name).toSorted();
  await test({
    ...{ seed: 3, cache, conditions: { cores: 2 }, report: () => {}, strays: () => [] },
    signal: new AbortController().signal,
  }, names);
}

Deno.test("of a run that passed its figures stay, and no file", () =>
  inFolder(async (options) => {
    let context: PartContext | undefined;
    const { run, kept } = await runPart(
      part(async (given) => {
        context = given;
        await Deno.writeTextFile(join(given.folder, "history.jsonl"), "{}");
        return RESULT;
      }),
      options,
    );
    assert.equal(kept, undefined);
    assert.deepEqual([run.seed, run.figures, run.failure], [3, RESULT.figures, undefined]);
    assert.deepEqual(run.conditions, { cores: 2, load: "tiny" });
    assert.throws(() => Deno.statSync(context!.folder), Deno.errors.NotFound);
  }));

Deno.test("of a run that found an anomaly everything is kept", () =>
  inFolder(async (options) => {
    const { run, kept } = await runPart(
      part(async ({ folder }) => {
        await Deno.writeTextFile(join(folder, "history.jsonl"), "{}");
        return { ...RESULT, anomalies: [anomaly("acked-lost", "m1")] };
      }),
      options,
    );
    assert.equal(kept, join(options.cache, "failed/walk-3"));
    const files = [...Deno.readDirSync(kept)].map(({ name }) => name).toSorted();
    assert.deepEqual(files, ["history.jsonl", "run.json"]);
    assert.deepEqual(JSON.parse(Deno.readTextFileSync(join(kept, "run.json"))), run);
  }));

Deno.test("a part that throws has failed, and so has one that leaves a promise rejected", () =>
  inFolder(async (options) => {
    const thrown = await runPart(part(() => Promise.reject(new Error("no way"))), options);
    assert.match(thrown.run.failure!, /no way/);
    const strays = [[], [new Error("lost on the way")]];
    const stray = await runPart(part(() => Promise.resolve(RESULT)), {
      ...options,
      strays: () => strays.shift()!,
    });
    assert.match(stray.run.failure!, /lost on the way/);
    assert.deepEqual(stray.run.figures, RESULT.figures);
  }));

Deno.test("a part that takes too long is told to end, and has failed", () =>
  inFolder(async (options) => {
    const waits = part(
      ({ signal }) => new Promise((_, reject) => signal.onabort = () => reject(signal.reason)),
      20,
    );
    const { run } = await runPart(waits, options);
    assert.match(run.failure!, /Cannot end walk: it was not done within/);
  }));

Deno.test("a run that is interrupted is no run, and leaves nothing", () =>
  inFolder(async (options, names) => {
    const interrupted = new AbortController();
    const running = runPart(
      part(async ({ signal }) => {
        interrupted.abort(new Error("enough"));
        await Promise.resolve();
        signal.throwIfAborted();
        return RESULT;
      }),
      { ...options, signal: interrupted.signal },
    );
    await assert.rejects(running, /enough/);
    assert.deepEqual(names(), ["running"]);
    assert.deepEqual([...Deno.readDirSync(join(options.cache, "running"))], []);
  }));
