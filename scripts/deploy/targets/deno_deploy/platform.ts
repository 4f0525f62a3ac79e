/**
 * Deno Deploy, through the `deno deploy` of whoever deploys.
 *
 * Invariant: nothing happens there but by `run`; the token is in the environment alone, and settings
 * go by a file that is gone afterwards, so that no list of processes shows either. What it refuses is an
 * error that says what to do.
 *
 * @module
 */

import { join } from "node:path";
import { envFile } from "../env_file.ts";
import type { App } from "./app_folder.ts";

export interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs `deno` with these words in a folder. */
export type RunDeno = (words: readonly string[], folder: string) => Promise<Ran>;

export interface Revision {
  revisionId: string;
  /** Of the domain that clients use. */
  host: string;
}

const FOR_PROGRAMS = ["--json", "--non-interactive"];
/** What its exit codes mean, and what helps. */
const CODES: Readonly<Record<number, string>> = {
  2: "it was called in a way that it does not know",
  3: "it does not know you: set DENO_DEPLOY_TOKEN",
  4: "there is no such app, or not for you: make it with deno deploy create, or name it with --app",
  5: "something else is under way there: try again when it is done",
  6: "the platform cannot be reached",
};

export function runDeno(deno: string = Deno.execPath()): RunDeno {
  return async (words, folder) => {
    const { code, stdout, stderr } = await new Deno.Command(deno, {
      args: [...words],
      cwd: folder,
      env: { NO_COLOR: "1" },
      stdin: "null",
    }).output();
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    return { code, stdout: text(stdout), stderr: text(stderr) };
  };
}

export class Platform {
  readonly #run: RunDeno;
  readonly #app: App;

  constructor(run: RunDeno, app: App) {
    this.#run = run;
    this.#app = app;
  }

  /** @throws {Error} When whoever deploys is nobody there. */
  async assertKnown(folder: string): Promise<void> {
    await this.#must("ask who one is", ["whoami"], folder);
  }

  /** They hold from the next revision on. `scratch`: a folder where their file is meanwhile. */
  async setSettings(
    settings: Readonly<Record<string, string>>,
    { folder, scratch }: { folder: string; scratch: string },
  ): Promise<void> {
    const place = await Deno.makeTempDir({ dir: scratch, prefix: "settings-" });
    try {
      const file = join(place, "edge.env");
      await Deno.writeTextFile(file, envFile(settings), { mode: 0o600 });
      await this.#must("set the settings", ["env", "load", file, "--replace"], folder);
    } finally {
      await Deno.remove(place, { recursive: true });
    }
  }

  /** Resolves when the revision serves. */
  async deploy(folder: string): Promise<Revision> {
    return revisionIn(await this.#must("deploy", ["--prod"], folder));
  }

  async #must(what: string, words: readonly string[], folder: string): Promise<string> {
    const { name, organisation } = this.#app;
    const app = ["--app", name, ...(organisation === undefined ? [] : ["--org", organisation])];
    const ran = await this.#run(["deploy", ...words, ...app, ...FOR_PROGRAMS], folder);
    if (ran.code === 0) return ran.stdout;
    const help = CODES[ran.code];
    throw new Error(
      `Cannot ${what} at Deno Deploy: ${[help, wordsIn(ran)].filter(Boolean).join("; ")}`,
    );
  }
}

interface Answer {
  revisionId?: string;
  url?: string;
  status?: string;
  timelines?: { domains?: (string | { domain?: string })[] }[];
}

/** @throws {Error} When it says that the revision does not serve, or where nothing. */
export function revisionIn(printed: string): Revision {
  const { revisionId, url, status, timelines = [] } = JSON.parse(printed) as Answer;
  const [domain] = timelines.flatMap(({ domains = [] }) => domains);
  const named = typeof domain === "string" ? domain : domain?.domain;
  const host = named ?? (url !== undefined && URL.canParse(url) ? new URL(url).host : undefined);
  if (revisionId === undefined || host === undefined) {
    throw new Error(`Cannot deploy at Deno Deploy: it names no revision or domain, but ${status}`);
  }
  return { revisionId, host };
}

/** One JSON object, or what it said instead. */
function wordsIn({ stdout, stderr }: Ran): string {
  const said = stderr.trim() || stdout.trim();
  try {
    const { message, error } = JSON.parse(said);
    return message ?? error?.message ?? (typeof error === "string" ? error : said);
  } catch {
    return said;
  }
}
