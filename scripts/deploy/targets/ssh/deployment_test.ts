/** The whole command but for its words: planned, tried, migrated, rolled, tried as a client, and back. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { temporaryDirectory } from "testing/temporary_directory.ts";
import { writeEnvFile } from "../../../check/testing.ts";
import { startSystem } from "../../../dev/system.ts";
import { claimPorts } from "../../../services/claimed_ports.ts";
import { runDeployment } from "../../deployment.ts";
import { planSteps } from "../../plan.ts";
import { prepare, type Prepared } from "../../prepare.ts";
import type { Release } from "../../release.ts";
import type { SshTarget } from "./target.ts";
import { denoDir, environmentsOf, placesOn, targetOn } from "./testing/deployed.ts";
import { SandboxHosts } from "./testing/sandbox_hosts.ts";

const ROOT = join(import.meta.dirname!, "../../../..");
const HOSTS = ["chat1", "chat2"];
/** Their one user at NATS may hear both. */
const OWN = {
  "edge-0": { NATS_INBOX_PREFIX: "_INBOX.edge.zero" },
  "edge-1": { NATS_INBOX_PREFIX: "_INBOX.edge.one" },
};
const DEPS = {
  nowMs: Date.now,
  elapsedMs: () => performance.now(),
  readText: Deno.readTextFileSync,
};

Deno.test({
  name: "a release is deployed by ssh, and one that is broken ends with it in service again",
  ignore: Deno.build.os === "darwin",
  async fn() {
    await using folder = await temporaryDirectory("ssh");
    await using system = await startSystem({ edges: 0, origins: 0, durable: true });
    using claimed = claimPorts(2 * 2 * HOSTS.length);
    await using hosts = new SandboxHosts(folder.path, await denoDir());
    await using target = targetOn(hosts, HOSTS, placesOn(HOSTS, claimed.ports));
    const { edge, origin } = environmentsOf(system);
    const env = [
      `edge=${await writeEnvFile(join(folder.path, "edge.env"), edge as Record<string, string>)}`,
      `origin=${await writeEnvFile(
        join(folder.path, "origin.env"),
        origin as Record<string, string>,
      )}`,
    ];
    await Deno.mkdir(join(folder.path, "edge.d"));
    for (const [id, own] of Object.entries(OWN)) {
      await writeEnvFile(join(folder.path, "edge.d", `${id}.env`), own);
    }
    const environment = { DATABASE_OWNER_URL: system.state.postgres.owner_url! };
    const targets = { edge: target, origin: target };
    const prepared = () =>
      prepare(
        {
          target: { edge: "ssh", origin: "ssh" },
          ...{ env, dirty: true, smokeToken: [], readyWithin: 60 },
        },
        targets,
        { ...DEPS, root: ROOT, environment, by: "ana@desk" },
      );

    const first = await prepared();
    assert.deepEqual(first.release!.environments.own, OWN);
    assert.match(first.warnings.join("\n"), /edge-0 and edge-1 are one user at NATS/);
    const done = await perform(first, target);
    assert.deepEqual([done.failed, done.outcome], [undefined, "done"]);
    assert.deepEqual(done.runs, { edge: first.release!.id, origin: first.release!.id });
    const says = Object.fromEntries(done.steps.map(({ name, says }) => [name, says]));
    assert.match(says.migrate!, /The database is as this release needs it/);
    assert.deepEqual((await target.settingsOf(first.release!.id))!.own, OWN);

    const next = await prepared();
    const release = { ...next.release!, ...brokenOf(next.release!) };
    const failed = await perform({ ...next, release }, target);
    assert.equal(failed.outcome, "rolled back");
    assert.match(failed.failed!.why, /Cannot start edge-0 on chat1: it ended[^]*broken on purpose/);
    assert.deepEqual(failed.runs, { edge: first.release!.id, origin: first.release!.id });
    assert.equal((await target.inspect()).replicas.length, 4);
  },
});

function perform(prepared: Prepared, target: SshTarget) {
  return runDeployment({
    ...prepared,
    steps: planSteps(prepared.intent),
    targets: { edge: target, origin: target },
    migrate: () => Promise.reject(new Error("It was to be done on a host")),
    deps: DEPS,
    readable: [],
    reporter: { begin() {}, line() {}, end() {}, fail() {} },
    by: "ana@desk",
    signal: new AbortController().signal,
  });
}

function brokenOf(release: Release): Pick<Release, "unpack"> {
  return {
    async unpack(folder) {
      await release.unpack(folder);
      const broken = 'throw new Error("broken on purpose");\n';
      await Deno.writeTextFile(join(folder, "edge/main.ts"), broken);
    },
  };
}
