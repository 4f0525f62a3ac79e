/**
 * What is told while a deployment goes on.
 *
 * Invariant: a step has one line when it is done, with how long it took; what is said in the middle of
 * it stands above that line, further in.
 *
 * @module
 */

import type { StepName } from "./plan.ts";

export interface Reporter {
  begin(step: StepName): void;
  /** In the middle of a step. */
  line(text: string): void;
  end(step: { name: StepName; ms: number; says: string }): void;
  fail(step: { name: StepName; ms: number; why: string }): void;
}

const NAME_WIDTH = 10;
const INDENT = " ".repeat(NAME_WIDTH + 4);
const CLEAR_LINE = "\r\x1b[K";

export function reporter(write: (text: string) => void, isTerminal: boolean): Reporter {
  let waiting = "";
  const print = (lines: string) => {
    if (!isTerminal) return write(`${lines}\n`);
    write(`${CLEAR_LINE}${lines}\n${waiting}`);
  };
  const result = (name: StepName, text: string) => {
    waiting = "";
    print(`  ${name.padEnd(NAME_WIDTH)}  ${indented(text)}`);
  };
  return {
    begin(step) {
      waiting = `  ${step.padEnd(NAME_WIDTH)}  …`;
      if (isTerminal) write(`${CLEAR_LINE}${waiting}`);
    },
    line: (text) => print(`${INDENT}${indented(text)}`),
    end: ({ name, ms, says }) => result(name, `done in ${seconds(ms)}: ${says}`),
    fail: ({ name, ms, why }) => result(name, `FAILED after ${seconds(ms)}: ${why}`),
  };
}

function indented(text: string): string {
  return text.replaceAll("\n", `\n${INDENT}`);
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
