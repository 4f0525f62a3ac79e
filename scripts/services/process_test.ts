import assert from "node:assert/strict";
import { join } from "node:path";
import { temporaryDirectory } from "testing/temporary_directory.ts";
import { assertRunning, signalProcess, startProcess } from "./process.ts";
import { waitUntil } from "./wait_until.ts";

Deno.test("stop() asks first, and kills what does not listen", async () => {
  await using directory = await temporaryDirectory("process");
  const logFile = join(directory.path, "log");
  const start = (script: string) =>
    startProcess("sh", { name: "it", args: ["-c", script], logFile, stopMs: 300 });

  await using polite = start("trap 'exit 7' TERM; echo up; while :; do sleep 0.01; done");
  await logged(polite.lastWords, "up");
  await polite.stop();
  assert.equal((await polite.status).code, 7);

  await using deaf = start("trap '' TERM; echo up again; while :; do sleep 0.01; done");
  await logged(deaf.lastWords, "up again");
  await deaf.stop();
  assert.equal((await deaf.status).signal, "SIGKILL");
});

Deno.test("assertRunning() tells how a server ended and what it said, not what another said", async () => {
  await using directory = await temporaryDirectory("process");
  const logFile = join(directory.path, "log");
  await Deno.writeTextFile(logFile, "an earlier run\n");
  await using server = startProcess("sh", {
    name: "the server",
    args: ["-c", "echo no such luck >&2; exit 3"],
    logFile,
  });
  await server.status;
  assert.throws(
    () => assertRunning(server),
    { message: "Cannot start the server: it ended with code 3\nno such luck" },
  );
  server.kill("SIGTERM");
});

Deno.test("last words say what a stack is of", async () => {
  await using directory = await temporaryDirectory("process");
  const logFile = join(directory.path, "log");
  const script =
    `echo "Error: no such luck"; for n in $(seq 12); do echo "    at $n"; done; exit 1`;
  await using server = startProcess("sh", { name: "the server", args: ["-c", script], logFile });
  await server.status;
  assert.match(server.lastWords(), /^Error: no such luck\n[^]*at 12$/);
});

Deno.test("a server ends with whoever started it, even if that was killed", async () => {
  await using directory = await temporaryDirectory("process");
  const module = JSON.stringify(import.meta.resolve("./process.ts"));
  const options = { name: "it", args: ["1000"], logFile: join(directory.path, "log") };
  const program = `const { startProcess } = await import(${module});
    console.log(startProcess("sleep", ${JSON.stringify(options)}).pid);`;
  const starter = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--allow-run", "--allow-read", "-"],
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const input = starter.stdin.getWriter();
  await input.write(new TextEncoder().encode(program));
  await input.close();
  const output = starter.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const pid = Number((await output.read()).value);
  assert.ok(signalProcess(pid, "SIGCONT"));

  starter.kill("SIGKILL");
  await starter.status;
  await output.cancel();
  await waitUntil(() => isGone(pid) || undefined, { what: "the server to end", withinMs: 5_000 });
});

/** An orphan that nobody has reaped yet has ended, too. */
function isGone(pid: number): boolean {
  const script = `! kill -0 ${pid} || grep -q ") Z " /proc/${pid}/stat`;
  return new Deno.Command("sh", { args: ["-c", script], stderr: "null" }).outputSync().success;
}

async function logged(lastWords: () => string, line: string): Promise<void> {
  await waitUntil(() => lastWords().endsWith(line) || undefined, {
    what: "the process to start",
    withinMs: 5_000,
  });
}
