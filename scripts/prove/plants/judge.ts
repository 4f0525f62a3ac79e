/**
 * Who may find a plant: commands that are green as long as nothing is wrong.
 *
 * Invariant: a judge is a command that is run in a copy of the project; it ends with 0 when it found
 * nothing, and says what it found otherwise. Equal commands are one judge, by id. Pure.
 *
 * @module
 */

export type JudgeKind = "history" | "simulation" | "explorer" | "test";

export interface Judge {
  readonly kind: JudgeKind;
  /** What tables call it. */
  readonly id: string;
  /** What follows `deno`. */
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Against what hangs: several times what it takes on a busy machine. */
  readonly withinMs: number;
}

/** The types are not checked again: a plant that is kept fresh has types that fit. */
const RUN = ["run", "-A", "--no-check"];

/** The history checker, over a real system in which this scene is played. */
export function history(scene: string): Judge {
  return {
    kind: "history",
    id: `history: ${scene}`,
    args: [...RUN, "scripts/prove/plants/scenes/main.ts", scene],
    withinMs: 120_000,
  };
}

/** The simulation, in the first worlds of so many: it ends with the first in which it finds something. */
export function simulation(seeds = 300): Judge {
  const args = ["scripts/prove/simulation/main.ts", "--seeds", `1-${seeds}`, "--threads", "1"];
  return {
    kind: "simulation",
    id: `simulation: ${seeds} seeds`,
    args: [...RUN, ...args],
    withinMs: 240_000,
  };
}

/** The explorer, in the worlds whose name begins like this. */
export function explorer(world: string): Judge {
  return {
    kind: "explorer",
    id: `explorer: ${world}`,
    args: [...RUN, "scripts/prove/explorer/main.ts", "--only", world],
    withinMs: 120_000,
  };
}

/** A test that stood before: one property or one race of a single part. */
export function test(file: string, env: Record<string, string> = {}): Judge {
  const id = `test: ${file.replace(/_test\.ts$/, "")}`;
  return { kind: "test", id, args: ["test", "-P", "--no-check", file], env, withinMs: 60_000 };
}
