import assert from "node:assert/strict";
import { join } from "node:path";
import { temporaryDirectory } from "testing/temporary_directory.ts";
import { placesOn, targetOn } from "./testing/deployed.ts";
import { SandboxHosts } from "./testing/sandbox_hosts.ts";

const [HALF, UNWRITTEN, RUNNING, KEPT] = [1, 2, 3, 4].map((day) =>
  `0.1.0-2026120${day}T120000Z-74acb41`
) as [string, string, string, string];

Deno.test({
  name: "what a deployment that was killed has left on a host goes with the next",
  ignore: Deno.build.os === "darwin",
  async fn() {
    await using folder = await temporaryDirectory("ssh");
    await using hosts = new SandboxHosts(folder.path, join(folder.path, "deno"));
    await using target = targetOn(hosts, ["chat1"], placesOn(["chat1"], [1, 2, 3, 4]));
    const { release, partial, current, releases } = hosts.layoutOf("chat1");
    const there = () => [...Deno.readDirSync(releases)].map(({ name }) => name).toSorted();
    {
      await using _nothing = await target.lock();
    }
    for (const place of [partial(HALF), release(UNWRITTEN), release(RUNNING), release(KEPT)]) {
      await Deno.mkdir(join(place, "app"), { recursive: true });
    }
    await Deno.writeTextFile(join(release(KEPT), "release.json"), "{}");
    await Deno.mkdir(join(current("edge@0"), ".."));
    await Deno.symlink(release(RUNNING), current("edge@0"));
    await using _next = await target.lock();
    assert.deepEqual(there(), [RUNNING, KEPT]);
  },
});
