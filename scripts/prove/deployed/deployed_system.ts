/**
 * A system whose edges and origins run as `deno task deploy` has put them there.
 *
 * Invariant: what is deployed is deployed by the command, from a checkout, with settings from files:
 * nothing of ours stands between. Clients know the one address of the balancer.
 *
 * @module
 */

import { join } from "node:path";
import { HostClient } from "../../deploy/targets/local/host_client.ts";
import { type DataFolder, temporaryDataFolder } from "../../dev/data_folder.ts";
import { type Services, startServices } from "../../dev/services.ts";
import type { State } from "../../dev/state.ts";
import type { Supervised } from "../../dev/supervised.ts";
import { SupervisedSystem } from "../../dev/supervised_system.ts";
import type { ProgramKind } from "../../dev/start_command.ts";
import { claimPorts } from "../../services/claimed_ports.ts";
import { settingsOfUser } from "../../services/nats_users.ts";
import { type Checkout, checkoutOfProject, type Outcome } from "./checkout.ts";

export interface DeployedOptions {
  edges: number;
  origins: number;
  edgeEnv?: Record<string, string>;
  /** Where NATS tells how it is; default: nowhere. */
  natsMonitorPort?: number;
}

/** Who is a user at NATS: each edge by itself, and origins together. */
function placesOf({ edges }: DeployedOptions): { id: string; kind: ProgramKind }[] {
  const kind = "edge" as const;
  const own = Array.from({ length: edges }, (_, number) => ({ id: `edge-${number}`, kind }));
  return [...own, { id: "origin", kind: "origin" }];
}

/** Its parts are the services; the programs are their host's. */
export class DeployedSystem extends SupervisedSystem {
  readonly checkout: Checkout;
  readonly #folder: DataFolder;
  readonly #services: Services;
  readonly #args: readonly string[];
  readonly #owned: AsyncDisposable;
  #programs: Pick<State, "edges" | "origins"> = { edges: [], origins: [] };

  private constructor(
    { checkout, folder, services, args, owned }: {
      checkout: Checkout;
      folder: DataFolder;
      services: Services;
      args: readonly string[];
      owned: AsyncDisposable;
    },
  ) {
    super();
    this.checkout = checkout;
    this.#folder = folder;
    this.#services = services;
    this.#args = args;
    this.#owned = owned;
  }

  /** With the project as it is as its first release. */
  static async start(options: DeployedOptions): Promise<DeployedSystem> {
    await using stack = new AsyncDisposableStack();
    const folder = stack.use(await temporaryDataFolder());
    const claimed = stack.use(claimPorts(5));
    const [postgres, nats, redis, port, apiPort] = claimed.ports as [
      ...[number, number, number, number, number],
    ];
    const { natsMonitorPort } = options;
    const places = placesOf(options);
    const services = stack.use(
      await startServices({
        ...{ folder, ports: { postgres, nats, redis }, durable: true, places },
        ...{ fresh: false, restart: true, environment: {}, natsMonitorPort },
        report: () => {},
        onRestart: () => {},
      }),
    );
    const checkout = stack.use(await checkoutOfProject());
    const to = join(folder.path, "deploy");
    const args = [
      ...["--target", "local", "--to", to, "--yes"],
      ...["--env", await writeEnvFile(folder, services, "edge", options.edgeEnv)],
      ...["--env", await writeEnvFile(folder, services, "origin")],
      ...["--env", await writeOwner(folder, services)],
      ...["--port", `${port}`, "--api-port", `${apiPort}`],
      ...["--edges", `${options.edges}`, "--origins", `${options.origins}`],
    ];
    await writeOwn(folder, services, places);
    stack.defer(async () => await (await HostClient.find(to))?.end());
    const owned = stack.move();
    const system = new DeployedSystem({ checkout, folder, services, args, owned });
    const first = await system.deploy();
    if (first.code === 0) return system;
    await system[Symbol.asyncDispose]();
    throw new Error(`Cannot deploy the first release:\n${first.printed}${first.told}`);
  }

  /** Deploys what the checkout has committed. */
  async deploy(...more: string[]): Promise<Outcome> {
    const outcome = await this.checkout.deploy([...this.#args, ...more]);
    await this.#look();
    return outcome;
  }

  /** Where clients connect. */
  get socket(): string {
    return `ws://127.0.0.1:${this.#args[this.#args.indexOf("--port") + 1]}/connection/websocket`;
  }

  get logs(): string {
    return this.#folder.logs;
  }

  /** Its edges and origins are those after the last deployment. */
  get state(): State {
    const { apiKey, tokenSecret } = this.#folder.secrets;
    return {
      pid: Deno.pid,
      ...this.#programs,
      ...this.#services.describe(),
      api_key: apiKey,
      token_secret: tokenSecret,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned[Symbol.asyncDispose]();
  }

  async #look(): Promise<void> {
    const host = await HostClient.find(join(this.#folder.path, "deploy"));
    const { replicas = [] } = await host?.state() ?? {};
    const of = (wanted: string) =>
      replicas.filter(({ kind, inService }) => kind === wanted && inService);
    const internal = (port: number) => `http://127.0.0.1:${port}`;
    this.#programs = {
      edges: of("edge").map(({ slot, pid, port, internalPort }) => ({
        ...{ id: slot, pid, url: internal(port), internal: internal(internalPort) },
        ws: `ws://127.0.0.1:${port}/connection/websocket`,
      })),
      origins: of("origin").map(({ slot, pid, port, internalPort }) => ({
        ...{ id: slot, pid, api: internal(port), internal: internal(internalPort) },
      })),
    };
  }

  protected find(id: string): Supervised | undefined {
    return this.#services.parts.get(id);
  }
}

/** As an operator has it; gives what is said of it on the command line. */
async function writeEnvFile(
  folder: DataFolder,
  services: Services,
  kind: "edge" | "origin",
  more: Record<string, string> = {},
): Promise<string> {
  const own = kind === "edge"
    ? { TOKEN_SECRET: folder.secrets.tokenSecret, HOST: "127.0.0.1" }
    : { API_KEY: folder.secrets.apiKey };
  // Who an edge is at NATS is its own.
  const id = kind === "edge" ? "nobody" : kind;
  const anywhere = { INTERNAL_PORT: "0" };
  const settings = { ...services.settingsOf({ id, kind }), ...own, ...anywhere, ...more };
  return `${kind}=${await writeSettings(folder, kind, settings)}`;
}

async function writeOwn(
  folder: DataFolder,
  services: Services,
  places: readonly { id: string; kind: ProgramKind }[],
): Promise<void> {
  await Deno.mkdir(join(folder.path, "edge.d"));
  const { users } = services.describe().nats;
  for (const { id, kind } of places) {
    if (kind !== "edge") continue;
    const { nkey_seed: seed, inbox_prefix: inboxPrefix } = users[id]!;
    await writeSettings(folder, `edge.d/${id}`, settingsOfUser({ seed, inboxPrefix }));
  }
}

async function writeOwner(folder: DataFolder, services: Services): Promise<string> {
  const { owner_url = "" } = services.describe().postgres;
  return `migrate=${await writeSettings(folder, "migrate", { DATABASE_OWNER_URL: owner_url })}`;
}

async function writeSettings(
  { path }: DataFolder,
  name: string,
  settings: Record<string, string>,
): Promise<string> {
  const lines = Object.entries(settings).map(([name, value]) => `${name}='${value}'\n`);
  const file = join(path, `${name}.env`);
  await Deno.writeTextFile(file, lines.join(""), { mode: 0o600 });
  return file;
}
