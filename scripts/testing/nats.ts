/**
 * A NATS server for tests: a real one with JetStream, on a free port, gone with its test.
 *
 * @module
 */

import { join } from "node:path";
import { claimPorts } from "../services/claimed_ports.ts";
import { type RunningNatsServer, startNatsServer } from "../services/nats_server.ts";
import {
  busOptionsOf,
  drawCredential,
  type NatsCredential,
  settingsOfUser,
} from "../services/nats_users.ts";
import { passOverForsakenSockets } from "shared/forsaken_sockets.ts";
import type { NatsOptions } from "shared/bus/nats_connect.ts";
import { type Role, ROLES } from "shared/bus/permissions.ts";
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

/**
 * One that lets everybody do everything, for tests of what is not ours to forbid. `config`: for what
 * the server has no option for, in its own language.
 */
export function testNats(config?: string): Promise<TestNats> {
  return start({ ...(config !== undefined && { config }) });
}

/** One that lets in one user of each role, with the permissions that it has in production. */
export async function testNatsOfRoles(): Promise<TestNats & TestNatsUsers> {
  const users = ROLES.map((role) => drawCredential(role));
  const of = (role: Role) => users.find((user) => user.role === role)!;
  const nats = await start({ users });
  return Object.assign(nats, {
    settingsOf: (role: Role) => ({ NATS_URL: nats.url, ...settingsOfUser(of(role)) }),
    optionsOf: (role: Role) => ({ servers: [nats.url], ...busOptionsOf(of(role)) }),
  });
}

export interface TestNatsUsers {
  /** By which a program of that role finds it. */
  settingsOf(role: Role): Record<string, string>;
  /** By which a bus does. */
  optionsOf(role: Role): Pick<NatsOptions, "servers" | "auth" | "inboxPrefix">;
}

async function start(
  { config, users }: { config?: string; users?: readonly NatsCredential[] },
): Promise<TestNats> {
  await using stack = new AsyncDisposableStack();
  // A server that refuses a test resets its connection, too.
  stack.use(passOverForsakenSockets(globalThis));
  const directory = stack.use(await temporaryDirectory("nats"));
  const configFile = join(directory.path, "nats.conf");
  if (config !== undefined) await Deno.writeTextFile(configFile, config);
  const options = {
    storeDir: join(directory.path, "store"),
    port: stack.use(claimPorts(1)).ports[0]!,
    explicit: Deno.env.get("NATS_SERVER"),
    ...(config !== undefined && { configFile }),
    ...(users && { users }),
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
