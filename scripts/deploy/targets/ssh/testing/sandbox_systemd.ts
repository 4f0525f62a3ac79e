/**
 * What of systemd a deployment uses, for units that start real processes on this machine.
 *
 * Invariant: a unit is started as its file says (program, settings, folder, signal, time to end, and
 * started again when it ends), as the file was when units were read last. Confinement alone is left
 * out: no running systemd is needed. Whatever runs has ended when it is disposed of.
 *
 * @module
 */

import { join } from "node:path";
import { type ServerProcess, startProcess } from "../../../../services/process.ts";
import type { Ran } from "../run_fed.ts";

interface Service {
  unit: Map<string, string[]>;
  process: ServerProcess;
  wanted: boolean;
  restarts: number;
  again?: ReturnType<typeof setTimeout>;
}

/** Reads the files that systemd would, and becomes the program. */
const START = `set -a
for file in $FILES; do . "$file"; done
unset FILES
exec "$1"`;

export class SandboxSystemd implements AsyncDisposable {
  readonly #units: string;
  readonly #logs: string;
  readonly #read = new Map<string, string>();
  readonly #services = new Map<string, Service>();
  /** Every command, in order. */
  readonly commands: string[] = [];

  constructor(units: string, logs: string) {
    this.#units = units;
    this.#logs = logs;
  }

  async systemctl(words: readonly string[]): Promise<Ran> {
    const [command, ...rest] = words.filter((word) => !word.startsWith("--"));
    const service = rest[0] ?? "";
    this.commands.push([command, ...rest].join(" "));
    if (command === "daemon-reload") this.#read.clear();
    else if (command === "enable") this.#start(service);
    else if (command === "stop") return await this.#stop(service);
    else if (command === "show") return ran(this.#show(service));
    else if (command !== "disable" && command !== "reset-failed") {
      throw new Error(`Cannot imitate systemctl ${words.join(" ")}`);
    }
    return ran("");
  }

  journalctl(words: readonly string[]): Ran {
    const service = words[words.indexOf("--unit") + 1]!;
    const lines = Number(words[words.indexOf("--lines") + 1]);
    const log = Deno.readTextFileSync(join(this.#logs, `${service}.log`));
    return ran(log.trimEnd().split("\n").slice(-lines).join("\n"));
  }

  pidOf(service: string): number | undefined {
    const running = this.#services.get(service);
    return running && !running.process.ended() ? running.process.pid : undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const service of this.#services.keys()) await this.#stop(service);
  }

  #start(service: string): void {
    const running = this.#services.get(service);
    if (running?.wanted) return;
    const unit = this.#unitOf(service);
    this.#launch(service, unit, 0);
  }

  #launch(name: string, unit: Map<string, string[]>, restarts: number): void {
    const one = (key: string) => unit.get(key)!.at(-1)!;
    const process = startProcess("env", {
      name,
      args: [
        "-i",
        "PATH=/usr/local/bin:/usr/bin:/bin",
        ...unit.get("Environment")!,
        `FILES=${unit.get("EnvironmentFile")!.join(" ")}`,
        ...["sh", "-c", START, "sh", one("ExecStart")],
      ],
      cwd: one("WorkingDirectory"),
      logFile: join(this.#logs, `${name}.log`),
      stopSignal: one("KillSignal") as Deno.Signal,
      stopMs: seconds(one("TimeoutStopSec")) * 1000,
    });
    const service: Service = { unit, process, wanted: true, restarts };
    this.#services.set(name, service);
    process.status.then(({ code }) => {
      if (!service.wanted || one("Restart") !== "always") return;
      if (String(code) === one("RestartPreventExitStatus")) return;
      const afterMs = seconds(one("RestartSec")) * 1000;
      service.again = setTimeout(() => this.#launch(name, unit, service.restarts + 1), afterMs);
    });
  }

  async #stop(name: string): Promise<Ran> {
    const service = this.#services.get(name);
    if (service) {
      service.wanted = false;
      clearTimeout(service.again);
      await service.process.stop();
    }
    return ran("");
  }

  #show(name: string): string {
    const service = this.#services.get(name);
    const active = !service || !service.wanted
      ? "inactive"
      : !service.process.ended()
      ? "active"
      : service.again === undefined
      ? "failed"
      : "activating";
    return `ActiveState=${active}\nNRestarts=${service?.restarts ?? 0}\n`;
  }

  /** As it was when it was read last, with `%i` filled in. */
  #unitOf(service: string): Map<string, string[]> {
    const [, template, instance] = /^(.+@)(.+)\.service$/.exec(service)!;
    const file = `${template}.service`;
    const text = this.#read.get(file) ?? Deno.readTextFileSync(join(this.#units, file));
    this.#read.set(file, text);
    const unit = new Map<string, string[]>();
    for (const [, key, value] of text.matchAll(/^(\w+)=(.*)$/gm)) {
      unit.set(key!, [...unit.get(key!) ?? [], value!.replaceAll("%i", instance!)]);
    }
    return unit;
  }
}

function seconds(text: string): number {
  return Number.parseInt(text);
}

function ran(stdout: string): Ran {
  return { code: 0, stdout, stderr: "" };
}
