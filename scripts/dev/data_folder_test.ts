import assert from "node:assert/strict";
import { join } from "node:path";
import { temporaryDirectory } from "testing/temporary_directory.ts";
import { openDataFolder } from "./data_folder.ts";

Deno.test("a data folder is one system's at a time, and says whose", async () => {
  await using parent = await temporaryDirectory("data");
  const path = join(parent.path, "dev");
  {
    await using _first = await openDataFolder(path);
    await assert.rejects(
      openDataFolder(path),
      new RegExp(`Cannot use .*dev: another system runs on it \\(pid ${Deno.pid}\\)`),
    );
  }
  await using again = await openDataFolder(path);
  assert.ok(again.path.endsWith("/dev"));
});

Deno.test("secrets are drawn once a folder, kept, and nobody else's to read", async () => {
  await using parent = await temporaryDirectory("data");
  const secretsOf = async (name: string, fresh = false) => {
    await using folder = await openDataFolder(join(parent.path, name), fresh);
    return folder.secrets;
  };
  const first = await secretsOf("a");
  assert.deepEqual(await secretsOf("a"), first);
  assert.deepEqual(await secretsOf("a", true), first);
  assert.notDeepEqual(await secretsOf("b"), first);
  for (const secret of Object.values(first)) assert.ok(secret.length >= 32);
  const { mode } = await Deno.stat(join(parent.path, "a", "secrets.json"));
  assert.equal(mode! & 0o777, 0o600);
});

Deno.test("fresh forgets everything else in a data folder", async () => {
  await using parent = await temporaryDirectory("data");
  const path = join(parent.path, "dev");
  {
    await using folder = await openDataFolder(path);
    await Deno.writeTextFile(join(folder.logs, "edge-0.log"), "old");
  }
  await using fresh = await openDataFolder(path, true);
  assert.deepEqual([...Deno.readDirSync(fresh.logs)], []);
});
