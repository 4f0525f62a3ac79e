import assert from "node:assert/strict";
import { openLog } from "shared/log.ts";

Deno.test("openLog() writes one JSON object a line, from its level up", () => {
  const lines: string[] = [];
  const log = openLog({
    program: "origin",
    level: "info",
    terminal: false,
    write: (line) => lines.push(line),
  });
  log.debug("not shown");
  log.warning("presence is unknown", { ms: 250, cause: new Error("down") });
  assert.equal(lines.length, 1);
  const line = JSON.parse(lines[0]!);
  assert.equal(line.level, "WARN");
  assert.equal(line.logger, "origin");
  assert.equal(line.message, "presence is unknown");
  assert.equal(line.fields.ms, 250);
  assert.equal(line.fields.cause.message, "down");
});

Deno.test("openLog() leaves out what a database attaches to its errors", () => {
  const lines: string[] = [];
  const log = openLog({
    program: "origin",
    level: "info",
    terminal: false,
    write: (line) => lines.push(line),
  });
  const error = Object.assign(new Error("refused"), {
    code: "23505",
    parameters: ["a private body"],
  });
  log.error("an append failed", { error: new Error("outer", { cause: error }) });
  assert.doesNotMatch(lines[0]!, /private/);
  assert.equal(JSON.parse(lines[0]!).fields.error.cause.code, "23505");
});

Deno.test("openLog() shows the fields on a terminal too", () => {
  const lines: string[] = [];
  const log = openLog({
    program: "origin",
    level: "debug",
    terminal: true,
    write: (line) => lines.push(line),
  });
  log.debug("drained", { ms: 12 });
  assert.match(lines[0]!, /drained.*ms=.*12/);
});
