import assert from "node:assert/strict";
import type { ReleaseRecord } from "../../record.ts";
import type { Release } from "../../release.ts";
import type { Judge } from "../../target.ts";
import { testRelease } from "../testing/releases.ts";
import { CANARY, ENVIRONMENTS } from "./testing/asked.ts";
import { TestCluster } from "./testing/cluster.ts";
import { type KubernetesOptions, KubernetesTarget } from "./target.ts";

const KINDS = ["origin", "edge"] as const;
const SECRETS = {
  "fanfare-migrate": ["DATABASE_OWNER_URL"],
  "fanfare-edge": ["ADMIN_KEY", "NATS_PASSWORD", "NATS_URL", "TOKEN_SECRET"]
    .concat("UPSTASH_REDIS_REST_TOKEN"),
  "fanfare-origin": ["ADMIN_KEY", "API_KEY", "DATABASE_URL", "NATS_PASSWORD", "NATS_URL"]
    .concat("UPSTASH_REDIS_REST_TOKEN"),
};
const content: Judge = () => Promise.resolve();

function targetIn(cluster: TestCluster, change: Partial<KubernetesOptions> = {}) {
  return new KubernetesTarget({
    kubectl: cluster,
    image: "registry.example.com/fanfare:0.1.0",
    namespace: "chat",
    replicas: { edge: 2, origin: 2 },
    monitored: false,
    readyMs: 60_000,
    report: () => {},
    ...change,
  });
}

/** Only its tasks are looked at: a folder with that one file will do. */
function release(nth: number): Release {
  const made = testRelease(nth, { version: `0.1.${nth}`, environments: ENVIRONMENTS });
  return {
    ...made,
    unpack: (folder) => Deno.copyFile("deno.json", `${folder}/deno.json`),
  };
}

function recordOf({ id, version, commit, atMs }: Release): ReleaseRecord {
  return {
    ...{ id, version, commit, dirty: true, at: new Date(atMs).toISOString(), by: "ana@laptop" },
    ...{ programs: [...KINDS], settings: { edge: [], origin: [] }, migrations: [] },
    ...{ previous: {}, outcome: "done" },
  };
}

async function deploy(target: KubernetesTarget, one: Release): Promise<void> {
  await target.inspect();
  await target.stage(one, KINDS);
  for (const kind of KINDS) await target.roll(kind, one.id, content);
  await target.record(recordOf(one));
}

Deno.test("KubernetesTarget asks the server first, and changes nothing until it rolls", async () => {
  const cluster = new TestCluster({ secrets: SECRETS });
  const target = targetIn(cluster);
  const one = release(1);
  await target.stage(one, KINDS);
  const changes = cluster.said.filter((words) =>
    /^(apply|patch|create|rollout|delete)/.test(words)
  );
  assert.deepEqual([...new Set(changes)], ["apply --dry-run=server --filename -"]);
  const nothing = { current: {}, records: [], replicas: [] };
  assert.deepEqual(await target.inspect(), nothing);
  const isShared = /come and go by themselves, and so are one user at NATS/;
  assert.match(target.warnings(nothing, KINDS).join("\n"), isShared);
  assert.doesNotMatch(target.warnings(nothing, ["origin"]).join("\n"), isShared);
});

Deno.test("KubernetesTarget rolls a release, judges each pod of it, and tells what runs", async () => {
  const cluster = new TestCluster({ secrets: SECRETS });
  await using target = targetIn(cluster);
  const one = release(1);
  await target.stage(one, KINDS);
  const judged: unknown[] = [];
  await target.roll("origin", one.id, (...seen) => Promise.resolve(void judged.push(seen)));
  await target.roll("edge", one.id, (...seen) => Promise.resolve(void judged.push(seen)));
  const pod = (kind: string) => `fanfare-${kind}-${one.id.replaceAll(".", "-")}`;
  const edge = { id: pod("edge"), socket: "ws://127.0.0.1:8000/connection/websocket" };
  assert.deepEqual(judged, [
    [{ id: pod("origin"), kind: "origin", release: one.id }],
    [{ id: pod("edge"), kind: "edge", release: one.id }, edge],
  ]);
  await target.record(recordOf(one));
  const { current, records, replicas } = await target.inspect();
  assert.deepEqual(current, { edge: one.id, origin: one.id });
  assert.deepEqual(records, [recordOf(one)]);
  assert.equal(replicas.length, 2);
  assert.deepEqual(await target.edges(), [edge]);
  assert.equal(await target.api(), "http://127.0.0.1:8100");
});

Deno.test("KubernetesTarget says why a roll does not end, and goes back to a revision", async () => {
  const cluster = new TestCluster({ secrets: SECRETS });
  await using target = targetIn(cluster);
  const [one, two] = [release(1), release(2)];
  await deploy(target, one);
  await target.stage(two, KINDS);
  cluster.makeIll(two.id);
  await target.roll("origin", one.id, content);
  await assert.rejects(
    target.roll("edge", two.id, content),
    /Cannot roll the edges: fanfare-edge-0-1-2.*: CrashLoopBackOff, it ended with code 137 \(OOMKilled\)\nthe last words of a program/,
  );
  assert.ok(cluster.said.at(-1)!.endsWith("--tail=8 --previous"));
  await target.roll("edge", one.id, content);
  assert.match(cluster.said.join("\n"), /rollout undo deployment\/fanfare-edge --to-revision=2\n/);
  assert.deepEqual((await target.inspect()).current, { edge: one.id, origin: one.id });
  await assert.rejects(target.roll("edge", release(9).id, content), /has forgotten the edges of/);
});

