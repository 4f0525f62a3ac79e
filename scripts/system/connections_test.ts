import assert from "node:assert/strict";
import type { Device } from "testing/client.ts";
import { signToken } from "testing/token.ts";
import { name, systemOfThisFile } from "testing/system.ts";

const running = systemOfThisFile();

Deno.test("a device that connects to another edge ends its older connection, for good", async () => {
  const test = await running();
  const a = name("ana");
  await using older = await test.device(a, { edge: 0, device: "phone" });
  await using tablet = await test.device(a, { edge: 0, device: "tablet" });
  await using newer = await test.device(a, { edge: 1, device: "phone" });
  assert.equal((await ended(older)).code, 3503);
  await using bob = await test.device(name("bob"));
  const { gsid } = await bob.send(a, "m1");
  await Promise.all([newer, tablet].map((device) => device.waitForGsid(gsid)));
  assert.equal(older.centrifuge.state, "disconnected");
  assert.deepEqual(older.received, []);
});

Deno.test("the server API ends the connections of one device, or of all", async () => {
  const test = await running();
  const a = name("ana");
  await using phone = await test.device(a, { edge: 0, device: "phone" });
  await using tablet = await test.device(a, { edge: 1, device: "tablet" });
  await test.api("disconnect", { user: a, device: "phone" });
  assert.equal((await ended(phone)).code, 3503);
  assert.equal(tablet.centrifuge.state, "connected");
  await test.api("disconnect", { user: a });
  assert.equal((await ended(tablet)).code, 3503);
});

Deno.test("a token that runs out is renewed by the SDK, and the connection goes on", async () => {
  const test = await running();
  await using ana = await test.device(name("ana"), { edge: 0, tokenTtlS: 2 });
  await using bob = await test.device(name("bob"), { edge: 1 });
  const client = ana.subscriptions.length;
  const signed = ana.tokensSigned;
  await ana.until(() => ana.tokensSigned > signed || undefined, "another token to be asked for");
  const { gsid } = await bob.send(ana.user, "m1");
  await ana.waitForGsid(gsid);
  assert.equal(ana.subscriptions.length, client);
});

Deno.test("a token that nobody here signed is final; for an expired one the SDK gets another", async () => {
  const test = await running();
  const options = { ...test.deviceOptions(), tokenSecret: "o".repeat(40) };
  await using eve = test.unconnected(name("eve"), options);
  eve.centrifuge.connect();
  assert.equal((await ended(eve)).code, 101);
  const expired = await signToken("eve", test.system.state.token_secret, -3600);
  await using late = test.unconnected("eve", { ...test.deviceOptions(), token: expired });
  await late.connect();
  assert.equal(late.tokensSigned, 1);
});

async function ended(device: Device): Promise<{ code: number; reason: string }> {
  await device.until(
    () => device.centrifuge.state === "disconnected" || undefined,
    `${device.user} to be disconnected`,
  );
  return device.closes.at(-1)!;
}
