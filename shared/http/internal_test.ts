import assert from "node:assert/strict";
import { Registry } from "prom-client";
import { createInternalApp, type InternalOptions } from "shared/http/internal.ts";
import { createMetrics } from "shared/metrics.ts";
import { serveHttp } from "shared/http/serve.ts";

function appWith(options: Partial<InternalOptions>) {
  return createInternalApp({
    program: "origin",
    registry: new Registry(),
    checks: {},
    isDraining: () => false,
    drain: () => {},
    now: () => 0,
    ...options,
  });
}

Deno.test("/live looks at no check", async () => {
  const app = appWith({ checks: { database: () => "down" } });
  assert.equal((await app.request("/live")).status, 200);
});

Deno.test("/ready names what is wrong, in words", async () => {
  const app = appWith({
    checks: {
      bus: () => undefined,
      database: () => Promise.reject(new Error("connection refused")),
    },
  });
  const response = await app.request("/ready");
  assert.equal(response.status, 503);
  assert.deepEqual(await response.json(), {
    ready: false,
    draining: false,
    checks: [
      { name: "bus", ok: true, ms: 0 },
      { name: "database", ok: false, ms: 0, fault: "connection refused" },
    ],
  });
});

Deno.test("/ready is 200 while all is well, and 503 while draining", async () => {
  let draining = false;
  const app = appWith({ checks: { bus: () => undefined }, isDraining: () => draining });
  assert.equal((await app.request("/ready")).status, 200);
  draining = true;
  assert.equal((await app.request("/ready")).status, 503);
});

Deno.test("POST /drain wants the admin key when one is set", async () => {
  let drains = 0;
  const adminKey = "k".repeat(32);
  const app = appWith({ drain: () => drains++, adminKey });
  const post = (headers: Record<string, string>) =>
    app.request("/drain", { method: "POST", headers });
  assert.equal((await post({})).status, 401);
  assert.equal((await post({ "x-admin-key": "k".repeat(31) })).status, 401);
  assert.equal(drains, 0);
  assert.equal((await post({ "x-admin-key": adminKey })).status, 202);
  assert.equal(drains, 1);
  assert.equal((await app.request("/drain")).status, 404);
});

Deno.test("POST /drain is nothing that a page may ask for where no admin key is set", async () => {
  let drains = 0;
  const app = appWith({ drain: () => drains++ });
  const post = (headers: Record<string, string>) =>
    app.request("/drain", { method: "POST", headers });
  for (const origin of ["https://elsewhere.example", "http://127.0.0.1:9000", "null"]) {
    assert.equal((await post({ origin })).status, 403);
  }
  assert.equal(drains, 0);
  assert.equal((await post({})).status, 202);
  assert.equal(drains, 1);
});

Deno.test("/metrics shows the build and the process", async () => {
  using metrics = createMetrics("origin", () => performance.now());
  const response = await appWith({ registry: metrics.registry }).request("/metrics");
  assert.match(response.headers.get("content-type")!, /^text\/plain/);
  const text = await response.text();
  assert.match(text, /fanfare_build_info\{program="origin",version="[^"]+",deno="[^"]+"\} 1/);
  assert.match(text, /fanfare_process_memory_bytes\{kind="resident"\} \d+/);
});

Deno.test("/metrics says what /ready would say, as of now", async () => {
  const registry = new Registry();
  let fault: string | undefined = "not connected", draining = false, looks = 0;
  const app = appWith({
    registry,
    checks: { nats: () => (looks++, fault), origin: () => undefined },
    isDraining: () => draining,
  });
  const read = async () => (await (await app.request("/metrics")).text()).split("\n");
  let lines = await read();
  assert.equal(looks, 1, "one look for all metrics");
  assert.ok(lines.includes('fanfare_process_check_ok{program="origin",check="nats"} 0'));
  assert.ok(lines.includes('fanfare_process_check_ok{program="origin",check="origin"} 1'));
  assert.ok(lines.includes('fanfare_process_ready{program="origin"} 0'));
  fault = undefined;
  assert.ok((await read()).includes('fanfare_process_ready{program="origin"} 1'));
  draining = true;
  lines = await read();
  assert.ok(lines.includes('fanfare_process_ready{program="origin"} 0'));
  assert.ok(lines.includes('fanfare_process_check_ok{program="origin",check="nats"} 1'));
});

Deno.test("serveHttp() answers what is under way before it closes, and hides what is thrown", async () => {
  const started = Promise.withResolvers<void>();
  const go = Promise.withResolvers<void>();
  const errors: unknown[] = [];
  const server = serveHttp(async (request) => {
    if (request.url.endsWith("/throw")) throw new Error("a secret");
    started.resolve();
    await go.promise;
    return new Response("done");
  }, { hostname: "127.0.0.1", port: 0, onError: (error) => errors.push(error) });
  const failed = await fetch(`${server.url}/throw`);
  assert.equal(failed.status, 500);
  assert.doesNotMatch(await failed.text(), /secret/);
  assert.equal(errors.length, 1);
  const answer = fetch(`${server.url}/slow`);
  await started.promise;
  const closed = server.close();
  go.resolve();
  assert.equal(await (await answer).text(), "done");
  await closed;
});
