/** What must hold for every pod, whatever it is deployed with; and that Kubernetes' own tool reads it. */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { Deployment } from "kubernetes-types/apps/v1.d.ts";
import type { HorizontalPodAutoscaler } from "kubernetes-types/autoscaling/v2.d.ts";
import type { PodSpec } from "kubernetes-types/core/v1.d.ts";
import type { NetworkPolicy } from "kubernetes-types/networking/v1.d.ts";
import { parseAllDocuments } from "yaml";
import { temporaryDirectory } from "testing/temporary_directory.ts";
import { registeredMetrics } from "../../../../ops/registered.ts";
import { kubectl } from "../../../../services/kubectl.ts";
import { deployedOf } from "../deployed.ts";
import { askedFor, CANARY } from "../testing/asked.ts";
import { jobOf } from "./job.ts";
import { manifestsOf, yamlOf } from "./manifests.ts";

const KINDS = ["origin", "edge"] as const;
const deployed = Object.fromEntries(
  KINDS.map((kind) => [kind, deployedOf(kind, askedFor(kind))]),
) as Record<typeof KINDS[number], ReturnType<typeof deployedOf>>;
const job = jobOf(deployed.origin, {
  name: "fanfare-migrate-1",
  task: "migrate",
  command: ["deno", "task", "migrate"],
  settings: [],
});
const printed = yamlOf([...KINDS.flatMap((kind) => manifestsOf(deployed[kind])), job]);
// deno-lint-ignore no-explicit-any -- objects of any kind, as they were printed
const things: any[] = parseAllDocuments(printed).map((document) => document.toJS());

function thing<One>(kind: string, name: string): One {
  const found = things.find((one) => one.kind === kind && one.metadata.name === name);
  assert.ok(found, `${kind} ${name}`);
  return found;
}

const podOf = (kind: string) =>
  thing<Deployment>("Deployment", `fanfare-${kind}`).spec!.template.spec!;

Deno.test("no value of a secret is in a manifest", () => {
  assert.ok(printed.includes("TOKEN_SECRET"));
  assert.ok(!printed.includes(CANARY));
});

Deno.test("every object is in the namespace that was asked for, and is there once", () => {
  const names = things.map(({ kind, metadata }) =>
    `${metadata.namespace} ${kind} ${metadata.name}`
  );
  assert.ok(names.every((name) => name.startsWith("chat ")), names.join());
  assert.equal(new Set(names).size, names.length);
});

Deno.test("every container is nobody, may write nothing and get no more rights, and knows no cluster", () => {
  const pods: PodSpec[] = [podOf("edge"), podOf("origin"), job.spec!.template.spec!];
  for (const pod of pods) {
    assert.equal(pod.automountServiceAccountToken, false);
    assert.equal(pod.securityContext!.runAsNonRoot, true);
    assert.equal(pod.securityContext!.seccompProfile!.type, "RuntimeDefault");
    for (const { securityContext, resources } of pod.containers) {
      assert.deepEqual(securityContext, {
        allowPrivilegeEscalation: false,
        capabilities: { drop: ["ALL"] },
        readOnlyRootFilesystem: true,
      });
      assert.ok(resources!.limits!.memory && resources!.requests!.memory);
    }
  }
});

Deno.test("a pod is given longer to end than it waits, drains and says farewell", () => {
  for (const kind of KINDS) {
    const pod = podOf(kind);
    const [, waitS] = pod.containers[0]!.lifecycle!.preStop!.exec!.command!;
    const drainS = deployed[kind].drainMs / 1000;
    assert.equal(pod.terminationGracePeriodSeconds, drainS + 15);
    assert.ok(Number(waitS) + drainS + 5 <= pod.terminationGracePeriodSeconds!);
  }
});

Deno.test("a roll takes nobody away before another is ready, and a node that drains takes one", () => {
  for (const kind of KINDS) {
    const { spec } = thing<Deployment>("Deployment", `fanfare-${kind}`);
    assert.deepEqual(spec!.strategy!.rollingUpdate, { maxSurge: 1, maxUnavailable: 0 });
    assert.equal(thing<Thing>("PodDisruptionBudget", `fanfare-${kind}`).spec.maxUnavailable, 1);
    const [container] = podOf(kind).containers;
    assert.equal(container!.readinessProbe!.httpGet!.path, "/ready");
    for (const probe of [container!.livenessProbe, container!.startupProbe]) {
      assert.equal(probe!.httpGet!.path, "/live");
    }
  }
});

interface Thing {
  spec: Record<string, unknown>;
}

Deno.test("edges are scaled by a metric that edges have, and by nobody else", () => {
  const { spec } = thing<HorizontalPodAutoscaler>("HorizontalPodAutoscaler", "fanfare-edge");
  const { name } = spec!.metrics![0]!.pods!.metric;
  assert.ok(registeredMetrics().some((one) => one.name === name && one.parts.includes("edge")));
  assert.equal(thing<Deployment>("Deployment", "fanfare-edge").spec!.replicas, undefined);
  assert.equal(thing<Deployment>("Deployment", "fanfare-origin").spec!.replicas, 2);
});

Deno.test("the internal port is on no Service that a load balancer may stand for", () => {
  for (const kind of KINDS) {
    const ports = thing<Thing>("Service", `fanfare-${kind}`).spec.ports as { name: string }[];
    assert.deepEqual(ports.map(({ name }) => name), [kind === "edge" ? "websocket" : "api"]);
    assert.equal(thing<Thing>("Service", `fanfare-${kind}-internal`).spec.clusterIP, "None");
  }
});

Deno.test("no edge gets through to Postgres", () => {
  const ports = (kind: string) =>
    thing<NetworkPolicy>("NetworkPolicy", `fanfare-${kind}`).spec!.egress!
      .flatMap(({ ports }) => ports!.map(({ port }) => port));
  assert.ok(!ports("edge").includes(5432));
  assert.ok(ports("origin").includes(5432));
});

Deno.test("the pods of a Deployment are those that its Service, budget and policy mean", () => {
  for (const kind of KINDS) {
    const { labels } = thing<Deployment>("Deployment", `fanfare-${kind}`).spec!.template.metadata!;
    const name = `fanfare-${kind}`;
    const selectors = [
      thing<Thing>("Service", name).spec.selector,
      thing<Thing>("Service", `${name}-internal`).spec.selector,
      ...["PodDisruptionBudget", "Deployment"].map((one) =>
        (thing<Thing>(one, name).spec.selector as { matchLabels: unknown }).matchLabels
      ),
      (thing<Thing>("NetworkPolicy", name).spec.podSelector as { matchLabels: unknown })
        .matchLabels,
    ];
    for (const selector of selectors as Record<string, string>[]) {
      assert.ok(Object.keys(selector).length > 0);
      assert.deepEqual({ ...labels, ...selector }, labels);
    }
  }
});

Deno.test("kubectl reads what is printed, and finds nothing twice", async () => {
  await using folder = await temporaryDirectory("kubernetes");
  await Deno.writeTextFile(join(folder.path, "all.yaml"), printed);
  await Deno.writeTextFile(join(folder.path, "kustomization.yaml"), "resources: [all.yaml]\n");
  const { success, printed: built } = await kubectl("kustomize", folder.path);
  assert.ok(success, built);
  assert.equal(parseAllDocuments(built).length, things.length);
});
