/**
 * The internal port of every program: is it alive, is it ready, what does it count, drain it.
 *
 * Invariant: `/live` looks at no dependency, or one that fails would have everything restarted at
 * once. What a check looks at is a function of the program that hands it in.
 *
 * @module
 */

import { Hono } from "hono";
import { Gauge, type Registry } from "prom-client";
import { isSameSecret } from "shared/http/secret.ts";
import { askedOnce } from "shared/metrics.ts";
import { VERSION } from "shared/version.ts";

/** Resolves to what is wrong, in words for an operator, or to nothing when all is well. */
export type Check = () => string | undefined | Promise<string | undefined>;

export interface InternalOptions {
  program: string;
  registry: Registry;
  checks: Readonly<Record<string, Check>>;
  isDraining: () => boolean;
  /** Begins to drain, and returns at once. */
  drain: () => void;
  /** When set, `POST /drain` needs it in the header `X-Admin-Key`; where not, no page may ask. */
  adminKey?: string | undefined;
  now: () => number;
}

export interface CheckReport {
  name: string;
  ok: boolean;
  ms: number;
  fault?: string;
}

const CHECK_TIMEOUT_MS = 1_000;

export function createInternalApp(options: InternalOptions): Hono {
  const app = new Hono();
  exposeReadiness(options);
  app.get("/live", (c) => c.json({ live: true }));
  app.get("/version", (c) => c.json({ program: options.program, version: VERSION }));
  app.get("/ready", async (c) => {
    const checks = await runChecks(options.checks, options.now);
    const draining = options.isDraining();
    const ready = !draining && checks.every((check) => check.ok);
    return c.json({ ready, draining, checks }, ready ? 200 : 503);
  });
  app.get("/metrics", async (c) => {
    const text = await options.registry.metrics();
    return c.text(text, 200, { "content-type": options.registry.contentType });
  });
  app.post("/drain", (c) => {
    const { adminKey } = options;
    // Only browsers send it: a page that somebody on this machine has open is no operator.
    if (adminKey === undefined && c.req.header("origin") !== undefined) {
      return c.json({ error: "a page may not ask for this where no ADMIN_KEY is set" }, 403);
    }
    if (adminKey !== undefined && !isSameSecret(c.req.header("x-admin-key"), adminKey)) {
      return c.json({ error: "the header X-Admin-Key is missing or wrong" }, 401);
    }
    options.drain();
    return c.json({ draining: true }, 202);
  });
  return app;
}

/** Whoever reads the metrics sees what `/ready` would say, and needs not ask it as well. */
function exposeReadiness(options: InternalOptions): void {
  const { program, registry, checks, isDraining, now } = options;
  const reports = askedOnce(() => runChecks(checks, now));
  const gauge = (name: string, help: string, read: (report: CheckReport) => number) =>
    new Gauge({
      name: `fanfare_process_${name}`,
      help,
      labelNames: ["program", "check"],
      registers: [registry],
      async collect() {
        for (const report of await reports()) {
          this.set({ program, check: report.name }, read(report));
        }
      },
    });
  gauge("check_ok", "1 while what readiness looks at is well, by what it is", ({ ok }) => +ok);
  gauge("check_seconds", "How long it took to look, a second at most", ({ ms }) => ms / 1000);
  new Gauge({
    name: "fanfare_process_ready",
    help: "1 while all checks are well and the process does not drain",
    labelNames: ["program"],
    registers: [registry],
    async collect() {
      this.set({ program }, +(!isDraining() && (await reports()).every(({ ok }) => ok)));
    },
  });
}

export function runChecks(
  checks: Readonly<Record<string, Check>>,
  now: () => number,
): Promise<CheckReport[]> {
  return Promise.all(
    Object.entries(checks).map(async ([name, check]) => {
      const startMs = now();
      const fault = await faultOf(check);
      const ms = Math.round((now() - startMs) * 10) / 10;
      return { name, ok: fault === undefined, ms, ...(fault !== undefined && { fault }) };
    }),
  );
}

async function faultOf(check: Check): Promise<string | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve(`no answer within ${CHECK_TIMEOUT_MS} ms`), CHECK_TIMEOUT_MS);
  });
  try {
    return await Promise.race([Promise.resolve().then(check), late]);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    clearTimeout(timer);
  }
}
