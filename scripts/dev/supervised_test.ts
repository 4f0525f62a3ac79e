import assert from "node:assert/strict";
import { join } from "node:path";
import { type TemporaryDirectory, temporaryDirectory } from "testing/temporary_directory.ts";
import { startProcess } from "../services/process.ts";
import { waitUntil } from "../services/wait_until.ts";
import { Supervised } from "./supervised.ts";

Deno.test("a supervised part that is killed runs again within a second", async () => {
  await using folder = await temporaryDirectory("supervised");
  const restarted: string[] = [];
  await using part = await supervise(folder, { onRestart: (id) => restarted.push(id) });
  const first = part.pid;
  part.signal("SIGKILL");
  await waitUntil(() => restarted.length || undefined, { what: "a restart", withinMs: 1000 });
  assert.deepEqual(restarted, ["sleeper"]);
  assert.notEqual(part.pid, first);
  assert.ok(part.isRunning);
  await part.stop();
  assert.ok(!part.isRunning);
});

Deno.test("a supervised part stays dead when it is not to be restarted", async () => {
  await using folder = await temporaryDirectory("supervised");
  await using part = await supervise(folder, { restart: false });
  part.signal("SIGKILL");
  assert.equal((await part.status).signal, "SIGKILL");
  assert.ok(!part.isRunning);
  await part.restart();
  assert.ok(part.isRunning);
});

Deno.test("a supervised part that is stopped while it waits to restart stays down", async () => {
  await using folder = await temporaryDirectory("supervised");
  await using part = await supervise(folder, { script: "exit 1" });
  await part.status;
  await part.stop();
  assert.ok(!part.isRunning);
});

Deno.test("a supervised part that cannot be started again is tried again", async () => {
  await using folder = await temporaryDirectory("supervised");
  let failures = 3;
  const restarted: string[] = [];
  await using part = await supervise(folder, {
    onRestart: (id) => restarted.push(id),
    beforeRestart: () => {
      if (failures-- > 0) throw new Error("Cannot start: its port is taken");
    },
  });
  part.signal("SIGKILL");
  await waitUntil(() => restarted.length || undefined, { what: "a restart", withinMs: 5000 });
  assert.equal(failures, -1);
  assert.ok(part.isRunning);
});

interface SleeperOptions {
  restart?: boolean;
  script?: string;
  onRestart?: (id: string) => void;
  beforeRestart?: () => void;
}

function supervise(folder: TemporaryDirectory, options: SleeperOptions): Promise<Supervised> {
  let starts = 0;
  return Supervised.start({
    id: "sleeper",
    start: () => {
      if (starts++ > 0) options.beforeRestart?.();
      return Promise.resolve(startProcess("sh", {
        name: "sleeper",
        args: ["-c", options.script ?? "exec sleep 60"],
        logFile: join(folder.path, "sleeper.log"),
      }));
    },
    restart: options.restart ?? true,
    onRestart: options.onRestart ?? (() => {}),
  });
}
