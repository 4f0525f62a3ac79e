/**
 * A statement as an origin writes it, and which one it is.
 *
 * Invariant: like the driver's, it runs when it is awaited, once, and is a fragment of another
 * statement until then.
 *
 * @module
 */

import { APPEND_STATEMENTS } from "./append_statements.ts";
import { AUDIT_STATEMENTS } from "./audit_statements.ts";
import { PUSH_STATEMENTS } from "./push_statements.ts";
import { READ_STATEMENTS } from "./read_statements.ts";
import type { Statement } from "./statement.ts";

const STATEMENTS: readonly Statement[] = [
  ...APPEND_STATEMENTS,
  ...READ_STATEMENTS,
  ...AUDIT_STATEMENTS,
  ...PUSH_STATEMENTS,
];

export class Query implements PromiseLike<unknown> {
  readonly #strings: TemplateStringsArray;
  readonly #values: readonly unknown[];
  readonly #run: (query: Query) => Promise<unknown>;
  #promise: Promise<unknown> | undefined;

  constructor(
    strings: TemplateStringsArray,
    values: readonly unknown[],
    run: (query: Query) => Promise<unknown>,
  ) {
    this.#strings = strings;
    this.#values = values;
    this.#run = run;
  }

  /** The same object for the same place in the program. */
  get place(): TemplateStringsArray {
    return this.#strings;
  }

  /** Blanks made one, a `$` for each value, without the fragments' own text. */
  get shape(): string {
    return squeeze(this.#strings.join("$"));
  }

  /** In order, with those of the fragments where they stand. */
  get values(): readonly unknown[] {
    if (!this.#values.some((value) => value instanceof Query)) return this.#values;
    return this.#values.flatMap((value) => value instanceof Query ? value.values : [value]);
  }

  then<Value = unknown, Reason = never>(
    resolve?: ((value: unknown) => Value | PromiseLike<Value>) | null,
    reject?: ((reason: unknown) => Reason | PromiseLike<Reason>) | null,
  ): Promise<Value | Reason> {
    this.#promise ??= this.#run(this);
    return this.#promise.then(resolve, reject);
  }
}

/** Remembers what it found, since the same places in the program ask again and again. */
export class StatementFinder {
  readonly #found = new WeakMap<TemplateStringsArray, Statement>();

  /** @throws {Error} When no statement of the model says this, or several do. */
  of(query: Query): Statement {
    const known = this.#found.get(query.place);
    if (known) return known;
    const found = find(query.shape);
    this.#found.set(query.place, found);
    return found;
  }
}

function find(shape: string): Statement {
  const found = STATEMENTS.filter(({ says }) =>
    says.startsWith("^") ? shape.startsWith(says.slice(1)) : shape.includes(says)
  );
  if (found.length !== 1) {
    throw new Error(
      `Cannot run a statement: the model knows ${found.length} like it, not one: ${shape}`,
    );
  }
  return found[0]!;
}

function squeeze(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}
