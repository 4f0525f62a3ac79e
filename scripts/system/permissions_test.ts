import assert from "node:assert/strict";
import { startCommand } from "../dev/program.ts";

Deno.test("no program is given all permissions, the right to run others, or to write", () => {
  for (const kind of ["edge", "origin"] as const) {
    const flags = startCommand(kind).slice(1);
    const forbidden = flags.filter((flag) =>
      /^(-A|--allow-all|--allow-run|--allow-write|--allow-ffi)(=|$)/.test(flag)
    );
    assert.deepEqual(forbidden, [], kind);
  }
});
