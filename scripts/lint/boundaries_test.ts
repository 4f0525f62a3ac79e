import assert from "node:assert/strict";
import plugin from "./boundaries.ts";

function faults(path: string, source: string): string[] {
  return Deno.lint.runPlugin(plugin, path, source).map(({ message }) => message);
}

/** Each source must be faulted once, by words that match; or not at all. */
function assertFaults(cases: [path: string, source: string, words?: RegExp][]): void {
  for (const [path, source, words] of cases) {
    const found = faults(path, source);
    assert.equal(found.length, words ? 1 : 0, `${path}: ${source} → ${found.join("; ")}`);
    if (words) assert.match(found[0]!, words);
  }
}

Deno.test("imports: a part imports itself and shared, and edge and origin never each other", () => {
  const other = /may import \w+( and \w+)?, not (edge|origin|scripts)/;
  assertFaults([
    ["edge/hub/hub.ts", `import { a } from "shared/gsid.ts";`],
    ["edge/hub/hub.ts", `import { a } from "../session/step.ts";`],
    ["edge/hub/hub.ts", `import { a } from "origin/serve.ts";`, other],
    ["edge/hub/hub.ts", `import { a } from "../../origin/serve.ts";`, other],
    ["edge/hub/hub.ts", `import type { a } from "origin/serve.ts";`, other],
    ["edge/hub/hub.ts", `const a = await import("origin/serve.ts");`, other],
    ["edge/hub/hub_test.ts", `import { a } from "origin/serve.ts";`, other],
    ["origin/serve.ts", `export { a } from "edge/app.ts";`, other],
    ["origin/serve.ts", `export * from "edge/app.ts";`, other],
    ["shared/gsid.ts", `import { a } from "edge/app.ts";`, other],
    ["shared/gsid.ts", `import { a } from "../origin/serve.ts";`, other],
    ["shared/bus/nats.ts", `import { a } from "./bus.ts";`],
    ["scripts/dev/main.ts", `import { a } from "edge/app.ts"; import { b } from "origin/b.ts";`],
    ["edge/app.ts", `import { a } from "../scripts/dev/main.ts";`, other],
  ]);
});

Deno.test("imports: fixtures and services are for tests and scripts", () => {
  assertFaults([
    ["edge/app_test.ts", `import { a } from "testing/nats.ts";`],
    ["edge/app_test.ts", `import { a } from "../scripts/services/postgres.ts";`],
    ["origin/requests/testing.ts", `import { a } from "testing/database.ts";`],
    ["scripts/dev/main.ts", `import { a } from "../services/postgres.ts";`],
    ["edge/app.ts", `import { a } from "testing/nats.ts";`, /for tests and scripts/],
    ["origin/a.ts", `import { a } from "../scripts/services/p.ts";`, /for tests and scripts/],
    ["edge/session/step.ts", `import { a } from "./testing/world.ts";`, /is for tests/],
    ["edge/session/step_test.ts", `import { a } from "./testing/world.ts";`],
    ["edge/app.ts", `import assert from "node:assert/strict";`, /belongs to tests/],
    ["edge/app.ts", `import { join } from "node:path";`],
  ]);
});

Deno.test("imports: each package has its home", () => {
  assertFaults([
    ["edge/socket/accept.ts", `import { a } from "ws";`],
    ["edge/session/step.ts", `import { a } from "ws";`, /ws is at home in edge\/socket\/ only/],
    ["shared/bus/nats.ts", `import { a } from "@nats-io/transport-node";`],
    ["edge/app.ts", `import { a } from "@nats-io/jetstream";`, /at home in shared\/bus\/ only/],
    ["origin/push/gateway/fcm.ts", `import { a } from "firebase-admin/messaging";`],
    ["origin/push/queue.ts", `import { a } from "firebase-admin/app";`, /at home in/],
    ["edge/app.ts", `import postgres from "postgres";`, /at home in origin/],
    ["edge/app.ts", `import { a } from "commander";`, /tests and scripts only/],
    ["edge/app_test.ts", `import { a } from "ws";`],
    ["scripts/cli/main.ts", `import { a } from "commander";`],
    ["scripts/cli/main.ts", `import { a } from "left-pad";`, /has no home/],
    ["shared/log.ts", `import { a } from "npm:ws@8";`, /has no home/],
  ]);
});

Deno.test("effects: the process belongs to main.ts, the console to the log", () => {
  assertFaults([
    ["edge/main.ts", `Deno.env.get("A"); Deno.exit(1);`],
    ["edge/config.ts", `Deno.env.get("A");`, /Cannot use Deno\.env here/],
    ["edge/config.ts", `globalThis.Deno.exit(1);`, /Cannot use Deno\.exit here/],
    ["edge/config.ts", `Deno["exit"](1);`, /Cannot use Deno\.exit here/],
    ["origin/a.ts", `Deno.addSignalListener("SIGTERM", stop);`, /Deno\.addSignalListener/],
    ["origin/a.ts", `const { env } = Deno;`, /Cannot take Deno apart/],
    ["origin/a.ts", `await Deno.readTextFile("a");`],
    ["origin/a.ts", `console.log("a");`, /Cannot write to the console/],
    ["shared/log.ts", `console.log("a");`],
    ["scripts/cli/main.ts", `console.log(Deno.env.get("A"));`],
    ["edge/a_test.ts", `console.log(Deno.env.get("A"));`],
  ]);
});

Deno.test("topics: only shared/topic.ts spells one", () => {
  const spelled = /Cannot spell the topic/;
  assertFaults([
    ["shared/topic.ts", "const a = `user-inbox-${b}`;"],
    ["edge/a.ts", "const a = `user-inbox-${b}`;", spelled],
    ["origin/a.ts", `key.startsWith("group-chat-");`, spelled],
    ["origin/a.ts", `bus.publish("chat.system-alerts", a);`, spelled],
    ["origin/a.ts", `if (topic.kind === "user-inbox") b();`],
    ["edge/a_test.ts", `hear("chat.system-alerts");`],
  ]);
});

Deno.test("pure: what the header says is kept", () => {
  const header = "/**\n * Decides. Pure.\n *\n * @module\n */\n";
  const handedIn = /must be handed in/;
  assertFaults([
    ["origin/a/decide.ts", `Date.now();`],
    ...[
      `Date.now();`,
      `new Date();`,
      `Math.random();`,
      `fetch("a");`,
      `setTimeout(a, 1);`,
      `globalThis.setTimeout(a, 1);`,
      `crypto.randomUUID();`,
      `performance.now();`,
      `import { a } from "node:crypto";`,
    ].map((source): [string, string, RegExp] => ["origin/a/decide.ts", header + source, handedIn]),
    ["origin/a/decide.ts", header + `new Date(1).toISOString(); Math.max(1, 2); time.now();`],
    ["origin/a/decide.ts", header + `import type { a } from "node:net";`],
    ["origin/a/decide_test.ts", header + `Date.now();`],
    ["origin/a/shell.ts", `/** Performs what decide.ts decided. */ // Pure\nDate.now();`],
  ]);
});
