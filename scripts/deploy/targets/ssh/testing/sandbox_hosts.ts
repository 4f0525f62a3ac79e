/**
 * Hosts that are folders of this machine: what is run on one is run here, for real.
 *
 * Invariant: all but systemd's own commands and the question what a host has is done by the programs
 * that a host would do it with. Everything that was started has ended when it is disposed of.
 *
 * @module
 */

import { join } from "node:path";
import { FACTS_SCRIPT } from "../facts.ts";
import type { Reached } from "../../forward.ts";
import type { Hosts } from "../hosts.ts";
import { type Layout, layoutIn } from "../layout.ts";
import { type Ran, runFed } from "../run_fed.ts";
import { SandboxSystemd } from "./sandbox_systemd.ts";

export class SandboxHosts implements Hosts, AsyncDisposable {
  readonly #folder: string;
  readonly #denoDir: string;
  readonly #hosts = new Map<string, SandboxSystemd>();

  /** `denoDir`: this machine's own, which has all packages already. */
  constructor(folder: string, denoDir: string) {
    this.#folder = folder;
    this.#denoDir = denoDir;
  }

  layoutOf(host: string): Layout {
    const at = (path: string) => join(this.#folder, host, path);
    return layoutIn(at("opt/fanfare"), { units: at("units"), denoDir: this.#denoDir });
  }

  systemdOf(host: string): SandboxSystemd {
    const known = this.#hosts.get(host);
    if (known) return known;
    const { units, folder } = this.layoutOf(host);
    for (const path of [units, folder]) Deno.mkdirSync(path, { recursive: true });
    const systemd = new SandboxSystemd(units, units);
    this.#hosts.set(host, systemd);
    return systemd;
  }

  async run(
    host: string,
    words: readonly string[],
    stdin?: ReadableStream<Uint8Array>,
  ): Promise<Ran> {
    const systemd = this.systemdOf(host);
    if (words.includes(FACTS_SCRIPT)) return answer(factsOfThisMachine());
    const [command, ...args] = words as [string, ...string[]];
    if (command === "systemctl") return await systemd.systemctl(args);
    if (command === "journalctl") return systemd.journalctl(args);
    return await runFed(command, args, stdin);
  }

  reach(_host: string, port: number): Promise<Reached> {
    return Promise.resolve({ port, [Symbol.asyncDispose]: () => Promise.resolve() });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#hosts.values()].map((one) => one[Symbol.asyncDispose]()));
  }
}

function factsOfThisMachine(): string {
  return `uid 0\nsystemd 252\ndeno ${Deno.version.deno} ${Deno.execPath()}\n`;
}

function answer(stdout: string): Ran {
  return { code: 0, stdout, stderr: "" };
}
