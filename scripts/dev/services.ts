/**
 * The parts that a system stands on: Postgres, NATS, the REST store, the push recorder.
 *
 * Invariant: a part whose address is in the environment is used as it is and never touched; every
 * other one is started here, on a port that was claimed for it, supervised, and keeps its address
 * when it is started again.
 *
 * @module
 */

import { join } from "node:path";
import postgres from "postgres";
import { startNatsServer } from "../services/nats_server.ts";
import { startPostgres } from "../services/postgres.ts";
import { startPushRecorderProcess } from "../services/push_recorder_process.ts";
import { startRedisRestProcess } from "../services/redis_rest_process.ts";
import type { DataFolder } from "./data_folder.ts";
import type { ProgramKind } from "./program.ts";
import { type Report, reported } from "./progress.ts";
import type { State } from "./state.ts";
import { type Running, Supervised } from "./supervised.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

export interface ServicePorts {
  postgres: number;
  nats: number;
  redis: number;
}

export interface ServicesOptions {
  folder: DataFolder;
  ports: ServicePorts;
  /** Whether an acknowledged commit survives the machine. */
  durable: boolean;
  /** Forget what was stored. */
  fresh: boolean;
  restart: boolean;
  environment: Environment;
  report: Report;
  onRestart: (id: string) => void;
}

export interface Services extends AsyncDisposable {
  readonly parts: ReadonlyMap<string, Supervised>;
  /** Their addresses, and the pids of those started here. */
  describe(): Pick<State, "postgres" | "nats" | "redis" | "push">;
  /** The settings by which a program finds those that it may know. */
  settingsOf(kind: ProgramKind): Record<string, string>;
}

interface Started<Address> {
  address: Address;
  part?: Supervised;
}

const DATABASE = "fanfare";

export async function startServices(options: ServicesOptions): Promise<Services> {
  await using stack = new AsyncDisposableStack();
  const starting = [
    startDatabase(options),
    startBus(options),
    startStore(options),
    startRecorder(options),
  ] as const;
  for (const { value } of await settled(starting)) if (value.part) stack.use(value.part);
  const [database, bus, store, recorder] = await Promise.all(starting);
  const owned = stack.move();
  const parts = [database, bus, store, recorder].flatMap(({ part }) => part ? [part] : []);
  const common = {
    NATS_URL: bus.address,
    UPSTASH_REDIS_REST_URL: store.address.url,
    UPSTASH_REDIS_REST_TOKEN: store.address.token,
  };
  const originOnly = { DATABASE_URL: database.address, ...recorder.address.env };
  return {
    parts: new Map(parts.map((part) => [part.id, part])),
    describe: () => ({
      postgres: { url: database.address, ...pidOf(database) },
      nats: { url: bus.address, ...pidOf(bus) },
      redis: { ...store.address, ...pidOf(store) },
      push: { recorder: recorder.address.url, ...pidOf(recorder) },
    }),
    settingsOf: (kind) => kind === "edge" ? common : { ...common, ...originOnly },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** What came of each, once all are through: what did start must not be left behind. */
async function settled(starting: readonly Promise<Started<unknown>>[]) {
  const results = await Promise.allSettled(starting);
  return results.filter((result) => result.status === "fulfilled");
}

function pidOf({ part }: Started<unknown>): { pid?: number } {
  return part ? { pid: part.pid } : {};
}

async function startDatabase(options: ServicesOptions): Promise<Started<string>> {
  const { folder, ports: { postgres: port }, durable, environment, report } = options;
  const given = environment.DATABASE_URL;
  if (given) return give("postgres", given, report);
  return await reported("postgres", report, async () => {
    const dataDir = join(folder.path, "postgres");
    const part = await supervise(
      "postgres",
      options,
      () => startPostgres({ dataDir, durable, port }),
    );
    const url = (name: string) => `postgres://postgres@127.0.0.1:${port}/${name}`;
    try {
      await prepareDatabase(url("postgres"), options.fresh);
    } catch (error) {
      await part.stop();
      throw error;
    }
    return { address: url(DATABASE), part };
  });
}

async function prepareDatabase(url: string, fresh: boolean): Promise<void> {
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  try {
    if (fresh) await sql.unsafe(`drop database if exists ${DATABASE} with (force)`);
    const [found] = await sql`select from pg_database where datname = ${DATABASE}`;
    if (!found) await sql.unsafe(`create database ${DATABASE}`);
  } finally {
    await sql.end();
  }
}

async function startBus(options: ServicesOptions): Promise<Started<string>> {
  const { folder, ports: { nats: port }, environment, report } = options;
  const given = environment.NATS_URL;
  if (given) return give("nats", given, report);
  let address = "";
  return await reported("nats", report, async () => {
    const part = await supervise("nats", options, async () => {
      const running = await startNatsServer({
        storeDir: join(folder.path, "nats"),
        explicit: environment.NATS_SERVER,
        onFetch: (what) => report({ part: "nats", state: "fetching", what }),
        port,
      });
      address = running.url;
      return running;
    });
    return { address, part };
  });
}

async function startStore(
  options: ServicesOptions,
): Promise<Started<{ url: string; token: string }>> {
  const { folder, ports: { redis: port }, environment, report } = options;
  const { UPSTASH_REDIS_REST_URL: given, UPSTASH_REDIS_REST_TOKEN: givenToken } = environment;
  if (given && givenToken) return give("redis", { url: given, token: givenToken }, report);
  const token = folder.secrets.redisToken;
  let url = "";
  return await reported("redis", report, async () => {
    const part = await supervise("redis", options, async () => {
      const running = await startRedisRestProcess({
        directory: folder.logs,
        token,
        port,
      });
      url = running.url;
      return running;
    });
    return { address: { url, token }, part };
  });
}

/** Its keys and ports are new at each start, and the origins know the first: it stays down. */
async function startRecorder(
  options: ServicesOptions,
): Promise<Started<{ url: string; env: Record<string, string> }>> {
  return await reported("push recorder", options.report, async () => {
    const running = await startPushRecorderProcess(options.folder.logs);
    const start = () => Promise.resolve(running);
    const part = await supervise("push", { ...options, restart: false }, start);
    return { address: { url: running.url, env: running.env }, part };
  });
}

function give<Address>(part: string, address: Address, report: Report): Started<Address> {
  report({ part, state: "given" });
  return { address };
}

function supervise(
  id: string,
  { restart, onRestart }: Pick<ServicesOptions, "restart" | "onRestart">,
  start: () => Promise<Running>,
): Promise<Supervised> {
  return Supervised.start({ id, restart, onRestart, start });
}
