/**
 * A whole system on this machine: the services, the origins, the edges, and where each is found.
 *
 * Invariant: when `startSystem` returns everything is ready; when it throws, or once the system is
 * disposed of, nothing that it started is left. Development, system tests and the bench all start
 * the same one.
 *
 * @module
 */

import { passOverForsakenSockets } from "shared/forsaken_sockets.ts";
import { claimPorts } from "../services/claimed_ports.ts";
import { type DataFolder, openDataFolder, temporaryDataFolder } from "./data_folder.ts";
import { relink, type Through } from "./links.ts";
import type { Build, ProgramPlace } from "./program.ts";
import { assertPortsFree, planPlaces, portsOfPlaces, startPrograms } from "./programs.ts";
import type { Report } from "./progress.ts";
import { RunningSystem } from "./running_system.ts";
import type { Secrets } from "./secrets.ts";
import { type Environment, type Services, startServices } from "./services.ts";
import type { System } from "./supervised_system.ts";

export interface SystemOptions {
  /** Default 2. */
  edges?: number;
  /** Default 1. */
  origins?: number;
  /** The first edge's port; default 0: a free one for each. */
  port?: number;
  /** Where data is kept; default: a temporary folder that goes with the system. */
  folder?: string;
  /** Forget what is stored in `folder`. */
  fresh?: boolean;
  /** Whether an acknowledged commit survives the machine. Default false. */
  durable?: boolean;
  /** Whether what ends is started again. Default false. */
  restart?: boolean;
  /** Written when all is ready and whenever a pid changes; removed at the end. */
  stateFile?: string;
  /** Addresses of services that run already: `DATABASE_URL` and so on. */
  environment?: Environment;
  /** Where NATS tells how it is, over HTTP; default: nowhere. */
  natsMonitorPort?: number;
  /** Further settings of the programs. */
  env?: Record<string, string>;
  edgeEnv?: Record<string, string>;
  originEnv?: Record<string, string>;
  /** Of single programs, by id. */
  programEnv?: Record<string, Record<string, string>>;
  /** Instead of single programs, by id. */
  builds?: Record<string, Build>;
  /** What stands between the parts; default: nothing. */
  through?: Through;
  report?: Report;
}

export async function startSystem(options: SystemOptions = {}): Promise<System> {
  const { restart = false, report = () => {}, fresh = false } = options;
  await using stack = new AsyncDisposableStack();
  // Whoever starts it looks into it, too: a NATS server that ends resets their connections.
  stack.use(passOverForsakenSockets(globalThis));
  const folder = stack.use(
    options.folder === undefined
      ? await temporaryDataFolder()
      : await openDataFolder(options.folder, fresh),
  );
  const size = { edges: 2, origins: 1, port: 0, ...options };
  const claimed = stack.use(claimPorts(3 + portsOfPlaces(size)));
  const [postgres, nats, redis, ...others] = claimed.ports as [number, number, number];
  const places = planPlaces(size, others);
  await assertPortsFree(places);

  let system: RunningSystem | undefined = undefined;
  const onRestart = (part: string) => {
    report({ part, state: "again" });
    void system?.publish();
  };
  const supervision = { restart, report, onRestart };
  const { durable = false, environment = {} } = options;
  const secrets = secretsOf(folder, environment);
  const services = stack.use(
    await startServices({
      ...supervision,
      ...{ folder, places, ports: { postgres, nats, redis }, durable, fresh, environment },
      natsMonitorPort: options.natsMonitorPort,
    }),
  );
  const programs = stack.use(
    await startPrograms({
      ...supervision,
      places,
      logs: folder.logs,
      settingsOf: (place) => settingsOf(place, { secrets, services, places, options }),
      buildOf: ({ id }) => options.builds?.[id],
    }),
  );
  const { logs } = folder;
  const { stateFile, through = direct } = options;
  system = new RunningSystem({ logs, secrets, services, programs, stateFile, through });
  await system.publish();
  system.owns(stack.move());
  return system;
}

const direct: Through = (_link, address) => address;

/** Those of the environment go before those of the folder. */
function secretsOf({ secrets }: DataFolder, environment: Environment): Secrets {
  const { TOKEN_SECRET, API_KEY } = environment;
  return {
    ...secrets,
    ...(TOKEN_SECRET && { tokenSecret: TOKEN_SECRET }),
    ...(API_KEY && { apiKey: API_KEY }),
  };
}

interface SettingsSource {
  secrets: Secrets;
  services: Services;
  places: readonly ProgramPlace[];
  options: SystemOptions;
}

/** What is in our own environment would be passed on with it. */
const NOT_FOR_PROGRAMS = { DATABASE_OWNER_URL: "" };
const NOT_FOR_EDGES = { ...NOT_FOR_PROGRAMS, DATABASE_URL: "", API_KEY: "" };

function settingsOf(place: ProgramPlace, source: SettingsSource): Record<string, string> {
  const { id, kind } = place;
  const { programEnv, through, builds } = source.options;
  const settings = {
    ...source.services.settingsOf(place),
    ...kind === "origin" ? originSettings(source) : edgeSettings(source),
    ...kind === "origin" && migratesItself(builds?.[id]) && ownerSettings(source),
    ...programEnv?.[id],
  };
  return through ? relink(settings, id, through) : settings;
}

/** The origins of 0.1.0 own what they work with, as its operators run them. */
function migratesItself(build: Build | undefined): boolean {
  return build !== undefined && "tasks" in build && !("migrate" in build.tasks);
}

function ownerSettings({ services }: SettingsSource): Record<string, string> {
  const { owner_url } = services.describe().postgres;
  return owner_url === undefined ? {} : { DATABASE_URL: owner_url };
}

function originSettings({ secrets, options }: SettingsSource): Record<string, string> {
  const { env, originEnv } = options;
  return { ...NOT_FOR_PROGRAMS, API_KEY: secrets.apiKey, ...env, ...originEnv };
}

function edgeSettings({ secrets, places, options }: SettingsSource): Record<string, string> {
  const { environment = {}, env, edgeEnv } = options;
  return {
    ...NOT_FOR_EDGES,
    TOKEN_SECRET: secrets.tokenSecret,
    ...(!environment.ALLOWED_ORIGINS && { ALLOWED_ORIGINS: ownPages(places).join(",") }),
    ...env,
    ...edgeEnv,
  };
}

function ownPages(places: readonly ProgramPlace[]): string[] {
  return places.filter(({ kind }) => kind === "edge").flatMap(({ port }) => [
    `http://127.0.0.1:${port}`,
    `http://localhost:${port}`,
  ]);
}
