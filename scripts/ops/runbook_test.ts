import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { METHODS } from "origin/api/methods.ts";
import { readEdge } from "edge/config.ts";
import { readOrigin } from "origin/config.ts";
import { settingsOf } from "shared/config/read.ts";
import denoJson from "../../deno.json" with { type: "json" };
import { readMigrate } from "../migrate/settings.ts";
import { ALERTS, runbookOf } from "./alerts/print.ts";
import { PARTS } from "../prove/parts.ts";
import { registeredMetrics } from "./registered.ts";

const FOLDER = import.meta.dirname!;
const TEXT = Deno.readTextFileSync(join(FOLDER, "RUNBOOK.md"));
const WORDS = ["Users notice", "Confirm", "Do", "Leave it"];
const INCIDENTS = [
  ...["NATS is down", "Redis is down", "Push stopped", "An edge is full"],
  ...["Postgres fails over", "Restore from a backup", "A bad release"],
];

const entries = new Map(
  TEXT.split(/\n### /).slice(1).map((entry) => {
    const [heading, ...body] = entry.split(/\n## /)[0]!.split("\n");
    return [heading!, body.join("\n")];
  }),
);

const anchorOf = (heading: string) => heading.toLowerCase().replaceAll(" ", "-");

/** What stands between backticks, and in blocks of code. */
const code = [...TEXT.matchAll(/```sh\n([^`]+)```|`([^`]+)`/g)].map(([, block, word]) =>
  block ?? word!
);

Deno.test("the runbook has an entry for every alert, for each incident, and no other", () => {
  const headings = [...INCIDENTS, ...ALERTS.map(({ name }) => name)];
  assert.deepEqual([...entries.keys()], headings);
  for (const { name } of ALERTS) {
    const [path, anchor] = runbookOf(name).split("#");
    assert.ok(Deno.statSync(join(FOLDER, "../..", path!)).isFile);
    assert.ok(headings.map(anchorOf).includes(anchor!), `${anchor}`);
  }
});

Deno.test("an entry says what users notice, how to confirm, what to do and what not", () => {
  for (const [heading, body] of entries) {
    if (/^\nSee \[/.test(body)) continue;
    const words = [...body.matchAll(/^- \*\*(.+)\*\*:/gm)].map(([, word]) => word);
    assert.deepEqual(words, WORDS, heading);
  }
});

Deno.test("every metric that the runbook names is registered, with the labels it gives", () => {
  const metrics = registeredMetrics();
  for (const name of new Set(TEXT.match(/\bfanfare_\w+/g))) {
    assert.ok(metrics.some((metric) => metric.name === name), name);
  }
  const labels = new Set(metrics.flatMap((metric) => metric.labels));
  for (const [, label] of TEXT.matchAll(/(\w+)="/g)) assert.ok(labels.has(label!), `${label}`);
});

Deno.test("every setting that the runbook names is read by a program", () => {
  const read = [readEdge, readOrigin, readMigrate].flatMap((reader) => settingsOf(reader)).map((
    { name },
  ) => name);
  for (const name of new Set(code.flatMap((text) => text.match(/\b[A-Z]+_[A-Z_]+\b/g) ?? []))) {
    assert.ok(read.includes(name), name);
  }
});

Deno.test("every command of the runbook exists", () => {
  const served = ["live", "ready", "metrics", "version", "drain"];
  const methods = METHODS.map(({ name }) => name);
  for (const text of code) {
    for (const [, path] of text.matchAll(/(?:EDGE|ORIGIN)\/(\w+)|^\/(\w+)$/gm)) {
      if (path) assert.ok(served.includes(path), text);
    }
    for (const [, method] of text.matchAll(/\/api\/([\w.]+)/g)) {
      assert.ok(methods.includes(method!), text);
    }
    for (const [, task] of text.matchAll(/deno task (\w+)/g)) {
      assert.ok(task! in denoJson.tasks, text);
    }
    for (const [path] of text.matchAll(/\b(?:scripts|edge|origin|shared)\/[\w/.]+/g)) {
      assert.ok(Deno.statSync(join(dirname(FOLDER), "..", path)), text);
    }
  }
});

Deno.test("of every entry the runbook says what exercises it: tests, and parts of the proof, that exist", () => {
  const [, exercised] = TEXT.split("\n## What of this is exercised\n");
  const rows = [...exercised!.matchAll(/^\| \[([^\]]+)\]\(#([^)]+)\) +\| (.+) \|$/gm)];
  assert.deepEqual(rows.map(([, entry]) => entry), ["Backups", "A standby", ...entries.keys()]);
  for (const [, entry, anchor, held] of rows) {
    assert.equal(anchor, anchorOf(entry!));
    const tests = [...held!.matchAll(/\[([^\]]+)\]\(([^)]+)\)/g)];
    const parts = [...held!.matchAll(/`prove --part ([^`]+)`/g)].map(([, part]) => part!);
    assert.ok(tests.length + parts.length > 0, `nothing exercises ${entry}`);
    for (const part of parts) assert.ok(PARTS.some(({ name }) => name === part), part);
    for (const [, test, file] of tests) {
      const text = Deno.readTextFileSync(join(FOLDER, file!));
      assert.ok(text.includes(`"${test}"`), `${file} has no test "${test}"`);
    }
  }
});
