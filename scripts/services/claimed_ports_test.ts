import assert from "node:assert/strict";
import { claimPorts, closedPort, isPortFree } from "./claimed_ports.ts";

const COUNT = 20;

/** All that draw by it draw the same ports, one after the other. */
function inOrder(): () => number {
  let drawn = 0;
  return () => 0.5 + drawn++ / 10_000;
}

const CLAIMANT = `
  import { claimPorts } from ${JSON.stringify(import.meta.resolve("./claimed_ports.ts"))};
  ${inOrder}
  const claimed = claimPorts(${COUNT}, inOrder());
`;

Deno.test("claimPorts() gives no port to two, in one process or in many that draw at once", async () => {
  await using stack = new AsyncDisposableStack();
  const claims = await Promise.all([
    claimInProcess(stack),
    claimInProcess(stack),
    stack.use(claimPorts(COUNT, inOrder())),
    stack.use(claimPorts(COUNT, inOrder())),
  ]);
  const ports = new Set(claims.flatMap((claim) => claim.ports));
  assert.equal(ports.size, claims.length * COUNT);
});

Deno.test("claimPorts() gives again what was given up, and what a killed process had claimed", async () => {
  await using stack = new AsyncDisposableStack();
  const { ports, kill } = await claimInProcess(stack);
  const draw = () => {
    using claimed = claimPorts(COUNT, inOrder());
    return claimed.ports;
  };
  const others = draw();
  assert.ok(!haveCommon(others, ports));
  assert.ok(haveCommon(draw(), others));
  await kill();
  assert.ok(haveCommon(draw(), ports));
});

Deno.test("closedPort() is free, and none that anybody can be given", () => {
  const lastClaim = 32_080, firstOfLinux = 32_768;
  for (const port of Array.from({ length: 200 }, closedPort)) {
    assert.ok(isPortFree(port) && port > lastClaim && port < firstOfLinux, `${port}`);
  }
});

/** Whoever else uses this machine may have some. */
function haveCommon(some: readonly number[], others: readonly number[]): boolean {
  return some.some((port) => others.includes(port));
}

interface Claimant {
  ports: readonly number[];
  kill(): Promise<void>;
}

async function claimInProcess(stack: AsyncDisposableStack): Promise<Claimant> {
  const source = `${CLAIMANT}
    console.log(JSON.stringify(claimed.ports));
    setInterval(() => {}, 60_000);`;
  const process = new Deno.Command(Deno.execPath(), {
    args: ["eval", source],
    stdout: "piped",
  }).spawn();
  let alive = true;
  const kill = async () => {
    if (alive) process.kill("SIGKILL");
    alive = false;
    await process.status;
  };
  stack.defer(kill);
  const reader = process.stdout.pipeThrough(new TextDecoderStream()).getReader();
  stack.defer(() => reader.cancel());
  let said = "";
  while (!said.endsWith("\n")) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`Cannot claim ports in a process: it said "${said}"`);
    said += value;
  }
  return { ports: JSON.parse(said), kill };
}
