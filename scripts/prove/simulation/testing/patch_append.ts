/**
 * Replacing what the model of the database does when messages are appended. For tests alone.
 *
 * @module
 */

import { StatementFinder } from "../model/postgres/query.ts";
import type { Statement } from "../model/postgres/statement.ts";
import { patch, type Undo } from "./patch.ts";

type Run = Statement["run"];

/** `wrap` is given what the model does. */
export function patchAppend(wrap: (original: Run) => Run): Undo {
  return patch(
    StatementFinder.prototype,
    "of",
    (original) =>
      function (this: StatementFinder, query) {
        const statement = original.call(this, query);
        if (!statement.says.includes("append_messages")) return statement;
        return { ...statement, run: wrap(statement.run) };
      },
  );
}
