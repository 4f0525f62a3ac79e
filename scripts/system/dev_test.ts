import assert from "node:assert/strict";
import { cli, startDev } from "testing/dev.ts";
import { testNats } from "testing/nats.ts";
import { temporaryDirectory } from "testing/temporary_directory.ts";
import { readState, type State } from "../dev/state.ts";
import { signalProcess } from "../services/process.ts";
import { waitUntil } from "../services/wait_until.ts";

Deno.test("dev runs until it is told to end, then leaves nothing behind but its data", async () => {
  await using folder = await temporaryDirectory("dev");
  await using dev = startDev(folder, ["--port", "0"]);
  const state = await dev.up();
  assert.equal(state.edges.length, 2);
  assert.equal(state.origins.length, 1);
  for (const { internal } of [...state.edges, ...state.origins]) {
    const response = await fetch(`${internal}/ready`);
    await response.body?.cancel();
    assert.equal(response.status, 200);
  }
  assert.equal((await Deno.stat(dev.stateFile)).mode! & 0o777, 0o600);
  assert.deepEqual(await dev.end("SIGTERM"), { code: 0, signal: null });
  assert.deepEqual(pidsOf(state).filter(isAlive), []);
  assert.equal(await readState(dev.stateFile), undefined);
});

Deno.test("dev starts what was killed again, under the same id and address, within a second", async () => {
  await using folder = await temporaryDirectory("dev");
  await using dev = startDev(folder, ["--port", "0", "--edges", "1"]);
  const before = await dev.up();
  for (const kind of ["edges", "origins"] as const) {
    const { pid, ...rest } = before[kind][0]!;
    Deno.kill(pid, "SIGKILL");
    const after = await waitUntil(async () => {
      const now = (await readState(dev.stateFile))![kind][0]!;
      return now.pid === pid ? undefined : now;
    }, { what: "another process", withinMs: 1_000 });
    assert.deepEqual(after, { ...rest, pid: after.pid });
  }
});

Deno.test("dev leaves nothing running when it is killed, and its data is found again", async () => {
  await using folder = await temporaryDirectory("dev");
  const options = ["--port", "0", "--edges", "1"];
  const sent = await (async () => {
    await using dev = startDev(folder, options);
    const state = await dev.up();
    const { printed } = await cli(dev, ["send", "ana", "bob", "hello", "--json"]);
    await dev.end("SIGKILL");
    await waitUntil(() => pidsOf(state).some(isAlive) ? undefined : true, {
      what: "everything that dev had started to end",
      withinMs: 15_000,
      everyMs: 50,
    });
    return JSON.parse(printed);
  })();
  await using dev = startDev(folder, options);
  await dev.up();
  const args = ["tail", "bob", "--since", "0", "--count", "1", "--json"];
  const { code, printed } = await cli(dev, args);
  assert.equal(code, 0);
  const event = JSON.parse(printed);
  assert.deepEqual([event.gsid, event.from, event.body.text], [sent.gsid, "ana", "hello"]);
});

Deno.test("dev says which option helps when a port is taken, and starts nothing", async () => {
  await using folder = await temporaryDirectory("dev");
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  await using dev = startDev(folder, ["--port", String(port)]);
  const status = await dev.status;
  assert.equal(status.code, 1);
  assert.match(dev.output(), new RegExp(`edge-0: port ${port} is taken; .*--port N`));
  assert.equal(await readState(dev.stateFile), undefined);
});

Deno.test("a second dev on the same data says that it is one", async () => {
  await using folder = await temporaryDirectory("dev");
  await using dev = startDev(folder, ["--port", "0", "--edges", "1"]);
  await dev.up();
  await using second = startDev(folder, ["--port", "0", "--state", "other.json"]);
  assert.equal((await second.status).code, 1);
  assert.match(second.output(), /another system runs on it \(pid \d+\)/);
  assert.ok(await readState(dev.stateFile));
});

