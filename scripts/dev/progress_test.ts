import assert from "node:assert/strict";
import { progressWriter, reported } from "./progress.ts";

Deno.test("progress off a terminal is plain lines, one for each part that is ready", async () => {
  let written = "";
  const report = progressWriter((text) => written += text, false);
  assert.equal(await reported("postgres", report, () => Promise.resolve(7)), 7);
  report({ part: "nats", state: "fetching", what: "nats-server" });
  report({ part: "redis", state: "given" });
  assert.match(written, /^ {2}postgres +ready in 0\.\d s\n {2}nats +fetching nats-server\n/);
  assert.ok(written.endsWith("redis          given by the environment\n"));
  report({ part: "edge-0", state: "again" });
  assert.ok(written.endsWith("  edge-0         had ended, and runs again\n"));
  // deno-lint-ignore no-control-regex -- escapes are what must not be there
  assert.doesNotMatch(written, /[\r\x1b]/);
});

Deno.test("progress on a terminal shows what is still awaited", () => {
  const writes: string[] = [];
  const report = progressWriter((text) => void writes.push(text), true);
  report({ part: "postgres", state: "starting" });
  report({ part: "nats", state: "starting" });
  report({ part: "postgres", state: "ready", ms: 640 });
  report({ part: "nats", state: "ready", ms: 30 });
  const cleared = (text: string) => `\r\x1b[K${text}`;
  assert.deepEqual(writes, [
    cleared("  … postgres"),
    cleared("  … postgres, nats"),
    cleared("  postgres       ready in 0.6 s\n  … nats"),
    cleared("  nats           ready in 0.0 s\n"),
  ]);
});
