/**
 * For tests of the runbook: its own commands, and a Postgres beside which they are typed.
 *
 * Invariant: a command is typed as it stands there; only what its variables stand for is ours.
 *
 * @module
 */

import assert from "node:assert/strict";
import { join } from "node:path";
import postgres from "postgres";
import type { Device, SendResult } from "testing/client.ts";
import { temporaryDirectory } from "testing/temporary_directory.ts";
import { blocksOf } from "../documents/readme.ts";
import type { Address } from "../services/address.ts";
import { claimPorts } from "../services/claimed_ports.ts";
import { type RunningPostgres, startPostgres } from "../services/postgres.ts";
import { forgetMoved, type PostgresHome, settlePostgres } from "../services/postgres_binaries.ts";
import { findPostgresTools } from "../services/postgres_tools.ts";
import { pause, waitUntil } from "../services/wait_until.ts";

const RUNBOOK = Deno.readTextFileSync(join(import.meta.dirname!, "RUNBOOK.md"));
const SETTINGS = Deno.readTextFileSync(
  join(import.meta.dirname!, "../../.github/SETTINGS.md"),
);

/** The one block of code of a document that holds these words. */
function block(document: string, words: string): string {
  const found = blocksOf(document).filter(({ text }) => text.includes(words));
  assert.equal(found.length, 1, words);
  return found[0]!.text;
}

export const runbookBlock = (words: string) => block(RUNBOOK, words);

/** Every command that stands between backticks within a sentence, and matches. */
export function runbookWords(pattern: RegExp): string[] {
  const words = [...RUNBOOK.matchAll(/`([^`\n]+)`/g)].map(([, word]) => word!);
  return words.filter((word) => pattern.test(word));
}

/** A Postgres of an operator's, and a shell beside it. */
export class OperatedPostgres implements AsyncDisposable {
  readonly #home: PostgresHome;
  readonly #port: number;
  readonly #start: () => Promise<RunningPostgres>;
  readonly #owned: AsyncDisposable;
  #running: RunningPostgres | undefined;

  constructor(
    home: PostgresHome,
    port: number,
    start: () => Promise<RunningPostgres>,
    owned: AsyncDisposable,
  ) {
    this.#home = home;
    this.#port = port;
    this.#start = start;
    this.#owned = owned;
  }

  static async open(purpose: string): Promise<OperatedPostgres> {
    await using stack = new AsyncDisposableStack();
    const { path } = stack.use(await temporaryDirectory(purpose));
    const port = stack.use(claimPorts(1)).ports[0]!;
    const tools = await findPostgresTools();
    const dataDir = join(path, "postgres");
    const home = await settlePostgres(dataDir, undefined, tools);
    stack.defer(() => forgetMoved(home));
    const options = { dataDir, durable: false, kept: true, port, tools };
    return new OperatedPostgres(home, port, () => startPostgres(options), stack.move());
  }

  get address(): Address {
    return { hostname: "127.0.0.1", port: this.#port };
  }

  urlAs(role: string, database = "fanfare", address = this.address): string {
    return `postgres://${role}@127.0.0.1:${address.port}/${database}`;
  }

  async start(): Promise<void> {
    this.#running = await this.#start();
  }

  async restart(): Promise<void> {
    await this.#running?.[Symbol.asyncDispose]();
    await this.start();
  }

  /** Its machine is gone, and comes back with what was on its disk when it is started. */
  async kill(): Promise<void> {
    const { pid, status } = this.#running!;
    Deno.kill(pid, "SIGKILL");
    await status;
    await this.#running![Symbol.asyncDispose]();
  }

  /** Nothing of it is left but what was put elsewhere. */
  async destroy(): Promise<void> {
    await this.kill();
    await this.run('rm -rf "$PGDATA"');
  }

  async makeRoles(): Promise<void> {
    const roles = block(SETTINGS, "create role fanfare_owner");
    await this.run(`psql "$ADMIN" -v ON_ERROR_STOP=1 -f - <<'SQL'\n${roles}\nSQL`);
  }

  /** Types it, as the user that Postgres runs as; resolves to what it printed. */
  async run(command: string, env: Record<string, string> = {}): Promise<string> {
    const { directory, native, prefix, user } = this.#home;
    const [program, ...args] = [...prefix, "sh", "-euc", command];
    const { success, stdout, stderr } = await new Deno.Command(program!, {
      args,
      ...user,
      cwd: "/",
      env: {
        PATH: `${join(native, "bin")}:${Deno.env.get("PATH")}`,
        LC_ALL: "C",
        ADMIN: this.urlAs("postgres", "postgres"),
        DATABASE_OWNER_URL: this.urlAs("fanfare_owner"),
        PGDATA: join(directory, "cluster"),
        WAL: join(directory, "wal"),
        BASE: join(directory, "base"),
        ...env,
      },
    }).output();
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes).trim();
    assert.ok(success, `${command}\n${text(stdout)}\n${text(stderr)}`);
    return text(stdout);
  }

  /** All rows, as a superuser reads them. */
  async rows<Row extends object>(statement: string, database = "fanfare"): Promise<Row[]> {
    const sql = postgres(this.urlAs("postgres", database), { max: 1 });
    try {
      return [...await sql.unsafe<Row[]>(statement)];
    } finally {
      await sql.end();
    }
  }

  /** The first thing that it answers. */
  async ask(statement: string, database = "postgres"): Promise<string> {
    const [row] = await this.rows(statement, database);
    return String(Object.values(row!)[0]);
  }

  /** Everything that was committed until now is kept elsewhere. */
  async archived(): Promise<void> {
    const piece = await this.ask("select pg_walfile_name(pg_switch_wal())");
    const find = async () =>
      await this.ask("select coalesce(last_archived_wal, '') from pg_stat_archiver") >= piece ||
      undefined;
    await waitUntil(find, { what: `${piece} to be archived`, withinMs: 30_000, everyMs: 50 });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#running?.[Symbol.asyncDispose]();
    await this.#owned[Symbol.asyncDispose]();
  }
}

