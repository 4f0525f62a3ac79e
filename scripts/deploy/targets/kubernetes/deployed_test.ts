import assert from "node:assert/strict";
import { deployedOf, faultsIn } from "./deployed.ts";
import { askedFor } from "./testing/asked.ts";

Deno.test("an edge may connect to what its settings name, and not to Postgres; an origin may", () => {
  const edge = deployedOf("edge", askedFor("edge"));
  assert.deepEqual(edge.egressPorts.toSorted((a, b) => a - b), [443, 4222]);
  assert.ok(deployedOf("origin", askedFor("origin")).egressPorts.includes(5432));
});

Deno.test("a program is started by its own task, on the ports of its pod", () => {
  const { command } = deployedOf("edge", askedFor("edge"));
  assert.deepEqual(command.slice(0, 3), ["deno", "run", "--cached-only"]);
  const network = "0.0.0.0:8000,0.0.0.0:9000,nats.example.com:4222,redis.example.com:443";
  assert.ok(command.includes(`--allow-net=${network}`), command.join(" "));
  assert.equal(command.at(-1), "edge/main.ts");
});

Deno.test("an edge has memory for what may wait for its clients, and is scaled while half full", () => {
  const settings = { ...askedFor("edge").settings, MAX_CONNECTIONS: "10000" };
  const few = deployedOf("edge", askedFor("edge", { settings }));
  const more = { ...settings, SEND_BUFFERS_TOTAL_BYTES: `${4 * 1024 ** 3}` };
  const many = deployedOf("edge", askedFor("edge", { settings: more }));
  assert.equal(many.memoryMiB - few.memoryMiB, 3 * 1024);
  assert.deepEqual(few.scaling, { most: 12, connectionsEach: 5000 });
});

Deno.test("faultsIn() takes an image with a tag or a digest, and no other", () => {
  const digest = `fanfare@sha256:${"0".repeat(64)}`;
  const faults = (image: string) => faultsIn("edge", askedFor("edge", { image })).length;
  assert.deepEqual(["fanfare:1", "host:5000/fanfare:1", digest].map(faults), [0, 0, 0]);
  assert.deepEqual(["fanfare", "fanfare:latest", "host:5000/fanfare"].map(faults), [1, 1, 1]);
});

Deno.test("faultsIn() refuses an internal port that anybody may drain by, and a scale that shrinks", () => {
  const { ADMIN_KEY: _, ...settings } = askedFor("edge").settings;
  const faults = faultsIn("edge", askedFor("edge", { settings, mostEdges: 2 }));
  assert.equal(faults.length, 2);
  assert.match(faults.join(), /ADMIN_KEY must be set.*--max-edges 2 is less than the 3/);
});
