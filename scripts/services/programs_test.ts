import assert from "node:assert/strict";
import { join } from "node:path";
import { temporaryDirectory } from "testing/temporary_directory.ts";
import { fetchDebianPackages, systemSource } from "./debian_packages.ts";
import { findNatsServer, startNatsServer } from "./nats_server.ts";
import { MissingProgram } from "./programs.ts";

Deno.test("findNatsServer() takes what the user names, and nothing else instead", async () => {
  await using directory = await temporaryDirectory("programs");
  const path = join(directory.path, "nats-server");
  const install = (version: string) =>
    Deno.writeTextFile(path, `#!/bin/sh\necho nats-server: v${version}\n`, { mode: 0o755 });

  await install("2.11.4");
  assert.deepEqual(await findNatsServer({ explicit: path }), {
    command: [path],
    version: "2.11.4",
  });
  for (const tooOld of ["2.9.10", "1.99.0"]) {
    await install(tooOld);
    await assert.rejects(findNatsServer({ explicit: path }), {
      name: "MissingProgram",
      message: `Cannot use ${path}: it is no nats-server 2.10 or newer`,
    });
  }
  await assert.rejects(findNatsServer({ explicit: join(directory.path, "none") }), MissingProgram);
});

Deno.test("startNatsServer() says which port is taken", async () => {
  await using directory = await temporaryDirectory("nats");
  const explicit = Deno.env.get("NATS_SERVER");
  await using server = await startNatsServer({ storeDir: join(directory.path, "one"), explicit });
  await assert.rejects(
    startNatsServer({ storeDir: join(directory.path, "two"), explicit, port: server.port }),
    { message: `Cannot start NATS: port ${server.port} is taken` },
  );
});

Deno.test("fetchDebianPackages() leaves nothing behind when it fails", async () => {
  const source = await systemSource();
  if (!source) return;
  await using directory = await temporaryDirectory("programs");
  const nowhere = { ...source, uri: `file:${directory.path}/nowhere/`, updates: [] };
  await assert.rejects(
    fetchDebianPackages(["nats-server"], join(directory.path, "nats-server"), nowhere),
    /Cannot run apt-get: .*nowhere/,
  );
  assert.deepEqual([...Deno.readDirSync(directory.path)], []);
});
