/**
 * What explains a failure, kept at the end of a run: histories, truth, logs.
 *
 * Invariant: all of it is written unless the run is said to have passed, even if it never began.
 *
 * @module
 */

import { join } from "node:path";
import type { Recorder } from "./history/recorder.ts";
import type { Truth } from "./history/truth.ts";
import { writeHistory, writeTruth } from "./history/write.ts";

export class KeptEvidence implements AsyncDisposable {
  passed = false;
  truth: Truth | undefined;
  readonly #folder: string;
  readonly #logs: string;
  readonly #recorder: Recorder;

  /** From `logs`, and what is recorded, into `folder`. */
  constructor(folder: string, logs: string, recorder: Recorder) {
    this.#folder = folder;
    this.#logs = logs;
    this.#recorder = recorder;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.passed) return;
    await writeHistory(this.#folder, this.#recorder.history);
    if (this.truth) await writeTruth(this.#folder, this.truth);
    await copyFiles(this.#logs, join(this.#folder, "logs"));
  }
}

async function copyFiles(from: string, to: string): Promise<void> {
  await Deno.mkdir(to, { recursive: true });
  for await (const { name, isFile } of Deno.readDir(from)) {
    if (isFile) await Deno.copyFile(join(from, name), join(to, name));
  }
}
