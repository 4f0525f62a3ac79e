/** The host as a process: that it comes back, and what a replica that stands still does to others. */
import assert from "node:assert/strict";
import { basename, dirname, join } from "node:path";
import { run } from "testing/dev.ts";
import { signalProcess } from "../../../../services/process.ts";
import { waitUntil } from "../../../../services/wait_until.ts";
import type { Judge } from "../../../target.ts";
import { HostClient } from "../host_client.ts";
import { localTarget, READY_MS } from "../testing/local_target.ts";
import { testRelease } from "../testing/releases.ts";
import type { WantedState } from "./slot.ts";

const MAIN = join(import.meta.dirname!, "main.ts");
const CONTENT: Judge = () => Promise.resolve();

/** An origin and two edges of one release. */
async function running() {
  const local = await localTarget();
  const target = local.open();
  const release = testRelease(1);
  await target.stage(release);
  await target.roll("origin", release.id, CONTENT);
  await target.roll("edge", release.id, CONTENT);
  const read = async (name: string) =>
    JSON.parse(await Deno.readTextFile(join(local.folder, name)));
  return Object.assign(local, {
    release,
    read,
    /** Until each has answered that it is. */
    async allReady(): Promise<void> {
      await waitUntil(async () => {
        const replicas = await HostClient.find(local.folder) && (await local.state()).replicas;
        return replicas?.length === 3 && replicas.every(({ isReady }) => isReady) || undefined;
      }, { what: "all to be ready", withinMs: READY_MS, everyMs: 50 });
    },
    async killHost(): Promise<void> {
      const { pid } = await local.state();
      signalProcess(pid, "SIGKILL");
      await waitUntil(() => signalProcess(pid, "SIGCONT") ? undefined : true, {
        what: "the host to be gone",
        withinMs: READY_MS,
      });
    },
  });
}

/** In the order of their slots: they come back in any. */
async function wantedIn({ read }: { read(name: string): Promise<WantedState> }) {
  const { replicas, ...rest } = await read("wanted.json");
  return { ...rest, replicas: replicas.toSorted((a, b) => a.slot < b.slot ? -1 : 1) };
}

Deno.test("a host comes back as often as it is killed, with all that ran, and where, though that was taken once", async () => {
  await using local = await running();
  const wanted = await wantedIn(local);
  const { hostname, port } = wanted.listen.edge!;
  for (const isTaken of [false, true, false]) {
    await local.killHost();
    using _other = isTaken ? Deno.listen({ hostname, port }) : undefined;
    await HostClient.ensure(local.folder);
    await local.allReady();
    assert.deepEqual(await wantedIn(local), wanted);
    const { replicas, listen } = await local.state();
    const scraped = (await local.read("scrape.json")).flatMap(
      ({ targets }: { targets: string[] }) => targets,
    );
    const internal = replicas.map(({ internalPort }) => `127.0.0.1:${internalPort}`);
    assert.deepEqual(scraped.toSorted(), internal.toSorted());
    assert.deepEqual(listen.edge, isTaken ? undefined : wanted.listen.edge);
  }
  assert.equal(await local.answer(), local.release.id);
});

Deno.test("a host that one starts oneself, for a folder as one calls it, hands nothing of one's own on", async () => {
  await using local = await running();
  await local.killHost();
  // With this a program of the test's would end as it starts.
  const env = { LOG_LEVEL: "error" };
  const child = run([MAIN, basename(local.folder)], dirname(local.folder), env);
  try {
    await local.allReady();
    assert.equal(await local.answer(), local.release.id);
  } finally {
    child.kill("SIGTERM");
    await child.status;
    await child.drained;
  }
});

Deno.test("a replica that stands still gets no more users, and holds up nobody else", async () => {
  await using local = await running();
  const [frozen, other] = await local.edges();
  signalProcess(frozen!.pid, "SIGSTOP");
  try {
    signalProcess(other!.pid, "SIGKILL");
    await waitUntil(async () => {
      const [one, two] = await local.edges();
      return two!.pid !== other!.pid && two!.isReady && !one!.isReady || undefined;
    }, { what: "the one to be passed over, the other to be back", withinMs: READY_MS });
    assert.equal(await local.answer(), local.release.id);
  } finally {
    signalProcess(frozen!.pid, "SIGCONT");
  }
  await local.allReady();
});
