/** A whole deployment by ssh, for real but for the network and systemd's confinement. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { connectDevice } from "testing/client.ts";
import { name } from "testing/system.ts";
import { temporaryDirectory } from "testing/temporary_directory.ts";
import type { System } from "../../../dev/supervised_system.ts";
import { startSystem } from "../../../dev/system.ts";
import { claimPorts } from "../../../services/claimed_ports.ts";
import type { ReleaseRecord } from "../../record.ts";
import type { Release } from "../../release.ts";
import type { EdgeAddress, Judge } from "../../target.ts";
import { testRelease } from "../testing/releases.ts";
import type { Place } from "./places.ts";
import { denoDir, environmentsOf, placesOn, targetOn } from "./testing/deployed.ts";
import { SandboxHosts } from "./testing/sandbox_hosts.ts";

const HOSTS = ["chat1", "chat2"];
/** What each edge has for itself: all may hear what is below the first two words. */
const INBOXES = { "edge-0": "_INBOX.edge.zero", "edge-1": "_INBOX.edge.one" };

function recordOf({ id, version, commit, atMs }: Release): ReleaseRecord {
  return {
    ...{ id, version, commit, dirty: true, at: new Date(atMs).toISOString(), by: "ana@laptop" },
    ...{ programs: ["origin", "edge"], settings: { edge: [], origin: [] }, migrations: [] },
    ...{ previous: {}, outcome: "done", why: 'some\nlines, a \\n and a "word"' },
  };
}

