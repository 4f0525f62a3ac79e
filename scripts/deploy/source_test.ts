import assert from "node:assert/strict";
import { join } from "node:path";
import { temporaryDirectory } from "testing/temporary_directory.ts";
import { releaseOf } from "./source.ts";
import { type Repository, testRepository } from "./testing/repository.ts";

const ENVIRONMENTS = { edge: {}, origin: {} };
const AT_MS = Date.UTC(2026, 10, 30, 12);

async function unpacked({ root }: Repository, dirty: boolean) {
  const release = await releaseOf({
    ...{ root, dirty, environments: ENVIRONMENTS },
    nowMs: () => AT_MS,
  });
  await using folder = await temporaryDirectory("unpacked");
  await release.unpack(folder.path);
  const names = [...Deno.readDirSync(folder.path)].map(({ name }) => name).toSorted();
  return { release, names, kept: await Deno.readTextFile(join(folder.path, "kept.ts")) };
}

Deno.test("releaseOf() takes the files of the last commit", async () => {
  await using project = await testRepository();
  const { release, names, kept } = await unpacked(project, false);
  assert.match(release.id, /^1\.2\.3-20261130T120000Z-[0-9a-f]{7}$/);
  assert.equal(release.dirty, false);
  assert.deepEqual(names, [".gitignore", "gone.ts", "kept.ts", "shared"]);
  assert.equal(kept, "committed");
});

Deno.test("releaseOf() takes what is not committed only when it is told to, and changes nothing", async () => {
  await using project = await testRepository();
  await project.write("kept.ts", "changed");
  await project.write("new.ts", "new");
  await project.write(".cache/secret", "ignored");
  await Deno.remove(join(project.root, "gone.ts"));
  await assert.rejects(
    unpacked(project, false),
    /gone\.ts, kept\.ts, new\.ts is not committed.*--dirty/,
  );
  const { release, names, kept } = await unpacked(project, true);
  assert.match(release.id, /-dirty$/);
  assert.deepEqual(names, [".gitignore", "kept.ts", "new.ts", "shared"]);
  assert.equal(kept, "changed");
  await assert.rejects(unpacked(project, false), /kept\.ts, new\.ts is not committed/);
});

Deno.test("releaseOf() says why, where there is nothing to make a release of", async () => {
  await using empty = await temporaryDirectory("source");
  const options = {
    root: empty.path,
    dirty: false,
    environments: ENVIRONMENTS,
    nowMs: () => AT_MS,
  };
  await assert.rejects(releaseOf(options), /Cannot make a release: fatal: not a git repository/);
});
