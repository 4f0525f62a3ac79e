/**
 * Origins that die when they are told to, at a moment that they reach themselves.
 *
 * Invariant: an origin that is not told anything is as the delivered one, and one that died as it
 * was told does not do so again when it is started anew.
 *
 * @module
 */

import { join } from "node:path";
import type { Moment } from "origin/moments.ts";
import type { Build } from "../dev/program.ts";
import type { System } from "../dev/supervised_system.ts";
import { CRASHED, type Order } from "./crashing_origin/order.ts";

export class CrashPoints implements AsyncDisposable {
  /** For `startSystem`. */
  readonly builds: Record<string, Build> = {};
  readonly #folder: string;
  #orders = 0;

  private constructor(folder: string, origins: readonly string[]) {
    this.#folder = folder;
    for (const id of origins) {
      const file = this.#fileOf(id);
      this.builds[id] = {
        main: "scripts/faults/crashing_origin/main.ts",
        args: [file],
        reads: [file],
      };
    }
  }

  static async prepare(origins: readonly string[]): Promise<CrashPoints> {
    const points = new CrashPoints(await Deno.makeTempDir({ prefix: "fanfare-crash-" }), origins);
    await Promise.all(origins.map((id) => points.#order(id, { number: 0 })));
    return points;
  }

  /**
   * Has it die the next time that it is there. Resolves when it is told: what is sent from then on
   * meets it. `died` resolves when it has.
   *
   * @throws {Error} From `died`, when it ended of something else.
   */
  async arm(
    system: Pick<System, "ended">,
    id: string,
    moment: Moment,
  ): Promise<{ died: Promise<void> }> {
    const ended = system.ended(id);
    await this.#order(id, { number: ++this.#orders, moment });
    const died = ended.then(({ code, signal }) => {
      if (code === CRASHED) return;
      throw new Error(`Cannot crash ${id} ${moment}: it ended by itself (${signal ?? code})`);
    });
    return { died };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.#folder, { recursive: true });
  }

  #fileOf(id: string): string {
    return join(this.#folder, `${id}.json`);
  }

  /** At once as a whole: an origin may be reading. */
  async #order(id: string, order: Order): Promise<void> {
    const file = this.#fileOf(id), next = `${file}.next`;
    await Deno.writeTextFile(next, JSON.stringify(order));
    await Deno.rename(next, file);
  }
}
