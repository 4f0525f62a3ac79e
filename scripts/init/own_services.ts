/**
 * Postgres, NATS and a store for presence on this machine, as the files of a deployment name them.
 *
 * Invariant: what a file says is on another machine is never started here. What is stored stays in
 * the folder; one process at a time serves it. NATS knows the users that the folder names now.
 *
 * @module
 */

import { dirname, join } from "node:path";
import { parseEnv } from "node:util";
import postgres from "postgres";
import { isOnThisMachine } from "../check/place.ts";
import { type Report, reported } from "../dev/progress.ts";
import { type Running, Supervised } from "../dev/supervised.ts";
import { addressOf } from "../services/address.ts";
import { lockFile } from "../services/file_lock.ts";
import { startNatsServer } from "../services/nats_server.ts";
import { startPostgres } from "../services/postgres.ts";
import { startRedisRestProcess } from "../services/redis_rest_process.ts";
import { EDGE_FILE, NATS_FILE, ORIGIN_FILE, OWNER_FILE, USERS_FILE } from "./deployment_file.ts";
import { onFileChange } from "./file_changes.ts";

export interface OwnServicesOptions {
  /** That `deno task init` made. */
  folder: string;
  /** The nats-server to take; default: one that is found. */
  natsServer?: string | undefined;
  report: Report;
}

type Settings = Readonly<Record<string, string | undefined>>;

/** Each is started again when it ends, until all are disposed of. */
export async function startOwnServices(options: OwnServicesOptions): Promise<AsyncDisposable> {
  const { folder, report } = options;
  const origin = await settingsIn(join(folder, ORIGIN_FILE));
  const owner = await settingsIn(join(folder, OWNER_FILE));
  const data = join(folder, "data");
  await Deno.mkdir(join(data, "logs"), { recursive: true });
  const absolute = await Deno.realPath(data);
  await using stack = new AsyncDisposableStack();
  stack.use(
    await lockFile(
      join(absolute, "lock"),
      (pid) => `Cannot serve ${folder}: it is served already (pid ${pid})`,
    ),
  );
  const services: Service[] = [
    postgresOf(required(origin, "DATABASE_URL"), owner.DATABASE_OWNER_URL, absolute),
    natsOf(required(origin, "NATS_URL"), absolute, options),
    redisOf(origin, await edgeSettingsIn(folder), absolute),
  ];
  const starting = services.map(async ({ id, url, start, prepare, reads }) => {
    if (!isOnThisMachine(url)) return report({ part: id, state: "given" });
    await reported(id, report, async () => {
      const onRestart = () => {};
      const part = stack.use(await Supervised.start({ id, start, restart: true, onRestart }));
      if (reads) stack.use(onFileChange(dirname(absolute), reads, () => part.signal("SIGHUP")));
      await prepare?.();
    });
  });
  const failed = (await Promise.allSettled(starting)).find(({ status }) => status === "rejected");
  if (failed?.status === "rejected") throw failed.reason;
  return stack.move();
}

interface Service {
  id: string;
  url: string;
  start(): Promise<Running>;
  prepare?(): Promise<void>;
  /** Files of the folder that it reads again, when they have changed and it is told. */
  reads?: readonly string[];
}

function postgresOf(url: string, ownerUrl: string | undefined, data: string): Service {
  const { port } = addressOf(url);
  return {
    id: "postgres",
    url,
    start: () => startPostgres({ dataDir: join(data, "postgres"), durable: true, port }),
    prepare: () => prepareDatabase(`postgres://postgres@127.0.0.1:${port}/postgres`, url, ownerUrl),
  };
}

function natsOf(
  url: string,
  data: string,
  { natsServer, report }: OwnServicesOptions,
): Service {
  return {
    id: "nats",
    url,
    reads: [NATS_FILE, USERS_FILE],
    start: () =>
      startNatsServer({
        storeDir: join(data, "nats"),
        configFile: join(dirname(data), NATS_FILE),
        ownStore: true,
        port: addressOf(url).port,
        explicit: natsServer,
        onFetch: (what) => report({ part: "nats", state: "fetching", what }),
      }),
  };
}

/** Edges have the token that writes, origins the one that reads. */
function redisOf(origin: Settings, edge: Settings, data: string): Service {
  const url = required(origin, "UPSTASH_REDIS_REST_URL");
  const readOnlyToken = required(origin, "UPSTASH_REDIS_REST_TOKEN");
  const token = required(edge, "UPSTASH_REDIS_REST_TOKEN");
  const { port } = addressOf(url);
  const directory = join(data, "logs");
  const start = () => startRedisRestProcess({ directory, token, readOnlyToken, port });
  return { id: "redis", url, start };
}

/** Makes the roles and the database that the settings name, unless they are there. */
async function prepareDatabase(
  superuserUrl: string,
  url: string,
  ownerUrl: string = url,
): Promise<void> {
  const sql = postgres(superuserUrl, { max: 1, onnotice: () => {} });
  try {
    for (const { username, password } of [new URL(ownerUrl), new URL(url)]) {
      await run(sql, "select from pg_roles where rolname = $1", [decodeURIComponent(username)], [
        "create role %I login password %L",
        decodeURIComponent(username),
        decodeURIComponent(password),
      ]);
    }
    const name = decodeURIComponent(new URL(url).pathname.slice(1));
    const owner = decodeURIComponent(new URL(ownerUrl).username);
    await run(sql, "select from pg_database where datname = $1", [name], [
      "create database %I owner %I",
      name,
      owner,
    ]);
  } finally {
    await sql.end();
  }
}

/** Does what `[format, first, second]` says, unless it is found to be done. */
async function run(
  sql: postgres.Sql,
  find: string,
  of: string[],
  [format, first, second]: [string, string, string],
): Promise<void> {
  if ((await sql.unsafe(find, of)).length > 0) return;
  const [row] = await sql<{ text: string }[]>`
    select format(${format}, ${first}::text, ${second}::text) as text`;
  await sql.unsafe(row!.text);
}

async function settingsIn(path: string): Promise<Settings> {
  try {
    return { ...parseEnv(await Deno.readTextFile(path)) };
  } catch (cause) {
    throw new Error(`Cannot read ${path}: deno task init writes it`, { cause });
  }
}

/** Of the first: what they have in common they all have. */
async function edgeSettingsIn(folder: string): Promise<Settings> {
  const names = (await Array.fromAsync(Deno.readDir(folder), ({ name }) => name)).sort();
  const edge = names.find((name) => name.endsWith(".env") && !OTHERS.has(name));
  return await settingsIn(join(folder, edge ?? EDGE_FILE));
}

const OTHERS = new Set<string>([ORIGIN_FILE, OWNER_FILE]);

function required(settings: Settings, name: string): string {
  const value = settings[name];
  if (!value) throw new Error(`Cannot start the services: a file of settings lacks ${name}`);
  return value;
}
