import assert from "node:assert/strict";
import type { Device } from "testing/client.ts";
import { RawWebSocket } from "testing/raw_websocket.ts";
import { name, systemOfThisFile, testInEachFormat, type TestSystem } from "testing/system.ts";
import { signToken } from "testing/token.ts";
import { waitUntil } from "../services/wait_until.ts";

const CATCH_UPS = 4, USER_CONNECTIONS = 20;
const running = systemOfThisFile({
  edges: 1,
  edgeEnv: {
    CATCH_UPS_AT_ONCE: `${CATCH_UPS}`,
    MAX_USER_CONNECTIONS: `${USER_CONNECTIONS}`,
    COMMAND_RATE_PER_S: "50",
    SEND_RATE_PER_S: "10",
  },
});

/** The codes that calls were refused with, 0 for those that were not. */
async function codesOf(calls: Promise<unknown>[]): Promise<number[]> {
  const settled = await Promise.allSettled(calls);
  return settled.map((one) => one.status === "fulfilled" ? 0 : one.reason.code);
}

const count = (codes: number[], code: number) => codes.filter((one) => one === code).length;

async function metric(test: TestSystem, what: string): Promise<number> {
  const [edge] = test.system.state.edges;
  const text = await (await fetch(`${edge!.internal}/metrics`)).text();
  const line = text.split("\n").find((line) => line.startsWith(`fanfare_edge_${what} `));
  return Number(line?.split(" ").at(-1));
}

testInEachFormat(
  "who sends too much is answered with 111, may still read, and hurts nobody",
  async (format) => {
    const test = await running(format);
    await using ana = await test.device(name("ana"));
    await using bob = await test.device(name("bob"));
    const sends = Array.from({ length: 60 }, (_, i) => ana.send(bob.user, `m${i}`));
    const codes = await codesOf(sends);
    // A burst of 40, and one more for each tenth of a second.
    assert.ok(count(codes, 0) >= 40 && count(codes, 111) > 0, codes.join());
    assert.equal(count(codes, 0) + count(codes, 111), 60);
    await ana.rpc("conversations", {});
    const { gsid } = await bob.send(ana.user, "m1");
    await ana.waitForGsid(gsid);
    // What was refused was not sent, and may be sent again.
    const again = codes.indexOf(111);
    const { duplicate } = await retried(() => ana.send(bob.user, `m${again}`));
    assert.equal(duplicate, undefined);
  },
);

testInEachFormat(
  "a flood of commands is answered with 111, and the neighbours' at once",
  async (format) => {
    const test = await running(format);
    await using ana = await test.device(name("ana"));
    await using bob = await test.device(name("bob"));
    const calls = Array.from({ length: 400 }, () => ana.rpc("no.such.method", {}));
    const asked = bob.send(ana.user, "m1");
    const codes = await codesOf(calls);
    assert.ok(count(codes, 111) > 150, `${count(codes, 111)} of 400 were refused`);
    assert.equal(count(codes, 104) + count(codes, 111), 400);
    await ana.waitForGsid((await asked).gsid);
  },
);

Deno.test("clients that come back all at once read a few at a time; a user's flood is its own", async () => {
  const test = await running();
  await using bob = await test.device(name("bob"));
  const flooder = name("flooder");
  await using sql = test.sql();
  const users = [
    ...Array(USER_CONNECTIONS + 5).fill(flooder),
    ...Array.from({ length: 10 }, () => name("guest")),
  ];
  const sockets = await Promise.all(users.map(() => openSocket(test)));
  const connects = await Promise.all(users.map((user) => connectOf(test, user)));
  await sql.begin(async (transaction) => {
    // Whoever connects wants to know of which groups.
    await transaction`lock table members in access exclusive mode`;
    await Promise.all(sockets.map((socket, i) => socket.send(connects[i]!)));
    await until(test, `bounded_size{what="catch_ups_running",kind="work",unit="items"}`, CATCH_UPS);
    await until(test, `bounded_size{what="catch_ups_waiting",kind="queue",unit="items"}`, 10);
    const running = await metric(
      test,
      `bounded_size{what="catch_ups_running",kind="work",unit="items"}`,
    );
    assert.equal(running, CATCH_UPS);
    // Nobody who is connected notices.
    await bob.rpc("no.such.method", {}).catch(({ code }) => assert.equal(code, 104));
  });
  const ends = await Promise.all(sockets.map(async (socket) => {
    const frame = await socket.read();
    return frame?.opcode === 8 ? (frame.payload[0]! << 8) + frame.payload[1]! : "answered";
  }));
  assert.equal(ends.filter((end) => end === 3504).length, 5);
  assert.equal(ends.filter((end) => end === "answered").length, USER_CONNECTIONS + 10);
  for (const socket of sockets) socket[Symbol.dispose]();
});

Deno.test("devices that were told to come back do, and have missed nothing", async () => {
  const test = await running();
  await using ana = await test.device(name("ana"));
  const crowd = await Promise.all(Array.from({ length: 15 }, () => test.device(name("crowd"))));
  await Promise.all(crowd.map((device) => device.disconnect()));
  const sent = new Map<Device, number>();
  for (const device of crowd) {
    sent.set(device, (await retried(() => ana.send(device.user, device.user))).gsid);
  }
  await using sql = test.sql();
  const refused = `catch_ups_refused_total{why="late"}`;
  const before = await metric(test, refused) || 0;
  await sql.begin(async (transaction) => {
    await transaction`lock table members in access exclusive mode`;
    for (const device of crowd) device.centrifuge.connect();
    await waitUntil(async () => await metric(test, refused) > before || undefined, {
      what: "some to be told to come back",
      withinMs: 10_000,
    });
  });
  for (const [device, gsid] of sent) await device.waitForGsid(gsid, 30_000);
  await Promise.all(crowd.map((device) => device.disconnect()));
});

async function openSocket(test: TestSystem): Promise<RawWebSocket> {
  const { socket } = await RawWebSocket.open(Number(new URL(test.system.state.edges[0]!.url).port));
  return socket;
}

async function connectOf(test: TestSystem, user: string): Promise<string> {
  const token = await signToken(user, test.system.state.token_secret, 3600);
  return JSON.stringify({ id: 1, connect: { token } });
}

function until(test: TestSystem, what: string, least: number): Promise<true> {
  return waitUntil(async () => await metric(test, what) >= least || undefined, {
    what: `${what} to be ${least}`,
    withinMs: 10_000,
  });
}

/** As an app does that is told to wait. */
async function retried<T>(attempt: () => Promise<T>): Promise<T> {
  return await waitUntil(
    () =>
      attempt().catch((error) => {
        if (error.code !== 111) throw error;
        return undefined;
      }),
    { what: "an answer", withinMs: 10_000, everyMs: 50 },
  );
}
