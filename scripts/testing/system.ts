/**
 * A running system for system tests: the production programs as processes, and what drives them.
 *
 * Invariant: one system a file, started before its first test and gone after its last; tests keep
 * apart by using names of their own. Nothing here reaches into a program: only the wire, the
 * server API, the bus and the database are used.
 *
 * @module
 */

import assert from "node:assert/strict";
import { Redis } from "@upstash/redis";
import postgres from "postgres";
import type { UserId } from "shared/ids.ts";
import { replicaKey, REPLICAS_KEY, userField } from "shared/presence.ts";
import type { Msg, NatsConnection } from "@nats-io/transport-node";
import { connectDevice, Device, type DeviceOptions } from "testing/client.ts";
import { type Format, FORMATS } from "testing/sdk.ts";
import { waitUntil } from "../services/wait_until.ts";
import { connectAsOperator } from "../dev/nats_operator.ts";
import { natsRefusals } from "../dev/nats_refusals.ts";
import type { System } from "../dev/supervised_system.ts";
import { startSystem, type SystemOptions } from "../dev/system.ts";

export type TestDeviceOptions = Partial<DeviceOptions> & {
  /** The number of the edge to connect to first; the others are its fallback when `roam` is set. */
  edge?: number;
  roam?: boolean;
};

export interface RecordedPush {
  platform: string;
  token: string;
  status: number;
  user: string;
  conversation: string;
  gsid: number;
}

export class TestSystem {
  readonly system: System;
  readonly #format: Format;

  /** Its devices speak `format`, those that are not told otherwise. */
  constructor(system: System, format: Format = "json") {
    this.system = system;
    this.#format = format;
  }

  /** A connected device of a user. */
  device(user: string, options: TestDeviceOptions = {}): Promise<Device> {
    return connectDevice(user, this.deviceOptions(options));
  }

  /** A device that has yet to be told to connect. */
  unconnected(user: string, options: DeviceOptions): Device {
    return new Device(user, options);
  }

  deviceOptions({ edge = 0, roam = false, ...rest }: TestDeviceOptions = {}): DeviceOptions {
    const sockets = this.system.state.edges.map(({ ws }) => ws);
    const rotated = [...sockets.slice(edge), ...sockets.slice(0, edge)];
    const edges = roam ? rotated : rotated.slice(0, 1);
    return {
      edges,
      tokenSecret: this.system.state.token_secret,
      format: this.#format,
      ...rest,
    };
  }

  /** Calls the server API; resolves to its result or rejects with its error. */
  // deno-lint-ignore no-explicit-any -- each method has its own result
  async api<Result = any>(method: string, data: unknown): Promise<Result> {
    const { origins, api_key } = this.system.state;
    const response = await fetch(`${origins[0]!.api}/api/${method}`, {
      method: "POST",
      headers: { "X-API-Key": api_key, "Content-Type": "application/json" },
      body: JSON.stringify(data),
    });
    const { result, error } = await response.json();
    if (error) throw new Error(`Cannot call ${method}: ${error.code} ${error.message}`);
    return result;
  }

  /** Every push that was tried for a user, in order. */
  async pushesOf(user: string): Promise<RecordedPush[]> {
    const { recorder } = this.system.state.push;
    const response = await fetch(`${recorder}/pushes?user=${encodeURIComponent(user)}`);
    return await response.json();
  }

  /** Whether any edge says, in the store, that the user is connected to it. */
  async isOnline(user: string): Promise<boolean> {
    const redis = this.#redis();
    const replicas = await redis.zrange<string[]>(REPLICAS_KEY, 0, -1);
    const found = await Promise.all(
      replicas.map((replica) => redis.hget(replicaKey(replica), userField(user as UserId))),
    );
    return found.some((devices) => devices !== null && devices !== "[]");
  }

  /** Makes presence wrong: the store knows nothing of the user until its edge writes all anew. */
  async forgetPresence(user: string): Promise<void> {
    const redis = this.#redis();
    for (const replica of await redis.zrange<string[]>(REPLICAS_KEY, 0, -1)) {
      await redis.hdel(replicaKey(replica), userField(user as UserId));
    }
  }

  /** The store comes back without anything that it held. */
  async forgetAllPresence(): Promise<void> {
    await this.#redis().flushall();
  }

  /** Presence is removed a moment after a connection has ended. */
  async untilOffline(user: string): Promise<void> {
    await waitUntil(async () => await this.isOnline(user) ? undefined : true, {
      what: `${user} to be offline`,
      withinMs: 5_000,
      everyMs: 50,
    });
  }

  #redis(): Redis {
    const { url, token } = this.system.state.redis;
    return new Redis({ url, token, automaticDeserialization: false, enableTelemetry: false });
  }

  /** A connection to the database, for looking at what was stored. */
  sql(): postgres.Sql & AsyncDisposable {
    const sql = postgres(this.system.state.postgres.url, { max: 1, onnotice: () => {} });
    return Object.assign(sql, { [Symbol.asyncDispose]: () => sql.end() });
  }

  /** Listens on the bus, as one more subscriber. */
  async watch(subject: string): Promise<Watch> {
    const connection = await connectAsOperator(this.system.state);
    return await watchSubject(connection, subject);
  }

  /** A digest may be faster than the publish of what it covers: waits for that, then for more. */
  async published(watch: Watch): Promise<void> {
    const some = () => watch.messages.length > 0 ? true : undefined;
    await waitUntil(some, { what: "something to be published", withinMs: 5_000 });
    await watch.settle();
  }
}

/** What came on a subject, in order. */
export interface Watch extends AsyncDisposable {
  readonly messages: Msg[];
  /** Resolves when everything that was published before has come. */
  settle(): Promise<void>;
}

async function watchSubject(connection: NatsConnection, subject: string): Promise<Watch> {
  const messages: Msg[] = [];
  connection.subscribe(subject, { callback: (_error, message) => void messages.push(message) });
  await connection.flush();
  return {
    messages,
    settle: () => connection.flush(),
    [Symbol.asyncDispose]: () => connection.close(),
  };
}

/**
 * One system for all tests of a file. Call it at the top of the file. What it returns resolves to
 * that system, with devices that speak the format asked for.
 */
export function systemOfThisFile(
  { triesWhatIsRefused = false, ...options }: SystemOptions & {
    /** Whether its tests do at NATS what nobody may. */
    triesWhatIsRefused?: boolean;
  } = {},
): (format?: Format) => Promise<TestSystem> {
  const started = Promise.withResolvers<System>();
  Deno.test.beforeAll(async () => {
    const starting = startSystem(options);
    // Also when it fails: whoever waits for it then hears why.
    started.resolve(starting);
    await starting;
  });
  Deno.test.afterAll(async () => {
    await using system = await started.promise;
    if (!triesWhatIsRefused) assert.deepEqual(await natsRefusals(system), []);
  });
  return async (format = "json") => new TestSystem(await started.promise, format);
}

/** Registers a test once for each format of the wire. */
export function testInEachFormat(name: string, run: (format: Format) => Promise<void>): void {
  for (const format of FORMATS) Deno.test(`${format}: ${name}`, () => run(format));
}

/** A name that no other test uses. */
export function name(stem: string): string {
  return `${stem}-${crypto.randomUUID().slice(0, 8)}`;
}