async function versionAt(place: Place): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${place.internalPort}/version`);
  return (await response.json()).version;
}

Deno.test({
  name: "SshTarget brings a release to hosts, rolls it one by one, and goes back",
  ignore: Deno.build.os === "darwin",
  async fn(t) {
    await using folder = await temporaryDirectory("ssh");
    await using system = await startSystem({ edges: 0, origins: 0 });
    using claimed = claimPorts(2 * 2 * HOSTS.length);
    using further = claimPorts(2);
    await using hosts = new SandboxHosts(folder.path, await denoDir());
    const places = placesOn(HOSTS, claimed.ports);
    const edges = places.filter(({ kind }) => kind === "edge");
    await using target = targetOn(hosts, HOSTS, places);
    const own = Object.fromEntries(
      Object.entries(INBOXES).map(([id, NATS_INBOX_PREFIX]) => [id, { NATS_INBOX_PREFIX }]),
    );
    const environments = { ...environmentsOf(system), own };
    const first = testRelease(1, { version: "0.1.1", environments });
    // Another time to drain is another unit.
    const edge = { ...environments.edge, DRAIN_MS: "1500" };
    const second = testRelease(2, { version: "0.1.2", environments: { ...environments, edge } });
    const judged: string[] = [];
    const judge: Judge = (replica) => Promise.resolve(void judged.push(replica.id));

    await t.step("nothing is there at first", async () => {
      assert.deepEqual(await target.inspect(), { current: {}, records: [], replicas: [] });
    });

    await t.step("a release is brought there, and nothing runs yet", async () => {
      await target.stage(first, ["origin", "edge"]);
      assert.deepEqual((await target.inspect()).replicas, []);
      const release = hosts.layoutOf("chat1").release(first.id);
      for (const secret of ["edge.env", "origin.env", "edge@0.env"]) {
        assert.equal(Deno.statSync(join(release, secret)).mode! & 0o777, 0o600, secret);
      }
      const start = await Deno.readTextFile(join(release, "edge@0.start"));
      assert.match(
        start,
        /^#!\/bin\/sh\nexec \S+ run --cached-only --no-prompt --allow-net=[\d.:,]+ /,
      );
      assert.ok(
        !start.includes(new URL(system.state.postgres.url).port),
        "an edge's way to Postgres",
      );
      assert.deepEqual(await target.settingsOf(first.id), environments);
    });

    await t.step("what an edge has for itself is on its own host, and on no other", () => {
      for (const [number, host] of HOSTS.entries()) {
        const release = hosts.layoutOf(host).release(first.id);
        const files = [...Deno.readDirSync(release)].filter(({ isFile }) => isFile);
        const texts = files.map(({ name }) => Deno.readTextFileSync(join(release, name))).join();
        const found = Object.entries(INBOXES).filter(([, inbox]) => texts.includes(inbox));
        assert.deepEqual(found.map(([id]) => id), [`edge-${number}`]);
      }
      assert.deepEqual(target.replicas("edge"), Object.keys(INBOXES));
    });

    await t.step("it is rolled, and serves", async () => {
      await target.roll("origin", first.id, judge);
      await target.roll("edge", first.id, smokeOf(system));
      await target.record(recordOf(first));
      const { current, replicas, records } = await target.inspect();
      assert.deepEqual(current, { edge: first.id, origin: first.id });
      assert.deepEqual(
        replicas.map(({ id }) => id).toSorted(),
        places.map(({ id }) => id).toSorted(),
      );
      assert.deepEqual(records, [recordOf(first)]);
      assert.deepEqual(judged, ["origin-0", "origin-1"]);
    });

    await t.step("said again, it changes nothing", async () => {
      const pids = () => edges.map(({ host, service }) => hosts.systemdOf(host).pidOf(service));
      const before = pids();
      await target.stage(first, ["origin", "edge"]);
      await target.roll("edge", first.id, judge);
      assert.deepEqual(pids(), before);
    });

    await t.step("the next release takes its place, an edge at a time", async () => {
      await target.stage(second, ["edge"]);
      const versions: string[][] = [];
      await target.roll("edge", second.id, async (_, edge) => {
        versions.push(await Promise.all(edges.map(versionAt)));
        await smokeOf(system)(_, edge);
      });
      assert.deepEqual(versions, [["0.1.2", "0.1.1"], ["0.1.2", "0.1.2"]]);
      for (const host of HOSTS) {
        const { commands } = hosts.systemdOf(host);
        // Once for each program, and once for the edges again.
        assert.equal(commands.filter((words) => words === "daemon-reload").length, 3);
      }
      await target.record(recordOf(second));
    });

    await t.step(
      "one that the judge does not trust is stopped, and the others carry on",
      async () => {
        await assert.rejects(
          target.roll("edge", first.id, () => Promise.reject(new Error("it delivers nothing"))),
          /it delivers nothing/,
        );
        const { current, replicas } = await target.inspect();
        assert.equal(current.edge, second.id);
        assert.deepEqual(replicas.filter(({ kind }) => kind === "edge").map(({ id }) => id), [
          "edge-1",
        ]);
      },
    );

    await t.step("going back is a roll like any other", async () => {
      await target.roll("edge", second.id, judge);
      assert.deepEqual(await Promise.all(edges.map(versionAt)), ["0.1.2", "0.1.2"]);
      for (const edge of await target.edges()) await smoke(system, edge);
    });

    await t.step("settings are tried where they are used, ports left alone", async () => {
      const printed = await target.runTask(first.id, "check", ["--config", "--json"]);
      const said = JSON.parse(printed).map(({ says }: { says: string }) => says);
      assert.deepEqual(said, [
        "the edge would start with them",
        "all that its settings name is there",
        "the origin would start with them",
      ]);
    });

    await t.step(
      "an edge that a release was not brought to ends when that comes back",
      async () => {
        const [port, internalPort] = further.ports as [number, number];
        const edge2 = { id: "edge-2", instance: "edge@2", service: "fanfare-edge@2.service" };
        const third = { ...edges[0]!, ...edge2, port, internalPort };
        await using wider = targetOn(hosts, HOSTS, [...places, third]);
        const all = { ...environments, own: { ...own, "edge-2": {} } };
        const release = testRelease(3, { version: "0.1.3", environments: all });
        await wider.inspect();
        await wider.stage(release, ["edge"]);
        await wider.roll("edge", release.id, judge);
        assert.equal((await wider.edges()).length, 3);
        await wider.roll("edge", second.id, judge);
        assert.deepEqual((await wider.edges()).map(({ id }) => id), Object.keys(INBOXES));
        await assert.rejects(wider.roll("edge", "0.1.9-none", judge), /0\.1\.9-none is nowhere/);
        await wider.remove(release.id);
      },
    );

    await t.step("one deployment at a time", async () => {
      {
        await using _ = await target.lock();
        await assert.rejects(
          target.lock(),
          /Cannot deploy to chat1: another deployment is under way/,
        );
      }
      await using _ = await target.lock();
    });

    await t.step("a release that is removed is gone everywhere", async () => {
      await target.stop("edge");
      await target.remove(second.id);
      for (const host of HOSTS) {
        const kept = [...Deno.readDirSync(hosts.layoutOf(host).releases)].map(({ name }) => name);
        assert.deepEqual(kept, [first.id]);
      }
    });

    await t.step("what is stopped runs no more", async () => {
      await target.stop("origin");
      assert.deepEqual((await target.inspect()).replicas, []);
    });
  },
});

/** One user's device hears another's message, both on this edge. */
async function smoke({ state }: System, edge: EdgeAddress): Promise<void> {
  const options = { edges: [edge.socket], tokenSecret: state.token_secret };
  await using ana = await connectDevice(name("ana"), options);
  await using ben = await connectDevice(name("ben"), options);
  const { gsid } = await ana.send(ben.user, "hello");
  await ben.waitForGsid(gsid);
}

function smokeOf(system: System): Judge {
  return async (replica, edge) => {
    assert.equal(edge?.id, replica.id);
    await smoke(system, edge!);
  };
}
