import assert from "node:assert/strict";
import { join } from "node:path";
import { temporaryDirectory } from "testing/temporary_directory.ts";
import { claimPorts } from "../services/claimed_ports.ts";
import { startProcess } from "../services/process.ts";
import { untilReady } from "./program.ts";
import { Supervised } from "./supervised.ts";

const ENDS: Record<string, string> = {
  "echo no such luck; exit 3": "it ended with code 3\nno such luck",
  "echo too much memory; kill -s KILL $$": "it was ended by SIGKILL\ntoo much memory",
};

for (const [script, words] of Object.entries(ENDS)) {
  const [how] = words.split("\n");
  Deno.test(`untilReady() tells that ${how}, and what it said last`, async () => {
    await using folder = await temporaryDirectory("program");
    using ports = claimPorts(1);
    await using program = await Supervised.start({
      id: "edge-0",
      start: () =>
        Promise.resolve(startProcess("sh", {
          name: "edge-0",
          args: ["-c", script],
          logFile: join(folder.path, "log"),
        })),
      restart: false,
      onRestart: () => {},
    });
    await assert.rejects(
      untilReady({ id: "edge-0", internalPort: ports.ports[0]! }, program),
      { message: `Cannot start edge-0: ${words}` },
    );
  });
}
