/**
 * Whoever looks online and is not: asleep, half-open, gone with a message in flight, on an edge that
 * stands still. Each is pushed what it cannot have received, and nobody is pushed what it has.
 */
import assert from "node:assert/strict";
import type { Device } from "testing/client.ts";
import { RawWebSocket } from "testing/raw_websocket.ts";
import { FORMATS } from "testing/sdk.ts";
import { name, TestSystem } from "testing/system.ts";
import { signToken } from "testing/token.ts";
import { startSystem } from "../dev/system.ts";
import { Links } from "../faults/links.ts";
import { pause, waitUntil } from "../services/wait_until.ts";

const LATE_MS = 25_000;
const SOON_MS = 10_000;
const SILENT_MS = 7_000;
const RECIPIENTS = 50;

/** Ana is on edge 0 and well; what clients have of edge 1 can be broken. */
async function scene() {
  await using stack = new AsyncDisposableStack();
  const links = stack.use(new Links(({ from, to }) => from === "clients" && to === "edge-1"));
  const system = stack.use(
    await startSystem({
      origins: 2,
      through: links.through,
      // A lookup that is late finds everybody unknown, who is then pushed besides.
      originEnv: { PRESENCE_TIMEOUT_MS: "5000" },
    }),
  );
  const test = new TestSystem(system);
  const ana = stack.use(await test.device(name("ana"), { edge: 0 }));
  const owned = stack.move();
  return {
    system,
    test,
    ana,
    links,
    async phone(stem: string, options: Parameters<TestSystem["device"]>[1] = { edge: 1 }) {
      const device = owned.use(await test.device(name(stem), { device: "phone", ...options }));
      await device.rpc("device.register", { platform: "fcm", token: `fcm-${device.user}` });
      return device;
    },
    untilPushed: (user: string, gsid: number, withinMs: number) =>
      waitUntil(async () => {
        const pushes = await test.pushesOf(user);
        return pushes.some((push) => Number(push.gsid) === gsid) || undefined;
      }, { what: `${user} to be pushed`, withinMs, everyMs: 100 }),
    async untilChecked(gsid: number) {
      await using sql = test.sql();
      await waitUntil(async () => {
        const [audit] = await sql`select checked >= ${gsid} as done from audit`;
        return audit!["done"] || undefined;
      }, { what: "the late check to pass", withinMs: LATE_MS, everyMs: 200 });
    },
    /** All that was ever to be pushed, as `job` puts it. */
    async jobs() {
      await using sql = test.sql();
      const rows = await sql`select user_id as user, gsid::float8 from push_jobs`;
      return rows.map(({ user, gsid }) => job(user, gsid)).sort();
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

Deno.test("who cannot have received is pushed, once; who has is not, though all who knew of it died", async () => {
  await using all = await scene();
  const { ana, system } = all;
  const leaver = await all.phone("leaver"), halfOpen = await all.phone("half-open");
  using asleep = await sleepingPhone(all.test, name("asleep"));
  const well: Device[] = [];
  for (let i = 0; i < RECIPIENTS; i++) {
    const phone = await all.phone("phone", { edge: 0, format: FORMATS[i % 2]! });
    well.push(phone);
    // Some apps say what they have processed; of the others only their SDK answers pings.
    if (i % 3 === 0) ackAll(phone);
  }
  const group = name("team");
  await ana.rpc("group.create", { group, members: well.map(({ user }) => user) });

  const [toLeaver] = await Promise.all([ana.send(leaver.user, "bye?"), leaver.disconnect()]);
  all.links.of("clients", "edge-1").swallow("toClient");
  const toHalfOpen = await ana.send(halfOpen.user, "do you hear me?");
  const toAsleep = await ana.send(asleep.user, "good night");
  // It begins at the head, and is well: it speaks for what comes from now on, and for nothing before.
  await using _laptop = await all.test.device(asleep.user, { device: "laptop", edge: 0 });
  const toAll = await ana.send({ group }, "to all");
  const direct = await Promise.all(well.map(({ user }) => ana.send(user, `to ${user}`)));
  await Promise.all(well.map(async (phone, i) => {
    await phone.waitForGsid(toAll.gsid);
    await phone.waitForGsid(direct[i]!.gsid);
  }));
  await all.untilPushed(leaver.user, toLeaver.gsid, SOON_MS);
  for (const id of ["origin-0", "origin-1"]) {
    await system.kill(id);
    await system.restart(id);
  }
  await all.untilPushed(halfOpen.user, toHalfOpen.gsid, LATE_MS);
  await all.untilPushed(asleep.user, toAsleep.gsid, LATE_MS);
  await all.untilChecked(Math.max(...direct.map(({ gsid }) => gsid)));
  assert.deepEqual(
    await all.jobs(),
    [
      job(leaver.user, toLeaver.gsid),
      job(halfOpen.user, toHalfOpen.gsid),
      job(asleep.user, toAsleep.gsid),
    ].sort(),
  );
  all.links.of("clients", "edge-1").resume();
});

Deno.test("users of an edge that stands still are pushed at once, when it has been silent for long enough", async () => {
  await using all = await scene();
  const phone = await all.phone("phone");
  all.system.signal("edge-1", "SIGSTOP");
  await pause(SILENT_MS);
  const { gsid } = await all.ana.send(phone.user, "are you there?");
  await all.untilPushed(phone.user, gsid, SOON_MS);
  all.system.signal("edge-1", "SIGCONT");
  await phone.waitForGsid(gsid);
  assert.deepEqual(await all.jobs(), [job(phone.user, gsid)]);
});

function job(user: string, gsid: number): string {
  return `${user} ${gsid}`;
}

function ackAll(phone: Device): void {
  phone.centrifuge.on("publication", () => {
    const gsid = phone.received.at(-1)?.event.gsid;
    if (gsid) void phone.tell({ type: "ack", gsid });
  });
}

/** A phone whose socket is open, and whose app answers nothing. */
async function sleepingPhone({ system }: TestSystem, user: string) {
  const { edges, token_secret } = system.state;
  const { socket } = await RawWebSocket.open(Number(new URL(edges[1]!.url).port));
  const commands = [
    { id: 1, connect: { token: await signToken(user, token_secret, 3600), data: {} } },
    {
      id: 2,
      rpc: { method: "device.register", data: { platform: "fcm", token: `fcm-${user}` } },
    },
  ];
  for (const command of commands) {
    await socket.send(JSON.stringify(command));
    for (let text = ""; !text.includes(`"id":${command.id}`);) {
      const frame = await socket.read();
      assert.ok(frame, "the edge answers");
      text = frame.text;
    }
  }
  return Object.assign(socket, { user });
}
