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
import { runMigration } from "../migrate/migration.ts";
import { roleOf } from "../migrate/settings.ts";
import { asRole, ensureRoles, ORIGIN_ROLE, OWNER_ROLE } from "../services/database_roles.ts";
import { startNatsServer } from "../services/nats_server.ts";
import { drawCredential, type NatsCredential, settingsOfUser } from "../services/nats_users.ts";
import { startPostgres } from "../services/postgres.ts";
import { startPushRecorderProcess } from "../services/push_recorder_process.ts";
import { startRedisRestProcess } from "../services/redis_rest_process.ts";
import { ROLES } from "shared/bus/permissions.ts";
import type { DataFolder } from "./data_folder.ts";
import type { ProgramKind } from "./start_command.ts";
import type { ProgramPlace } from "./program.ts";
import { type Report, reported } from "./progress.ts";
import type { PostgresState, State } from "./state.ts";
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
  /** The programs that will use them: each is let in at NATS as itself. */
  places: readonly Pick<ProgramPlace, "id" | "kind">[];
  /** Where NATS tells how it is, over HTTP. */
  natsMonitorPort?: number | undefined;
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
  settingsOf(place: { id: string; kind: ProgramKind }): Record<string, string>;
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
    NATS_URL: bus.address.url,
    UPSTASH_REDIS_REST_URL: store.address.url,
    UPSTASH_REDIS_REST_TOKEN: store.address.token,
  };
  const originOnly = {
    UPSTASH_REDIS_REST_TOKEN: store.address.read_only_token,
    DATABASE_URL: database.address.origin_url,
    ...recorder.address.env,
  };
  return {
    parts: new Map(parts.map((part) => [part.id, part])),
    describe: () => ({
      postgres: { ...database.address, ...pidOf(database) },
      nats: { ...describeBus(bus.address), ...pidOf(bus) },
      redis: { ...store.address, ...pidOf(store) },
      push: { recorder: recorder.address.url, ...pidOf(recorder) },
    }),
    settingsOf: ({ id, kind }) => {
      const user = bus.address.users.find(({ name }) => name === id);
      return {
        ...common,
        ...(user && settingsOfUser(user)),
        ...(kind === "origin" && originOnly),
      };
    },
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

async function startDatabase(options: ServicesOptions): Promise<Started<PostgresState>> {
  const { folder, ports: { postgres: port }, durable, environment, report } = options;
  if (environment.DATABASE_URL) {
    return give("postgres", await migrateGiven(environment.DATABASE_URL, environment), report);
  }
  return await reported("postgres", report, async () => {
    const dataDir = join(folder.path, "postgres");
    const part = await supervise(
      "postgres",
      options,
      () => startPostgres({ dataDir, durable, port }),
    );
    try {
      const url = (name: string) => `postgres://postgres@127.0.0.1:${port}/${name}`;
      const owner = await prepareDatabase(url("postgres"), options.fresh);
      const address = {
        url: url(DATABASE),
        owner_url: asRole(url(DATABASE), owner),
        origin_url: asRole(url(DATABASE), ORIGIN_ROLE),
      };
      await runMigration({ ownerUrl: address.owner_url, originRole: ORIGIN_ROLE });
      return { address, part };
    } catch (error) {
      await part.stop();
      throw error;
    }
  });
}

/** One that is not ours is migrated when we are told as whom, and else left as it is. */
async function migrateGiven(url: string, environment: Environment): Promise<PostgresState> {
  const { DATABASE_OWNER_URL: ownerUrl, DATABASE_ORIGIN_ROLE } = environment;
  if (!ownerUrl) return { url, origin_url: url };
  const originRole = DATABASE_ORIGIN_ROLE || roleOf(url);
  await runMigration({ ownerUrl, originRole });
  return { url: ownerUrl, owner_url: ownerUrl, origin_url: url };
}

/** Makes what is not there; resolves to the role that owns the database. */
async function prepareDatabase(url: string, fresh: boolean): Promise<string> {
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  try {
    await ensureRoles(sql);
    if (fresh) await sql.unsafe(`drop database if exists ${DATABASE} with (force)`);
    const [found] = await sql<{ owner: string }[]>`
      select pg_get_userbyid(datdba) as owner from pg_database where datname = ${DATABASE}`;
    if (found) return found.owner;
    await sql.unsafe(`create database ${DATABASE} owner ${OWNER_ROLE}`);
    return OWNER_ROLE;
  } finally {
    await sql.end();
  }
}

/** Nobody of ours is a user of a server that runs already: the environment says who we are there. */
interface BusAddress {
  url: string;
  users: readonly NatsCredential[];
}

function describeBus({ url, users }: BusAddress): State["nats"] {
  const described = users.map(({ name, seed, inboxPrefix }) =>
    [name, { nkey_seed: seed, inbox_prefix: inboxPrefix }] as const
  );
  return { url, users: Object.fromEntries(described) };
}

/** They are drawn anew at each start: whoever stops a system shuts all of them out. */
async function startBus(options: ServicesOptions): Promise<Started<BusAddress>> {
  const { folder, ports: { nats: port }, places, natsMonitorPort, environment, report } = options;
  const given = environment.NATS_URL;
  if (given) return give("nats", { url: given, users: [] }, report);
  const ids = new Set(places.map(({ id }) => id));
  const users = [
    ...places.map(({ id, kind }) => drawCredential(kind, id)),
    // And whoever is started beside them.
    ...ROLES.filter((role) => !ids.has(role)).map((role) => drawCredential(role)),
  ];
  let url = "";
  return await reported("nats", report, async () => {
    const part = await supervise("nats", options, async () => {
      const running = await startNatsServer({
        storeDir: join(folder.path, "nats"),
        explicit: environment.NATS_SERVER,
        onFetch: (what) => report({ part: "nats", state: "fetching", what }),
        port,
        users,
        ...(natsMonitorPort !== undefined && { monitorPort: natsMonitorPort }),
      });
      url = running.url;
      return running;
    });
    return { address: { url, users }, part };
  });
}

async function startStore(
  options: ServicesOptions,
): Promise<Started<Omit<State["redis"], "pid">>> {
  const { folder, ports: { redis: port }, environment, report } = options;
  const { UPSTASH_REDIS_REST_URL: given, UPSTASH_REDIS_REST_TOKEN: givenToken } = environment;
  if (given && givenToken) {
    const address = { url: given, token: givenToken, read_only_token: givenToken };
    return give("redis", address, report);
  }
  const { redisToken: token, redisReadOnlyToken: readOnlyToken } = folder.secrets;
  let url = "";
  return await reported("redis", report, async () => {
    const part = await supervise("redis", options, async () => {
      const running = await startRedisRestProcess({
        directory: folder.logs,
        token,
        readOnlyToken,
        port,
      });
      url = running.url;
      return running;
    });
    return { address: { url, token, read_only_token: readOnlyToken }, part };
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
