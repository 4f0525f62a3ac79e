import assert from "node:assert/strict";
import { join } from "node:path";
import { signalProcess } from "../../../services/process.ts";
import { waitUntil } from "../../../services/wait_until.ts";
import type { ReleaseRecord } from "../../record.ts";
import type { Judge } from "../../target.ts";
import { HostClient } from "./host_client.ts";
import { localTarget, READY_MS } from "./testing/local_target.ts";
import { testRelease } from "./testing/releases.ts";

const CONTENT: Judge = () => Promise.resolve();

function recordOf(id: string): ReleaseRecord {
  return { id, at: "2026-11-30T12:00:00.000Z", outcome: "done" } as ReleaseRecord;
}

Deno.test("a roll starts each new replica beside the old one, and takes it in when it was judged", async () => {
  await using local = await localTarget();
  const target = local.open();
  const [one, two] = [testRelease(1), testRelease(2)];
  await target.stage(one);
  await target.roll("edge", one.id, CONTENT);
  assert.equal(await local.answer(), one.id);

  await target.stage(two);
  const seen: [string, number][] = [];
  await target.roll("edge", two.id, async ({ id }, edge) => {
    // Whoever is judged is reached by itself, and has no users.
    const response = await fetch(edge!.socket.replace("ws:", "http:"));
    assert.equal(await response.text(), two.id);
    const inService = (await local.edges()).filter((edge) => edge.inService);
    seen.push([id, inService.length]);
  });
  assert.deepEqual(seen, [["edge-0", 2], ["edge-1", 2]]);
  assert.deepEqual((await local.edges()).map(({ release }) => release), [two.id, two.id]);
  assert.equal(await local.answer(), two.id);
  const { current, replicas } = await target.inspect();
  assert.deepEqual([current.edge, replicas.length], [two.id, 2]);

  const pids = (await local.edges()).map(({ pid }) => pid);
  await target.roll("edge", two.id, CONTENT);
  assert.deepEqual((await local.edges()).map(({ pid }) => pid), pids, "nothing is left to do");
  await local.open({ edge: 1 }).roll("edge", two.id, CONTENT);
  assert.deepEqual((await local.edges()).map(({ slot }) => slot), ["edge-0"]);
});

Deno.test("clients find a release where the one before was, unless it says otherwise", async () => {
  await using local = await localTarget();
  const target = local.open({ edge: 1 });
  const [one, two] = [testRelease(1), testRelease(2)];
  const { PORT: _port, HOST: _host, ...unsaid } = two.environments.edge;
  await target.stage(one);
  await target.stage({ ...two, environments: { ...two.environments, edge: unsaid } });
  await target.roll("edge", one.id, CONTENT);
  const { listen } = await local.state();
  await target.roll("edge", two.id, CONTENT);
  assert.deepEqual((await local.state()).listen, listen);
  assert.equal(await local.answer(), two.id);
});

Deno.test("each edge is told what is its own, and one that a release was not made for ends when that comes back", async () => {
  await using local = await localTarget();
  const [two, three] = [testRelease(1), testRelease(2)];
  const own = (ids: string[]) =>
    Object.fromEntries(ids.map((id) => [id, { RELEASE_OF_TEST: `the one of ${id}` }]));
  const withOwn = ({ environments, ...rest }: typeof two, ids: string[]) => ({
    ...rest,
    environments: { ...environments, own: own(ids) },
  });
  const target = local.open({ edge: 3 });
  await target.stage(withOwn(two, ["edge-0", "edge-1"]));
  await target.stage(withOwn(three, ["edge-0", "edge-1", "edge-2"]));
  const heard: string[] = [];
  await target.roll("edge", three.id, async (_, edge) => {
    heard.push(await (await fetch(edge!.socket.replace("ws:", "http:"))).text());
  });
  assert.deepEqual(heard, ["the one of edge-0", "the one of edge-1", "the one of edge-2"]);
  assert.deepEqual(
    local.open({ edge: 4 }).replicas("edge", await target.inspect()),
    ["edge-0", "edge-1", "edge-2", "edge-3"],
  );
  await target.roll("edge", two.id, CONTENT);
  assert.deepEqual((await local.edges()).map(({ slot }) => slot), ["edge-0", "edge-1"]);
});

