/**
 * This release beside the one before it, in every combination that a roll and a roll back pass
 * through: old edges with new origins, new edges with old ones, and one of each.
 */
import assert from "node:assert/strict";
import { assertNoCursorSkips } from "testing/cursors.ts";
import type { Device } from "testing/client.ts";
import { type PreviousRelease, previousRelease } from "testing/previous_release.ts";
import type { Format } from "testing/sdk.ts";
import { name, TestSystem } from "testing/system.ts";
import { signToken } from "testing/token.ts";
import type { Build } from "../dev/program.ts";
import { startSystem } from "../dev/system.ts";
import { waitUntil } from "../services/wait_until.ts";

const IDS = ["origin-0", "origin-1", "edge-0", "edge-1"] as const;
const DIGEST_MS = 8_000;

Deno.test("a release and the one before it understand each other, rolled and rolled back, whatever the fast paths do", async () => {
  await using previous = await previousRelease();
  // Of what one of the two origins commits nothing is published: that comes by digests and reads.
  const programEnv = { "origin-1": { FAST_PATHS: "push" } };
  const builds: Record<string, Build> = Object.fromEntries(IDS.map((id) => [id, previous]));
  await using system = await startSystem({
    edges: 2,
    origins: 2,
    edgeEnv: { DRAIN_MS: "200" },
    builds,
    programEnv,
  });
  const test = new TestSystem(system);
  await using stayer = await test.device(name("stayer"), { edge: 0, roam: true });
  const sent: number[] = [];
  const look = async (format: Format) => {
    await everythingWorks(test, format);
    await using friend = await test.device(name("friend"), { edge: 1, format });
    sent.push((await friend.send(stayer.user, `m${sent.length}`)).gsid);
  };
  const replace = async (id: string, release?: PreviousRelease) => {
    if (release) builds[id] = release;
    else delete builds[id];
    const { code } = await system.terminate(id);
    assert.equal(code, 0, `${id} ends in good order`);
    await system.restart(id);
  };

  await replace("origin-0");
  await replace("origin-1");
  await look("json"); // Old edges, new origins.
  await using revoked = await revokedOnOldEdge(test);
  await replace("edge-0");
  await revoked.until(() => revoked.subscriptions[0], "an edge to take the later token");
  await revoked.disconnect();
  await look("protobuf"); // One edge of each.
  await replace("edge-1");
  await replace("origin-1", previous);
  await look("json"); // New edges, one origin of each.
  await replace("origin-0", previous);
  await look("protobuf"); // New edges, old origins.
  await replace("edge-0", previous);

  for (const gsid of sent) await stayer.waitForGsid(gsid, DIGEST_MS);
  assert.deepEqual(stayer.events.map(({ gsid }) => gsid), sent);
  assert.ok(stayer.subscriptions.slice(1).every(({ recovered }) => recovered));
  assert.deepEqual(new Set(stayer.closes.map(({ code }) => code)), new Set([0, 3001]));
});

/** Each thing that edges and origins say to each other is said, and understood. */
async function everythingWorks(test: TestSystem, format: Format): Promise<void> {
  const group = name("team"), b = name("bob");
  await using ana = await test.device(name("ana"), { edge: 0, format });
  await using bob = await test.device(b, { edge: 1, format, device: "phone" });
  const gsids: number[] = [];
  const note = async (answer: Promise<{ gsid: number }>) => void gsids.push((await answer).gsid);
  await note(ana.rpc("group.create", { group, members: [b] }));
  for (let i = 0; i < 4; i++) await note(ana.send(i % 2 ? { group } : b, `m${i}`));
  for (const gsid of gsids) await bob.waitForGsid(gsid, DIGEST_MS);
  await bob.disconnect();
  for (let i = 0; i < 4; i++) await note(ana.send(i % 2 ? { group } : b, `while away ${i}`));
  await bob.connect();
  await bob.waitForGsid(gsids.at(-1)!, DIGEST_MS);
  await note(ana.rpc("group.remove", { group, members: [b] }));
  await ana.send({ group }, "not for bob");
  await note(ana.send(b, "last"));
  for (const gsid of gsids) await bob.waitForGsid(gsid, DIGEST_MS);
  assert.deepEqual(bob.events.map(({ gsid }) => gsid), gsids);
  assert.ok(bob.subscriptions.at(-1)!.recovered);
  assertNoCursorSkips(bob, gsids);
  await whoIsAwayIsPushed(test, ana);
}

/** An old edge cannot tell which tokens are good: it lets in by none, and the client comes back. */
async function revokedOnOldEdge(test: TestSystem): Promise<Device> {
  const user = name("rosa");
  const { before } = await test.api("revoke", { user });
  const token = await signToken(user, test.system.state.token_secret, 3_600, before);
  const device = test.unconnected(user, test.deviceOptions({ edge: 0, token }));
  const codes: number[] = [];
  device.centrifuge.on("error", ({ error }) => void codes.push(error.code));
  device.centrifuge.connect();
  await device.until(() => codes.length > 2 || undefined, "the old edge to refuse a few times");
  assert.deepEqual(new Set(codes), new Set([100]));
  assert.equal(device.centrifuge.state, "connecting");
  return device;
}

async function whoIsAwayIsPushed(test: TestSystem, ana: { send: Sender }): Promise<void> {
  const cleo = name("cleo");
  await using phone = await test.device(cleo, { device: "phone" });
  await phone.rpc("device.register", { platform: "fcm", token: name("token"), app: "chat" });
  await phone.disconnect();
  await test.untilOffline(cleo);
  const { gsid } = await ana.send(cleo, "wake up");
  await waitUntil(async () => {
    const pushes = await test.pushesOf(cleo);
    return pushes.some((push) => push.gsid === gsid && push.status === 200) || undefined;
  }, { what: `${cleo} to be pushed`, withinMs: 30_000, everyMs: 50 });
}

type Sender = (to: string, text: string) => Promise<{ gsid: number }>;