Deno.test("dev uses what is in the environment and starts no other", async () => {
  await using folder = await temporaryDirectory("dev");
  await using first = startDev(folder, ["--port", "0", "--edges", "1"]);
  const { postgres, redis } = await first.up();
  // It lets in whoever comes; that of the first knows only the first one's programs.
  await using nats = await testNats();
  await using elsewhere = await temporaryDirectory("dev");
  await using second = startDev(elsewhere, ["--port", "0", "--edges", "1"], {
    DATABASE_URL: postgres.origin_url,
    NATS_URL: nats.url,
    UPSTASH_REDIS_REST_URL: redis.url,
    UPSTASH_REDIS_REST_TOKEN: redis.token,
  });
  const state = await second.up();
  const url = postgres.origin_url;
  assert.deepEqual([state.postgres, state.nats], [
    { url, origin_url: url },
    { url: nats.url, users: {} },
  ]);
  assert.equal(state.redis.pid, undefined);
});

Deno.test("the first minutes of a terminal: token, tail, send, trace, drain", async () => {
  await using folder = await temporaryDirectory("dev");
  await using dev = startDev(folder, ["--port", "0"]);
  const state = await dev.up();
  const token = (await cli(dev, ["token", "bob"])).printed;
  assert.match((await cli(dev, ["token", "--check", token])).printed, /^good: user bob/);
  const tail = cli(dev, ["tail", "bob", "--count", "2"]);
  await dev.until(() => tail.told().includes("connected as bob") || undefined, "tail to connect");
  assert.equal((await cli(dev, ["send", "ana", "bob", "hello", "there"])).code, 0);
  const again = JSON.parse((await cli(dev, ["send", "ana", "bob", "again", "--json"])).printed);
  const { code, printed } = await tail;
  assert.equal(code, 0);
  assert.match(printed, /dm:ana:bob {2}ana: hello there\n.* ana: again$/);
  const trace = (await cli(dev, ["trace", String(again.gsid)])).printed;
  assert.match(trace, /message in dm:ana:bob {2}from ana as .*\nlate check waiting\n/);
  assert.match(trace, /\nbob {2}.*no push: no targets$/);
  const revoked = (await cli(dev, ["revoke", "bob"])).printed;
  assert.match(revoked, /^tokens of bob that were issued before 20\d\d-.*Z are refused$/);
  const { before } = JSON.parse((await cli(dev, ["revoke", "bob", "--json"])).printed);
  assert.ok(Date.parse(/before (.*) are/.exec(revoked)![1]!) < before * 1000);
  const moved = cli(dev, ["tail", "cem", "--count", "1"]);
  await dev.until(() => moved.told().includes("connected as cem") || undefined, "tail to connect");
  const { code: drained } = await cli(dev, ["drain", "edge-0"]);
  assert.equal(drained, 0);
  await dev.until(async () => {
    const [edge] = (await readState(dev.stateFile))!.edges;
    return edge!.pid !== state.edges[0]!.pid || undefined;
  }, "the edge to be started again");
  const ranAgain = /edge-0 +had ended, and runs again\n/;
  await dev.until(() => ranAgain.test(dev.output()) || undefined, "dev to say that it was");
  assert.equal((await cli(dev, ["send", "ana", "cem", "hello"])).code, 0);
  assert.equal((await moved).code, 0);
  const first = `connected as cem to ${state.edges[0]!.ws}`;
  assert.match(
    moved.told(),
    new RegExp(`${first}\\nthe connection ended .*: connecting again\\nconnected as cem to ws:`),
  );
  const wrong = await cli(dev, ["drain", "edge-9"]);
  assert.equal(wrong.code, 2);
});

function pidsOf({ edges, origins, postgres, nats, redis, push }: State): number[] {
  return [...edges, ...origins, postgres, nats, redis, push].flatMap(({ pid }) => pid ?? []);
}

function isAlive(pid: number): boolean {
  return signalProcess(pid, "SIGCONT");
}