Deno.test("a replica that ends or is not trusted never has users, and is gone", async () => {
  await using local = await localTarget();
  const target = local.open();
  const [good, broken, other] = [testRelease(1), testRelease(2, { broken: true }), testRelease(3)];
  for (const release of [good, broken, other]) await target.stage(release);
  await target.roll("edge", good.id, CONTENT);
  const before = await local.edges();
  await assert.rejects(
    target.roll("edge", broken.id, CONTENT),
    /Cannot start edge-0: it ended with code 1\n[^]*This release is broken/,
  );
  await assert.rejects(
    target.roll("edge", other.id, () => Promise.reject(new Error("It lies"))),
    /It lies/,
  );
  assert.deepEqual(
    (await local.edges()).map(({ pid, inService }) => [pid, inService]),
    before.map(({ pid }) => [pid, true]),
  );
});

Deno.test("a replica starts from what was staged, and fetches nothing", async () => {
  await using local = await localTarget();
  const target = local.open();
  const release = testRelease(1, { imports: "https://jsr.io/@fanfare/none/1.0.0/mod.ts" });
  await target.stage(release);
  await assert.rejects(
    target.roll("edge", release.id, CONTENT),
    /Cannot start edge-0: it ended with code 1\n[^]*--cached-only is specified/,
  );
});

Deno.test("a replica that ends is started again, which the host tells, and one that drains is passed over", async () => {
  await using local = await localTarget();
  const target = local.open();
  const release = testRelease(1);
  await target.stage(release);
  await target.roll("edge", release.id, CONTENT);
  const [first, second] = await local.edges();
  await (await fetch(`http://127.0.0.1:${second!.internalPort}/drain`, { method: "POST" })).text();
  signalProcess(first!.pid, "SIGKILL");
  const [again] = await waitUntil(async () => {
    const [one, other] = await local.edges();
    return one!.pid !== first!.pid && one!.isReady && !other!.isReady ? [one!] : undefined;
  }, {
    what: "one to be back, and the other to be seen to drain",
    withinMs: READY_MS,
    everyMs: 50,
  });
  assert.equal(again!.port, first!.port);
  assert.match(
    await Deno.readTextFile(join(local.folder, "host.log")),
    /A replica ended, and is started again.*"slot":"edge-0"/,
  );
  assert.equal(await local.answer(), release.id);
});

Deno.test("operators have one address for a program, whatever of it runs, and Prometheus one for each", async () => {
  await using local = await localTarget();
  const target = local.open();
  const [one, two] = [testRelease(1), testRelease(2)];
  const ask = async (): Promise<string> => {
    const { hostname, port } = (await local.state()).internal!.edge!;
    const url = `http://${hostname}:${port}/ready`;
    return (await (await fetch(url, { headers: { connection: "close" } })).json()).release;
  };
  const scraped = async () => {
    const text = await Deno.readTextFile(join(local.folder, "scrape.json"));
    return JSON.parse(text).map(({ targets: [first] }: { targets: string[] }) => first);
  };
  for (const release of [one, two]) {
    await target.stage(release);
    await target.roll("edge", release.id, CONTENT);
    assert.equal(await ask(), release.id);
    const edges = await local.edges();
    assert.deepEqual(await scraped(), edges.map(({ internalPort }) => `127.0.0.1:${internalPort}`));
  }
  for (const { internalPort } of await local.edges()) {
    await (await fetch(`http://127.0.0.1:${internalPort}/drain`, { method: "POST" })).text();
  }
  await waitUntil(async () => (await local.edges()).every(({ isReady }) => !isReady) || undefined, {
    ...{ what: "all to drain", withinMs: READY_MS, everyMs: 50 },
  });
  assert.equal(await ask(), two.id, "one that is not ready still tells why");
});

