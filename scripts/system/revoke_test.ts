/**
 * Tokens that are good no more: refused by every edge, and what they let in is ended, whatever is
 * lost on the way. Whoever else there is notices nothing.
 */
import assert from "node:assert/strict";
import type { Device } from "testing/client.ts";
import { signToken } from "testing/token.ts";
import { name, systemOfThisFile, TestSystem } from "testing/system.ts";
import { startSystem } from "../dev/system.ts";
import { Links } from "../faults/links.ts";
import { pause } from "../services/wait_until.ts";

const HOUR_S = 3_600;
/** A digest comes every 2 s. */
const DIGEST_MS = 8_000;
/** A cut that an edge notices by itself takes three pings of 2 s. */
const HEALED_MS = 30_000;

const running = systemOfThisFile({ origins: 2 });

async function scene(own?: TestSystem) {
  const test = own ?? await running();
  const { token_secret: secret } = test.system.state;
  return {
    test,
    /** Issued in the hour before, unless it is said when; `null`: it does not say it. */
    tokenOf: (user: string, issuedS?: number | null) => signToken(user, secret, HOUR_S, issuedS),
    /** What becomes of a device that comes to an edge with this token, and with no other. */
    async closeAt(edge: number, user: string, token: string, device?: string): Promise<number> {
      const options = { edge, token, ...(device !== undefined && { device }) };
      await using late = test.unconnected(user, test.deviceOptions(options));
      late.centrifuge.connect();
      return await closeOf(late);
    },
  };
}

Deno.test("a token that is revoked ends its connections at once, and no edge takes it; a later one is taken", async () => {
  const on = await scene();
  const { test, tokenOf } = on;
  const a = name("ana"), stolen = await tokenOf(a);
  await using thief = await test.device(a, { edge: 0, token: stolen, device: "thief" });
  await using phone = await test.device(a, { edge: 1, token: stolen, device: "phone" });
  await using bob = await test.device(name("bob"), { edge: 1 });
  const { before } = await test.api("revoke", { user: a });
  assert.deepEqual(await Promise.all([thief, phone].map((one) => closeOf(one))), [
    3503,
    3503,
  ]);
  const without = await tokenOf(a, null);
  for (const edge of [0, 1]) {
    assert.equal(await on.closeAt(edge, a, stolen), 3500);
    assert.equal(await on.closeAt(edge, a, await tokenOf(a, before - 0.001)), 3500);
    assert.equal(await on.closeAt(edge, a, without), 3500, "without iat");
    const token = await tokenOf(a, before);
    await using later = await test.device(a, { edge, token, device: `later ${edge}` });
    const { gsid } = await bob.send(a, `m${edge}`);
    await later.waitForGsid(gsid);
  }
  assert.equal(bob.subscriptions.length, 1);
});

Deno.test("a refresh by a token that is revoked ends the connection; by a later one it goes on", async () => {
  const on = await scene();
  const a = name("ana");
  const { before } = await on.test.api("revoke", { user: a });
  const good = await on.tokenOf(a, before), bad = await on.tokenOf(a, before - 1);
  const socket = await plainSocket(on.test.system.state.edges[0]!.ws);
  socket.say({ id: 1, connect: { token: good } });
  assert.ok((await socket.answer(1)).connect);
  socket.say({ id: 2, refresh: { token: await on.tokenOf(a, before + 1) } });
  assert.ok((await socket.answer(2)).refresh);
  socket.say({ id: 3, refresh: { token: bad } });
  assert.equal(await socket.closed, 3500);
});

Deno.test("what is revoked of a device concerns no other", async () => {
  const on = await scene();
  const { test } = on;
  const a = name("ana"), token = await on.tokenOf(a);
  await using phone = await test.device(a, { edge: 0, token, device: "phone" });
  await using tablet = await test.device(a, { edge: 1, token, device: "tablet" });
  await test.api("revoke", { user: a, device: "phone" });
  assert.equal(await closeOf(phone), 3503);
  assert.equal(await on.closeAt(1, a, token, "phone"), 3500);
  await using laptop = await test.device(a, { edge: 0, token, device: "laptop" });
  await using bob = await test.device(name("bob"));
  const { gsid } = await bob.send(a, "m1");
  for (const device of [tablet, laptop]) await device.waitForGsid(gsid);
  assert.equal(tablet.subscriptions.length, 1);
});

Deno.test("what is revoked is learned from the digest, though the origin that stored it told nobody", async () => {
  const on = await scene();
  const { test } = on;
  const a = name("ana");
  await using phone = await test.device(a, { edge: 0, device: "phone" });
  await using bob = await test.device(name("bob"), { edge: 0 });
  await using sql = test.sql();
  await sql`select revoke_tokens(${a}, '', null)`;
  assert.equal(await closeOf(phone, DIGEST_MS), 3503);
  assert.equal(bob.centrifuge.state, "connected");
});

Deno.test("what is revoked while an edge is cut off ends its connections when it is back", async () => {
  await using links = new Links(({ from, to }) => from === "edge-1" && to === "nats");
  await using system = await startSystem({ origins: 2, through: links.through });
  const on = await scene(new TestSystem(system));
  const { test } = on;
  const link = links.of("edge-1", "nats");
  const a = name("ana"), stolen = await on.tokenOf(a);
  await using thief = await test.device(a, { edge: 1, token: stolen, device: "thief" });
  await using bob = await test.device(name("bob"), { edge: 1 });
  await link.refuse();
  link.cut();
  const { before } = await test.api("revoke", { user: a });
  // Whatever was told is lost by now, and so are the digests.
  await pause(5_000);
  assert.equal(thief.centrifuge.state, "connected");
  assert.equal(await on.closeAt(0, a, stolen), 3500);
  link.resume();
  assert.equal(await closeOf(thief, HEALED_MS), 3503);
  await using later = await test.device(a, { edge: 1, token: await on.tokenOf(a, before) });
  assert.equal(later.subscriptions.length, 1);
  assert.equal(bob.subscriptions.length, 1, "the others stay");
});

/** A connection without the SDK, which says only what it is told. */
async function plainSocket(url: string) {
  const socket = new WebSocket(url);
  const opened = Promise.withResolvers<void>(), closed = Promise.withResolvers<number>();
  // deno-lint-ignore no-explicit-any -- what a reply holds depends on its command
  const replies: any[] = [];
  let heard = Promise.withResolvers<void>();
  socket.onopen = () => opened.resolve();
  socket.onclose = ({ code }) => closed.resolve(code);
  socket.onmessage = ({ data }) => {
    replies.push(...String(data).split("\n").filter(Boolean).map((text) => JSON.parse(text)));
    heard.resolve();
    heard = Promise.withResolvers();
  };
  await opened.promise;
  return {
    say: (command: object) => socket.send(JSON.stringify(command)),
    async answer(id: number) {
      for (;;) {
        const found = replies.find((reply) => reply.id === id);
        if (found) return found;
        await heard.promise;
      }
    },
    closed: closed.promise,
  };
}

async function closeOf(device: Device, deadlineMs?: number): Promise<number> {
  await device.until(
    () => device.centrifuge.state === "disconnected" || undefined,
    `${device.user} to be disconnected`,
    deadlineMs,
  );
  return device.closes.at(-1)!.code;
}
