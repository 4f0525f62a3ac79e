/** Presence may be wrong for ever: everything still arrives, by the digest or by the late check. */
import assert from "node:assert/strict";
import { lyingPresence } from "testing/lying_presence.ts";
import { testRedis } from "testing/redis.ts";
import { name, TestSystem } from "testing/system.ts";
import { startSystem } from "../dev/system.ts";
import { waitUntil } from "../services/wait_until.ts";

const DIGEST_MS = 5_000;
const LATE_CHECK_MS = 20_000;

async function systemTold(says: "online" | "offline") {
  await using stack = new AsyncDisposableStack();
  const store = stack.use(testRedis());
  const liar = stack.use(lyingPresence(store.url, says));
  const system = stack.use(
    await startSystem({
      environment: { UPSTASH_REDIS_REST_URL: store.url, UPSTASH_REDIS_REST_TOKEN: store.token },
      originEnv: { UPSTASH_REDIS_REST_URL: liar.url },
    }),
  );
  const owned = stack.move();
  return { test: new TestSystem(system), [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

Deno.test("with everybody said to be offline, who is online hears of all by the digest, once", async () => {
  await using told = await systemTold("offline");
  const { test } = told;
  await using ana = await test.device(name("ana"), { edge: 0 });
  await using bob = await test.device(name("bob"), { edge: 1 });
  await using watch = await test.watch("chat.user-inbox.>");
  const group = name("team");
  const { gsid: created } = await ana.rpc("group.create", { group, members: [bob.user] });
  const { gsid: direct } = await ana.send(bob.user, "to you");
  const { gsid: shared } = await ana.send({ group }, "to all");
  for (const gsid of [created, direct, shared]) await bob.waitForGsid(gsid, DIGEST_MS);
  assert.deepEqual(bob.events.map(({ gsid }) => gsid).sort(), [created, direct, shared]);
  await watch.settle();
  assert.deepEqual(watch.messages, [], "nothing was published to whoever is said to be offline");
});

Deno.test("with everybody said to be online, who is offline is pushed by the late check, once", async () => {
  await using told = await systemTold("online");
  const { test } = told;
  const b = name("bob");
  await using bob = await test.device(b, { edge: 1, device: "phone" });
  await bob.rpc("device.register", { platform: "fcm", token: `fcm-${b}`, app: "chat" });
  // Killed, so that no edge reports that a connection ended.
  await test.system.kill("edge-1");
  await using ana = await test.device(name("ana"), { edge: 0 });
  const { gsid } = await ana.send(b, "where are you?");
  const pushes = await waitUntil(async () => {
    const all = await test.pushesOf(b);
    return all.length > 0 ? all : undefined;
  }, { what: "the push", withinMs: LATE_CHECK_MS, everyMs: 100 });
  assert.deepEqual(pushes.map((push) => Number(push.gsid)), [gsid]);
});
