import assert from "node:assert/strict";
import { createConnectionGuard } from "./connection_guard.ts";
import { createPermits } from "./permits.ts";
import { createProviderTokens } from "./provider_token.ts";
import { decodeJwt, decodeProtectedHeader, exportPKCS8, generateKeyPair } from "jose";

const NEVER = new AbortController().signal;

/** A task that runs until it is told how to end. */
function task() {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const seen = { started: 0, end: resolve, fail: reject, run: () => (seen.started++, promise) };
  return seen;
}

async function turn() {
  for (let n = 0; n < 20; n++) await Promise.resolve();
}

Deno.test("permits let so many run, and the next when one ends", async () => {
  const permits = createPermits(2);
  const tasks = [task(), task(), task(), task()];
  const runs = tasks.map((one) => permits.run(one.run, NEVER));
  await turn();
  assert.deepEqual(tasks.map((one) => one.started), [1, 1, 0, 0]);
  tasks[1]!.fail(new Error("oops"));
  await assert.rejects(runs[1]!, /oops/);
  await turn();
  assert.deepEqual(tasks.map((one) => one.started), [1, 1, 1, 0]);
  for (const one of tasks) one.end("done");
  assert.equal(await runs[3], "done");
  assert.equal(await runs[0], "done");
});

Deno.test("permits never run a task that gave up, and lose no permit by it", async () => {
  const permits = createPermits(1);
  const first = task(), second = task(), third = task();
  const giveUp = new AbortController();
  const runs = [permits.run(first.run, NEVER), permits.run(second.run, giveUp.signal)];
  giveUp.abort(new Error("enough"));
  await assert.rejects(runs[1]!, /enough/);
  const last = permits.run(third.run, NEVER);
  first.end("first");
  third.end("third");
  assert.deepEqual([await runs[0], await last], ["first", "third"]);
  assert.equal(second.started, 0);
});

Deno.test("the connection guard sends one request ahead, then all", async () => {
  const guard = createConnectionGuard(() => 0);
  const tasks = [task(), task(), task()];
  const runs = tasks.map((one) => guard.run(one.run));
  await turn();
  assert.deepEqual(tasks.map((one) => one.started), [1, 0, 0]);
  tasks[0]!.end("open");
  await turn();
  assert.deepEqual(tasks.map((one) => one.started), [1, 1, 1]);
  for (const one of tasks) one.end("done");
  assert.deepEqual(await Promise.all(runs), ["open", "done", "done"]);
});

Deno.test("the connection guard fails those that waited for a connection that failed", async () => {
  const guard = createConnectionGuard(() => 0);
  const first = task(), second = task(), third = task();
  const runs = [guard.run(first.run), guard.run(second.run)];
  first.fail(new Error("refused"));
  for (const run of runs) await assert.rejects(run, /refused/);
  assert.equal(second.started, 0);
  third.end("open");
  assert.equal(await guard.run(third.run), "open");
});

Deno.test("the connection guard is cold again after an error and after silence", async () => {
  let nowMs = 0;
  const guard = createConnectionGuard(() => nowMs);
  await guard.run(() => Promise.resolve());
  const goAlone = async () => {
    const first = task(), second = task();
    const runs = [guard.run(first.run), guard.run(second.run)];
    await turn();
    const alone = second.started === 0;
    first.end("");
    second.end("");
    await Promise.all(runs);
    return alone;
  };
  assert.equal(await goAlone(), false);
  nowMs += 10_000;
  assert.equal(await goAlone(), true);
  await assert.rejects(guard.run(() => Promise.reject(new Error("reset"))));
  assert.equal(await goAlone(), true);
});

Deno.test("a provider token serves 45 minutes, and says who we are", async () => {
  let nowMs = Date.parse("2026-11-01T00:00:00Z");
  const { privateKey } = await generateKeyPair("ES256", { extractable: true });
  const key = { key: await exportPKCS8(privateKey), keyId: "KEY", team: "TEAM" };
  const tokens = createProviderTokens(key, () => nowMs);
  const first = await tokens.get();
  assert.deepEqual(decodeProtectedHeader(first), { alg: "ES256", kid: "KEY" });
  assert.deepEqual(decodeJwt(first), { iss: "TEAM", iat: nowMs / 1000 });
  nowMs += 45 * 60_000 - 1;
  assert.equal(await tokens.get(), first);
  nowMs += 1;
  const second = await tokens.get();
  assert.notEqual(second, first);
  assert.equal(tokens.refused(first), true);
  assert.equal(await tokens.get(), second);
  nowMs += 1_000;
  assert.equal(tokens.refused(second), true);
  const third = await tokens.get();
  assert.notEqual(third, second);
  assert.equal(tokens.refused(third), false);
  assert.equal(await tokens.get(), third);
});
