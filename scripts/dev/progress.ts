/**
 * What a system tells while it starts, and when a part of it had to be started again.
 *
 * Invariant: on a terminal one line shows what is still awaited, and each part that is ready gets
 * a line that stays; elsewhere there are only plain lines.
 *
 * @module
 */

export type Progress =
  | { part: string; state: "starting" }
  | { part: string; state: "ready"; ms: number }
  /** Its address was in the environment. */
  | { part: string; state: "given" }
  | { part: string; state: "fetching"; what: string }
  /** It had ended, by itself or by somebody's hand. */
  | { part: string; state: "again" };

export type Report = (progress: Progress) => void;

/** Starts a part and reports how long it took to be ready. */
export async function reported<T>(
  part: string,
  report: Report,
  start: () => Promise<T>,
): Promise<T> {
  const startedMs = performance.now();
  report({ part, state: "starting" });
  const result = await start();
  report({ part, state: "ready", ms: performance.now() - startedMs });
  return result;
}

/** Reports to a terminal, or to a file in plain lines. */
export function progressWriter(write: (text: string) => void, isTerminal: boolean): Report {
  const awaited = new Set<string>();
  return (progress) => {
    if (progress.state === "starting") awaited.add(progress.part);
    else if (progress.state !== "fetching") awaited.delete(progress.part);
    const line = describe(progress);
    if (!isTerminal) {
      if (line) write(`${line}\n`);
      return;
    }
    const waiting = awaited.size ? `  … ${[...awaited].join(", ")}` : "";
    write(`${CLEAR_LINE}${line ? `${line}\n` : ""}${waiting}`);
  };
}

const CLEAR_LINE = "\r\x1b[K";
const PART_WIDTH = 14;

function describe(progress: Progress): string | undefined {
  const part = `  ${progress.part.padEnd(PART_WIDTH)}`;
  switch (progress.state) {
    case "starting":
      return undefined;
    case "ready":
      return `${part} ready in ${(progress.ms / 1000).toFixed(1)} s`;
    case "given":
      return `${part} given by the environment`;
    case "again":
      return `${part} had ended, and runs again`;
    case "fetching":
      return `${part} fetching ${progress.what}`;
  }
}
