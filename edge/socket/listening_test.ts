import assert from "node:assert/strict";
import { join } from "node:path";
import { answerAfterTooMany } from "testing/few_files.ts";
import { testTurns } from "testing/turns.ts";
import { closedPort } from "../../scripts/services/claimed_ports.ts";
import { waitUntil } from "../../scripts/services/wait_until.ts";
import { keepListening } from "./listening.ts";

const HOSTNAME = "127.0.0.1";
const LOOK_MS = 5_000, ANSWER_MS = 3_000;

/** Looks, one by one, at a port that `listenAnew` never mends. */
function keeper(
  port: number,
  { hostname = HOSTNAME, taken = (): number => 0, listenAnew = () => Promise.resolve() } = {},
) {
  const turns = testTurns();
  const seen = { looks: 0, deaf: 0, faults: [] as unknown[] };
  const listening = keepListening({
    address: { hostname, port },
    taken,
    listenAnew,
    turns: {
      ...turns,
      later(task, delayMs) {
        if (delayMs === LOOK_MS) seen.looks++;
        return turns.later(task, delayMs);
      },
    },
    onDeaf: () => seen.deaf++,
    onFault: (error) => seen.faults.push(error),
  });
  return {
    seen,
    turns,
    async look(waitMs = 0) {
      const before = seen.looks;
      turns.advance(LOOK_MS);
      turns.advance(waitMs);
      await waitUntil(() => seen.looks > before || undefined, {
        ...{ what: "the look to end", withinMs: 10_000, everyMs: 1 },
      });
    },
    isDeaf: () => listening.isDeaf,
    [Symbol.asyncDispose]: () => listening.end(),
  };
}

/** A port that hangs up on whoever comes, or leaves everybody without a word. */
function testPort({ isDeaf = false } = {}) {
  const listener = Deno.listen({ hostname: HOSTNAME, port: 0 });
  using stack = new DisposableStack();
  const taken = stack.adopt(new Set<Deno.TcpConn>(), (all) => {
    for (const connection of all) connection.close();
  });
  stack.use(listener);
  const port = { port: listener.addr.port, isDeaf };
  (async () => {
    for await (const connection of listener) {
      if (port.isDeaf) taken.add(connection);
      else connection.close();
    }
  })();
  const owned = stack.move();
  return Object.assign(port, { [Symbol.dispose]: () => owned.dispose() });
}

Deno.test("a port that hangs up on whoever comes is left alone", async () => {
  using at = testPort();
  await using keeping = keeper(at.port);
  for (let i = 0; i < 5; i++) await keeping.look();
  assert.deepEqual(keeping.seen, { looks: 6, deaf: 0, faults: [] });
});

Deno.test("a port that took nobody three times in a row is opened anew, and else is not", async () => {
  using at = testPort({ isDeaf: true });
  await using keeping = keeper(at.port);
  for (let i = 0; i < 2; i++) await keeping.look(ANSWER_MS);
  at.isDeaf = false;
  await keeping.look();
  at.isDeaf = true;
  for (let i = 0; i < 2; i++) await keeping.look(ANSWER_MS);
  assert.equal(keeping.seen.deaf, 0);
  await keeping.look(ANSWER_MS);
  assert.equal(keeping.seen.deaf, 1);
  for (let i = 0; i < 2; i++) await keeping.look(ANSWER_MS);
  assert.equal(keeping.seen.deaf, 1);
});

Deno.test("a port that takes connections and is late with every answer is left alone", async () => {
  using at = testPort({ isDeaf: true });
  let taken = 0;
  await using keeping = keeper(at.port, { taken: () => ++taken });
  for (let i = 0; i < 5; i++) await keeping.look(ANSWER_MS);
  assert.equal(keeping.seen.deaf, 0);
});

Deno.test("a port that cannot be asked is left alone", async () => {
  // Nothing leads there: as to `::1` where only IPv4 is, or to a name that is not resolved.
  await using keeping = keeper(closedPort(), { hostname: "255.255.255.255" });
  for (let i = 0; i < 5; i++) await keeping.look();
  assert.equal(keeping.seen.deaf, 0);
});

Deno.test("a port that cannot be opened anew is tried again at every look, and deaf until then", async () => {
  let isFree = false;
  const listenAnew = () =>
    isFree ? Promise.resolve() : Promise.reject(new Error("no file is left"));
  await using keeping = keeper(closedPort(), { listenAnew });
  for (let i = 0; i < 4; i++) {
    assert.ok(!keeping.isDeaf() || i === 3);
    await keeping.look();
  }
  assert.equal(keeping.seen.deaf, 2);
  assert.match(String(keeping.seen.faults), /no file is left/);
  assert.ok(keeping.isDeaf());
  isFree = true;
  await keeping.look();
  assert.ok(!keeping.isDeaf());
});

Deno.test("whoever is told to end waits for no answer that does not come", async () => {
  using at = testPort({ isDeaf: true });
  const keeping = keeper(at.port);
  keeping.turns.advance(LOOK_MS);
  await keeping[Symbol.asyncDispose]();
  assert.deepEqual(keeping.seen, { looks: 1, deaf: 0, faults: [] });
});

Deno.test("a public port that ran out of files takes connections again once there are some", async () => {
  const main = join(import.meta.dirname!, "testing/few_files.ts");
  assert.equal(await answerAfterTooMany(main), "here");
});