Deno.test("whoever takes the operators' address keeps nobody from rolling", async () => {
  await using local = await localTarget();
  const target = local.open({ edge: 1 });
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr as Deno.NetAddr;
  const { environments, ...release } = testRelease(1);
  const edge = { ...environments.edge, INTERNAL_PORT: `${port}` };
  await target.stage({ ...release, environments: { ...environments, edge } });
  await target.roll("edge", release.id, CONTENT);
  assert.equal(await local.answer(), release.id);
  assert.match(local.told[0]!, /^operators have no address for the edges: Cannot listen on 127/);
});

Deno.test("a host that was killed comes back with what it ran, at the address that clients know", async () => {
  await using local = await localTarget();
  const target = local.open();
  const release = testRelease(1);
  await target.stage(release);
  await target.roll("origin", release.id, CONTENT);
  await target.roll("edge", release.id, CONTENT);
  const before = await local.state();
  signalProcess(before.pid, "SIGKILL");
  await waitUntil(() => signalProcess(before.pid, "SIGCONT") ? undefined : true, {
    what: "the host to be gone",
    withinMs: READY_MS,
  });
  assert.equal((await target.inspect()).current.edge, release.id, "it is known what should run");
  await using _deploying = await target.lock();
  await waitUntil(async () => {
    const { replicas } = await local.state();
    return replicas.length === 3 && replicas.every(({ isReady }) => isReady) || undefined;
  }, { what: "everything to be back", withinMs: READY_MS, everyMs: 50 });
  const { listen, internal } = await local.state();
  assert.deepEqual([listen, internal], [before.listen, before.internal]);
  assert.equal(await local.answer(), release.id);
});

Deno.test("stop() ends a program, and with the last one the host; nothing is left to come back", async () => {
  await using local = await localTarget();
  const target = local.open();
  const release = testRelease(1);
  await target.stage(release);
  await target.roll("origin", release.id, CONTENT);
  await target.roll("edge", release.id, CONTENT);
  await target.stop("edge");
  assert.deepEqual((await local.state()).replicas.map(({ slot }) => slot), ["origin-0"]);
  await target.stop("origin");
  assert.equal(await HostClient.find(local.folder), undefined);
  assert.deepEqual((await target.inspect()).replicas, []);
});

Deno.test("a folder is deployed to by one at a time, and its secrets are its owner's", async () => {
  await using local = await localTarget();
  const target = local.open();
  const release = testRelease(1);
  {
    await using _lock = await target.lock();
    await assert.rejects(local.open().lock(), /another deployment is under way \(pid \d+\)/);
    await target.stage(release);
    await target.record(recordOf(release.id));
  }
  await using _again = await target.lock();
  const place = join(local.folder, "releases", release.id);
  for (const path of [local.folder, join(place, "settings.json")]) {
    assert.equal((await Deno.stat(path)).mode! & 0o077, 0, path);
  }
  assert.deepEqual((await target.settingsOf(release.id)).edge.RELEASE_OF_TEST, release.id);
  assert.deepEqual((await target.inspect()).records, [recordOf(release.id)]);
  await target.remove(release.id);
  assert.deepEqual((await target.inspect()).records, []);
});

Deno.test("a release is there as a whole or not at all; what a killed deployment has left goes with the next", async () => {
  await using local = await localTarget();
  const target = local.open({ edge: 1 });
  const there = () =>
    [...Deno.readDirSync(join(local.folder, "releases"))].map(({ name }) => name).toSorted();
  const [half, unwritten, running, kept] = [1, 2, 3, 4].map((n) => testRelease(n));
  const unpack = async (folder: string) => {
    await half!.unpack(folder);
    throw new Error("Killed");
  };
  await assert.rejects(target.stage({ ...half!, unpack }), /Killed/);
  assert.deepEqual(there(), [`.${half!.id}.partial`]);
  for (const release of [unwritten!, running!, kept!]) await target.stage(release);
  await target.roll("edge", running!.id, CONTENT);
  await target.record(recordOf(kept!.id));
  assert.deepEqual((await target.inspect()).records, [recordOf(kept!.id)]);
  await using _next = await target.lock();
  assert.deepEqual(there(), [running!.id, kept!.id]);
  await target.stage(half!);
  assert.deepEqual((await target.settingsOf(half!.id)).edge.RELEASE_OF_TEST, half!.id);
});
