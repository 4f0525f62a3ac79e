/**
 * A NATS server for tests: a real one with JetStream, on a free port, gone with its test.
 *
 * @module
 */

import { join } from "node:path";
import { claimPorts } from "../services/claimed_ports.ts";
import { type RunningNatsServer, startNatsServer } from "../services/nats_server.ts";
import { temporaryDirectory } from "./temporary_directory.ts";

export interface TestNats extends AsyncDisposable {
  readonly url: string;
  readonly pid: number;
  /** Ends the server as a crash would, and returns when it is gone. */
  crash(): Promise<void>;
  /** Starts it again on the same port, with the streams it had. */
  restart(): Promise<void>;
  /** Changes what it was configured with, while it runs. */
  configure(config: string): Promise<void>;
  /** Deletes what a server that has ended had stored. */
  forget(): Promise<void>;
  /** `SIGSTOP` and `SIGCONT`, for a server that hangs. */
  kill(signal: Deno.Signal): void;
}

/** `config`: for what the server has no option for, in its own language. */
export async function testNats(config?: string): Promise<TestNats> {
  await using stack = new AsyncDisposableStack();
  const directory = stack.use(await temporaryDirectory("nats"));
  const configFile = join(directory.path, "nats.conf");
  if (config !== undefined) await Deno.writeTextFile(configFile, config);
  const options = {
    storeDir: join(directory.path, "store"),
    port: stack.use(claimPorts(1)).ports[0]!,
    explicit: Deno.env.get("NATS_SERVER"),
    ...(config !== undefined && { configFile }),
  };
  let server: RunningNatsServer = await startNatsServer(options);
  stack.defer(() => server[Symbol.asyncDispose]());
  const owned = stack.move();
  return {
    url: server.url,
    get pid() {
      return server.pid;
    },
    async crash() {
      server.kill("SIGKILL");
      await server.status;
    },
    async restart() {
      await server[Symbol.asyncDispose]();
      server = await startNatsServer(options);
    },
    async configure(config) {
      await Deno.writeTextFile(configFile, config);
      server.kill("SIGHUP");
    },
    async forget() {
      await Deno.remove(options.storeDir, { recursive: true });
    },
    kill: (signal) => server.kill(signal),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
