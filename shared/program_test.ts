import assert from "node:assert/strict";
import { ConfigError, type Environment, settingsOf } from "shared/config/read.ts";
import type { LogLevel } from "shared/log.ts";
import { type Program, runProgram } from "shared/program.ts";

interface Config {
  logLevel: LogLevel;
  environment: Environment;
}

class Exited extends Error {
  constructor(readonly code: number) {
    super(`exit ${code}`);
  }
}

const codeOf = (error: unknown) => {
  if (error instanceof Exited) return error.code;
  throw error;
};

/** A program that is up at once and drains when told to, in a process that only takes notes. */
function run(change: Partial<Program<Config>>) {
  const variables: Record<string, string> = { NAME: "ana", OTHER: "not to be seen" };
  const listeners = new Map<string, () => void>();
  const uncaught = new EventTarget();
  const said: { message: string; fields: Record<string, unknown> }[] = [];
  const process = {
    getEnv: (name: string) => variables[name],
    exit(code: number): never {
      throw new Exited(code);
    },
    addSignalListener: (signal: string, listener: () => void) =>
      void listeners.set(signal, listener),
    uncaught,
    isTerminal: false,
    write: (line: string) => void said.push(JSON.parse(line)),
  };
  const running = runProgram<Config>(process, {
    name: "example",
    settings: settingsOf((read) => read.string("NAME", { about: "A name" })),
    readConfig: (environment) => ({ logLevel: "info", environment }),
    start: (_config, { drain }) =>
      Promise.resolve({ fields: { port: 80 }, ended: whenAborted(drain.signal) }),
    ...change,
  });
  return {
    said,
    messages: () => said.map(({ message }) => message),
    signal: (signal: "SIGTERM" | "SIGINT") => listeners.get(signal)!(),
    code: running.catch(codeOf),
    /** Whether it lives on. */
    survives: (error: Error) =>
      !uncaught.dispatchEvent(new ErrorEvent("error", { error, cancelable: true })),
  };
}

function whenAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve()));
}

Deno.test("runProgram() tells what is wrong with the runtime together with the settings' faults", async () => {
  const program = run({
    faultsOfRuntime: () => ["the runtime tells too much"],
    readConfig: () => {
      throw new ConfigError(["NAME must be set"]);
    },
  });
  assert.equal(await program.code, 2);
  assert.match(program.messages()[0]!, /the runtime tells too much\n *NAME must be set$/);
  const good = run({ faultsOfRuntime: () => ["the runtime tells too much"] });
  assert.equal(await good.code, 2);
});

Deno.test("runProgram() drains on either signal and exits with 0, and tells each step", async () => {
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    const program = run({});
    // It is up a microtask after it was started.
    await Promise.resolve();
    program.signal(signal);
    assert.equal(await program.code, 0);
    assert.deepEqual(program.messages(), [
      "The example is up",
      "The example drains",
      "The example has ended",
    ]);
    const fieldsOf = (message: string) =>
      program.said.find((one) => one.message === message)?.fields;
    assert.deepEqual(fieldsOf("The example is up"), { port: 80 });
    assert.deepEqual(fieldsOf("The example drains"), { signal });
  }
});

Deno.test("runProgram() shows the program the variables of its settings, and no others", async () => {
  let seen: Environment | undefined;
  const program = run({
    start(config) {
      seen = config.environment;
      return Promise.resolve({ fields: {}, ended: Promise.resolve() });
    },
  });
  assert.equal(await program.code, 0);
  assert.deepEqual(seen, { NAME: "ana" });
});

Deno.test("runProgram() exits with 1 at the second signal, without waiting for the drain", () => {
  const program = run({ start: () => new Promise(() => {}) });
  program.signal("SIGTERM");
  assert.throws(() => program.signal("SIGINT"), new Exited(1));
});

Deno.test("runProgram() exits with 2 when the settings are faulty, and starts nothing", async () => {
  const program = run({
    readConfig() {
      throw new ConfigError(["PORT must be set"]);
    },
    start: () => assert.fail("it was started"),
  });
  assert.equal(await program.code, 2);
  assert.deepEqual(program.messages(), ["Cannot read the configuration:\n  PORT must be set"]);
});

Deno.test("runProgram() exits with 1 when it cannot start, or fails while it runs", async () => {
  const fault = new Error("the port is taken");
  for (
    const start of [
      () => Promise.reject(fault),
      () => Promise.resolve({ fields: {}, ended: Promise.reject(fault) }),
    ]
  ) {
    const program = run({ start });
    assert.equal(await program.code, 1);
    const { message, fields } = program.said.at(-1)!;
    assert.equal(message, "The example cannot go on");
    assert.equal((fields.error as Error).message, "the port is taken");
  }
});

Deno.test("runProgram() exits with 0 when it is told to drain before it is up", async () => {
  const program = run({
    start: (_config, { drain }) =>
      whenAborted(drain.signal).then(() => Promise.reject(new Error("the start was given up"))),
  });
  program.signal("SIGTERM");
  assert.equal(await program.code, 0);
  assert.deepEqual(program.messages(), ["The example drains"]);
});

Deno.test("runProgram() outlives a socket that nobody has any more", async () => {
  const program = run({});
  await Promise.resolve();
  const reset = Object.assign(new Error("reset"), { code: "ECONNRESET", syscall: "read" });
  assert.ok(program.survives(reset));
  assert.ok(!program.survives(new Error("a fault")));
  program.signal("SIGTERM");
  assert.equal(await program.code, 0);
});
