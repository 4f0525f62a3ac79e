import assert from "node:assert/strict";
import { name, TestSystem } from "testing/system.ts";
import { startSystem } from "../dev/system.ts";
import { waitUntil } from "../services/wait_until.ts";
import { Links } from "./links.ts";

async function linkedSystem() {
  await using stack = new AsyncDisposableStack();
  const links = stack.use(new Links());
  const system = stack.use(await startSystem({ origins: 2, through: links.through }));
  const owned = stack.move();
  return {
    links,
    test: new TestSystem(system),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

Deno.test("a system whose every link has a proxy works, and each link is one program's own", async () => {
  await using linked = await linkedSystem();
  const { links, test } = linked;
  await using ana = await test.device(name("ana"), { edge: 0 });
  const b = name("bob");
  await using bob = await test.device(b, { edge: 1 });
  await bob.rpc("device.register", { platform: "fcm", token: `fcm-${b}` });
  const { gsid } = await ana.send(b, "hello");
  await bob.waitForGsid(gsid);
  for (const origin of ["origin-0", "origin-1"]) {
    assert.ok(links.postgresOf(origin).connections.length > 0, `${origin} → postgres`);
    assert.ok(links.of(origin, "nats").connections.length > 0, `${origin} → nats`);
  }
  for (const edge of ["edge-0", "edge-1"]) {
    for (const [from, to] of [[edge, "nats"], [edge, "redis"], ["clients", edge]] as const) {
      assert.ok(links.of(from, to).connections.length > 0, `${from} → ${to}`);
    }
    assert.throws(() => links.of(edge, "postgres"), RangeError);
  }

  await bob.disconnect();
  await test.untilOffline(b);
  const { gsid: missed } = await ana.send(b, "are you there?");
  await waitUntil(async () => {
    const pushes = await test.pushesOf(b);
    return pushes.some((push) => push.gsid === missed) || undefined;
  }, { what: "the push", withinMs: 10_000, everyMs: 50 });
  const used = ["origin-0", "origin-1"].map((id) => links.of(id, "fcm").connections.length);
  assert.ok(used.some((count) => count > 0), "the push went by a link");

  links.of("clients", "edge-0").cut();
  await ana.until(() => ana.closes.length > 0 || undefined, "ana to lose her connection");
  await ana.until(() => ana.subscriptions.length > 1 || undefined, "ana to be back");
  assert.equal(ana.subscriptions[1]!.recovered, true);
});