Deno.test("KubernetesTarget leaves what is not said about numbers as it is", async () => {
  const cluster = new TestCluster({ secrets: SECRETS });
  await deploy(targetIn(cluster, { replicas: { edge: 3, origin: 4 }, mostEdges: 9 }), release(1));
  const later = targetIn(cluster, { replicas: {} });
  await later.inspect();
  await deploy(later, release(2));
  const { minReplicas, maxReplicas } =
    cluster.thing("HorizontalPodAutoscaler", "fanfare-edge").spec;
  assert.deepEqual([minReplicas, maxReplicas], [3, 9]);
  assert.equal(cluster.thing("Deployment", "fanfare-origin").spec.replicas, 4);
});

Deno.test("KubernetesTarget names everything that is missing at once, before anything is asked for", async () => {
  const cluster = new TestCluster({ secrets: { "fanfare-edge": ["TOKEN_SECRET"] } });
  const target = targetIn(cluster, { image: "registry.example.com:5000/fanfare" });
  await assert.rejects(target.stage(release(1), KINDS), (error: Error) => {
    assert.match(error.message, /--image .* names no tag/);
    assert.match(error.message, /the Secret fanfare-edge lacks ADMIN_KEY, NATS_PASSWORD, NATS_URL/);
    assert.match(error.message, /the Secret fanfare-origin is not there; it is to hold ADMIN_KEY/);
    return true;
  });
  assert.ok(!cluster.said.some((words) => words.startsWith("apply")));
});

Deno.test("KubernetesTarget tries the settings of each program, and migrates, within the cluster", async () => {
  // deno-lint-ignore no-explicit-any -- as they were applied
  const jobs: any[] = [];
  const cluster = new TestCluster({
    secrets: SECRETS,
    print: (job) => {
      jobs.push(job);
      const { command } = job.spec.template.spec.containers[0];
      return command.includes("check")
        ? { success: false, printed: JSON.stringify([{ subject: command.at(-2) }]) }
        : { success: true, printed: "ran 0004_groups.sql" };
    },
  });
  const target = targetIn(cluster);
  const one = release(1);
  await target.stage(one, KINDS);
  const found = JSON.parse(await target.runTask(one.id, "check", ["--json"]));
  assert.deepEqual(found, [{ subject: "origin" }, { subject: "edge" }]);
  assert.equal(await target.runTask(one.id, "migrate", []), "ran 0004_groups.sql");
  const { env } = jobs.at(-1).spec.template.spec.containers[0];
  const valueOf = (wanted: string) => env.find(({ name }: { name: string }) => name === wanted);
  assert.deepEqual(valueOf("DATABASE_OWNER_URL").valueFrom.secretKeyRef.name, "fanfare-migrate");
  assert.equal(valueOf("DATABASE_ORIGIN_ROLE").value, "fanfare");
});

Deno.test("KubernetesTarget leaves a migration to the owner of whom it knows nothing", async () => {
  const { "fanfare-migrate": _, ...secrets } = SECRETS;
  const cluster = new TestCluster({ secrets });
  const target = targetIn(cluster);
  const one = release(1);
  await target.stage(one, KINDS);
  assert.match(await target.runTask(one.id, "migrate", []), /^left out: no Secret fanfare-migrate/);
});

Deno.test("KubernetesTarget tells what a task said that failed", async () => {
  const print = () => ({ success: false, printed: "Cannot migrate: no owner" });
  const cluster = new TestCluster({ secrets: SECRETS, print });
  const target = targetIn(cluster);
  const one = release(1);
  await target.stage(one, KINDS);
  await assert.rejects(target.runTask(one.id, "migrate", []), /Cannot migrate: no owner/);
});

Deno.test("KubernetesTarget forgets a release, and ends a program", async () => {
  const cluster = new TestCluster({ secrets: SECRETS });
  const target = targetIn(cluster, { mostEdges: 9 });
  const one = release(1);
  await deploy(target, one);
  await target.remove(one.id);
  await target.stop("edge");
  const { current, records } = await target.inspect();
  assert.deepEqual([current, records], [{ origin: one.id }, []]);
  assert.equal(cluster.thing("horizontalpodautoscaler", "fanfare-edge")?.kind, undefined);
});

Deno.test("KubernetesTarget says that what was stopped cannot be gone back to, and what to do instead", async () => {
  const cluster = new TestCluster({ secrets: SECRETS });
  const target = targetIn(cluster);
  const [one, two] = [release(1), release(2)];
  await deploy(target, one);
  await deploy(target, two);
  assert.deepEqual(
    await Promise.all([one, two].map(({ id }) => target.lost("edge", id))),
    [undefined, undefined],
  );
  for (const kind of KINDS) await target.stop(kind);
  for (const { id } of [one, two]) {
    assert.equal(
      await target.lost("edge", id),
      `the cluster has forgotten the edges of ${id}: check out its commit, and deploy that with its image`,
    );
  }
  await deploy(target, two);
  assert.equal(await target.lost("edge", two.id), undefined);
});

Deno.test("no word to kubectl holds the value of a secret", async () => {
  const cluster = new TestCluster({ secrets: SECRETS });
  const target = targetIn(cluster);
  await deploy(target, release(1));
  await target.runTask(release(1).id, "migrate", []);
  assert.ok(cluster.said.length > 10);
  assert.ok(!cluster.said.join("\n").includes(CANARY));
});