const RECOVERED_MS = 30_000;

/** Without being told to, a client loads anew: that epoch, and nothing but what was kept. */
export async function startsOver(
  device: Device,
  epoch: string,
  kept: readonly SendResult[],
): Promise<void> {
  const again = await device.until(
    () => device.subscriptions.find(({ position }) => position.epoch === epoch),
    `${device.user} to start over`,
    RECOVERED_MS,
  );
  assert.deepEqual([again.recovered, again.wasRecovering], [false, true]);
  const conversation = kept[0]!.conversation;
  const { events } = await device.rpc("history", { conversation, limit: 100 });
  assert.deepEqual(events.map(({ gsid }: SendResult) => gsid), gsidsOf(kept));
}

export const gsidsOf = (answers: readonly SendResult[]) => answers.map(({ gsid }) => gsid);

export async function sendAll(
  from: Device,
  to: Device,
  what: string,
  count: number,
): Promise<SendResult[]> {
  const answers: SendResult[] = [];
  for (let n = 0; n < count; n++) answers.push(await from.send(to.user, `${what}-${n}`));
  return answers;
}

/** No gsid twice, and each above the one before. */
export function assertRising(gsids: readonly number[]): void {
  assert.equal(new Set(gsids).size, gsids.length);
  assert.deepEqual(gsids, gsids.toSorted((a, b) => a - b));
}

/** As a well written app sends: again under the same id, until it is answered. */
export async function untilAnswered(send: () => Promise<SendResult>): Promise<SendResult> {
  for (;;) {
    try {
      return await send();
    } catch (error) {
      if (!isPassing(error)) throw error;
      await pause(50);
    }
  }
}

/** A server's temporary error, or one of the SDK's own. */
function isPassing(error: unknown): boolean {
  const { code = 0, temporary = false } = error as { code?: number; temporary?: boolean };
  return temporary || code < 100;
}
