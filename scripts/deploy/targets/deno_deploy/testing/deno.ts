/**
 * A `deno` that takes the words of `deno deploy` and answers as the platform is documented to.
 *
 * Invariant: what it was given is written down, the names and values of what `env load` read as well.
 *
 * @module
 */

import type { Ran, RunDeno } from "../platform.ts";

export class TestPlatform {
  readonly said: string[] = [];
  /** What each `env load` read. */
  readonly loaded: string[] = [];
  /** Of the next call that begins so. */
  #refusal: { begins: string; ran: Ran } | undefined;
  #revisions = 0;

  refuse(begins: string, code: number, error: unknown): void {
    const stderr = JSON.stringify(error);
    this.#refusal = { begins, ran: { code, stdout: "", stderr } };
  }

  readonly run: RunDeno = async (words) => {
    const said = words.join(" ");
    this.said.push(said);
    const refusal = this.#refusal;
    if (refusal && said.startsWith(refusal.begins)) {
      this.#refusal = undefined;
      return refusal.ran;
    }
    const [deploy, verb, load, file] = words;
    if (deploy !== "deploy") throw new Error(`Cannot imitate deno ${said}`);
    if (verb === "env" && load === "load") this.loaded.push(await Deno.readTextFile(file!));
    const answer = verb === "--prod" ? this.#revision() : {};
    return { code: 0, stdout: JSON.stringify(answer), stderr: "" };
  };

  #revision() {
    const revisionId = `revision-${++this.#revisions}`;
    return {
      revisionId,
      url: `https://console.deno.com/example/chat/builds/${revisionId}`,
      status: "routed",
      timelines: [{ partition: {}, domains: ["chat.example.deno.net"] }],
    };
  }
}
