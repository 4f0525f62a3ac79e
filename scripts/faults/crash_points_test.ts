import assert from "node:assert/strict";
import type { Moment } from "origin/moments.ts";
import type { Device, SendResult } from "testing/client.ts";
import { name, TestSystem } from "testing/system.ts";
import type { System } from "../dev/supervised_system.ts";
import { startSystem } from "../dev/system.ts";
import { pause, waitUntil } from "../services/wait_until.ts";
import { AppendGates, type Gate } from "./append_gates.ts";
import { CrashPoints } from "./crash_points.ts";

const MOMENTS: Moment[] = ["before insert", "after commit", "after presence", "after publish"];

/** One origin, so that it is the one that is told to die which gets the message. */
async function crashable() {
  await using stack = new AsyncDisposableStack();
  const points = stack.use(await CrashPoints.prepare(["origin-0"]));
  const system = stack.use(await startSystem({ builds: points.builds, restart: true }));
  const gates = stack.use(await AppendGates.build(system.state.postgres.url));
  const test = new TestSystem(system);
  const ana = stack.use(await test.device(name("ana"), { edge: 0 }));
  const bob = stack.use(await test.device(name("bob"), { edge: 1 }));
  const owned = stack.move();
  return {
    ...{ points, system, gates, ana, bob, sql: test.sql() },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** As an app does: under the same id until it is answered. */
async function sendUntilAnswered(from: Device, to: Device, id: string): Promise<SendResult> {
  for (;;) {
    try {
      return await from.send(to.user, id);
    } catch (error) {
      assert.ok((error as { temporary?: boolean }).temporary, String(error));
      await pause(100);
    }
  }
}

async function untilRestarted(system: System, pid: number): Promise<void> {
  await waitUntil(() => system.state.origins[0]!.pid !== pid || undefined, {
    what: "the origin to be started again",
    withinMs: 10_000,
  });
}

Deno.test("an origin dies at each moment it is told to, once, and nothing is lost or doubled", async () => {
  await using scene = await crashable();
  const { points, system, ana, bob } = scene;
  await using sql = scene.sql;
  for (const moment of MOMENTS) {
    const { pid } = system.state.origins[0]!;
    const { died } = await points.arm(system, "origin-0", moment);
    const sent = sendUntilAnswered(ana, bob, moment);
    await died;
    await untilRestarted(system, pid);
    const { gsid, duplicate = false } = await sent;
    await bob.waitForGsid(gsid);
    assert.equal(duplicate, moment === "after commit", moment);
    const again = await sendUntilAnswered(ana, bob, `${moment}, again`);
    await bob.waitForGsid(again.gsid);
  }
  assert.equal(bob.events.length, 2 * MOMENTS.length);
  const [{ count }] = await sql`select count(*)::int from events` as unknown as [{ count: number }];
  assert.equal(count, 2 * MOMENTS.length);
});

Deno.test("an append is held within Postgres, and its origin killed: it is stored or not, never twice", async () => {
  await using scene = await crashable();
  const { gates, system, ana, bob } = scene;
  await using sql = scene.sql;
  const stored = async () => (await sql`select id from sent order by gsid`).map(({ id }) => id);
  const die = async (gate: Gate, outcome: "aborted" | "goes on") => {
    const id = `${gate}, ${outcome}`;
    await gates.close(gate);
    const sent = sendUntilAnswered(ana, bob, id);
    const held = await gates.held(gate);
    assert.equal(held.application, "origin-0 commits");
    assert.ok(!(await stored()).includes(id), "it is not committed");
    await system.kill("origin-0");
    if (outcome === "aborted") await held.abort();
    await gates.open(gate);
    const { gsid, duplicate = false } = await sent;
    assert.equal(duplicate, outcome === "goes on", id);
    await bob.waitForGsid(gsid);
    return id;
  };
  const ids = [
    await die("after insert", "aborted"),
    await die("after insert", "goes on"),
    await die("in COMMIT", "goes on"),
  ];
  assert.deepEqual(await stored(), ids);
  assert.equal(bob.events.length, ids.length);
});
