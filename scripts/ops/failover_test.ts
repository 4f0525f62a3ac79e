/** The runbook's own commands, as they stand there, on a system whose primary is lost. */
import assert from "node:assert/strict";
import type { Device, SendResult } from "testing/client.ts";
import { TestSystem } from "testing/system.ts";
import { createSql, isOfStandby } from "origin/store/sql.ts";
import type { System } from "../dev/supervised_system.ts";
import { startSystem } from "../dev/system.ts";
import { TcpProxy } from "../faults/tcp_proxy.ts";
import { pause, waitUntil } from "../services/wait_until.ts";
import {
  assertRising,
  gsidsOf,
  OperatedPostgres,
  runbookBlock,
  sendAll,
  startsOver,
  untilAnswered,
} from "./testing.ts";

const COMMANDS = {
  follow: runbookBlock('pg_basebackup -d "$ADMIN" -D "$PGDATA" -R'),
  wait: runbookBlock("synchronous_standby_names = 'standby'"),
  look: runbookBlock("pg_stat_replication"),
  fence: runbookBlock("standby.signal"),
  promote: runbookBlock("pg_promote()"),
  beginEpoch: runbookBlock('psql "$STANDBY" -c "select begin_epoch()"'),
};
const BACK_MS = 30_000;
const UNHEARD_MS = 500;

/** A primary, its standby, and a system that knows but an address, which leads to the primary. */
class Site implements AsyncDisposable {
  readonly primary: OperatedPostgres;
  readonly standby: OperatedPostgres;
  /** Between them. */
  readonly wire: TcpProxy;
  readonly address: TcpProxy;
  readonly system: System;
  readonly #owned: AsyncDisposableStack;

  private constructor(
    parts: Pick<Site, "primary" | "standby" | "wire" | "address" | "system">,
    owned: AsyncDisposableStack,
  ) {
    ({
      primary: this.primary,
      standby: this.standby,
      wire: this.wire,
      address: this.address,
      system: this.system,
    } = parts);
    this.#owned = owned;
  }

  static async open(): Promise<Site> {
    await using stack = new AsyncDisposableStack();
    const primary = stack.use(await OperatedPostgres.open("primary"));
    const standby = stack.use(await OperatedPostgres.open("standby"));
    await primary.start();
    await primary.makeRoles();
    const wire = stack.use(new TcpProxy(primary.address));
    await follow(standby, primary.urlAs("postgres", "postgres", wire.address));
    const address = stack.use(new TcpProxy(primary.address));
    const system = stack.use(
      await startSystem({
        environment: {
          DATABASE_URL: primary.urlAs("fanfare_origin", "fanfare", address.address),
          DATABASE_OWNER_URL: primary.urlAs("fanfare_owner", "fanfare", address.address),
        },
      }),
    );
    return new Site({ primary, standby, wire, address, system }, stack.move());
  }

  /** By the runbook, in its order. What the old primary was is left as it is. */
  async promote(): Promise<void> {
    await this.standby.run(COMMANDS.promote, { STANDBY: this.standby.urlAs("postgres") });
  }

  async untilReady(says: "ready" | RegExp): Promise<void> {
    const { internal } = this.system.state.origins[0]!;
    await waitUntil(async () => {
      const response = await fetch(`${internal}/ready`);
      const text = await response.text();
      return (says === "ready" ? response.ok : says.test(text)) || undefined;
    }, { what: `the origin to be ${says}`, withinMs: BACK_MS, everyMs: 50 });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned.disposeAsync();
  }
}

async function follow(standby: OperatedPostgres, primary: string): Promise<void> {
  await standby.run(COMMANDS.follow, { ADMIN: primary });
  await standby.start();
}

async function untilFollowed(primary: OperatedPostgres, how: "sync" | "async"): Promise<void> {
  await waitUntil(async () => {
    const told = await primary.run(COMMANDS.look);
    return new RegExp(`standby +\\| streaming +\\| ${how}\\b`).test(told) || undefined;
  }, { what: `a standby that is ${how}`, withinMs: BACK_MS, everyMs: 50 });
}

/** As a well written app does: each under its id until it is answered, then the next. */
class Traffic {
  readonly acked: SendResult[] = [];
  readonly #done: Promise<void>;
  #isOver = false;

  constructor(from: Device, to: Device, what: string) {
    this.#done = this.#send(from, to, what);
  }

  async untilAcked(more: number): Promise<void> {
    const count = this.acked.length + more;
    const isSo = () => this.acked.length >= count || undefined;
    await waitUntil(isSo, { what: `${more} more answers`, withinMs: BACK_MS });
  }

  async stop(): Promise<SendResult[]> {
    this.#isOver = true;
    await this.#done;
    return this.acked;
  }

  async #send(from: Device, to: Device, what: string): Promise<void> {
    for (let n = 0; !this.#isOver; n++) {
      this.acked.push(await untilAnswered(() => from.send(to.user, `${what}-${n}`)));
      await pause(10);
    }
  }
}

const stored = async (database: OperatedPostgres) =>
  (await database.rows<{ gsid: string }>("select gsid from events order by gsid"))
    .map(({ gsid }) => Number(gsid));
const epochOf = (database: OperatedPostgres) => database.ask("select epoch from log", "fanfare");

Deno.test("a primary with a synchronous standby is lost: nothing that was answered goes with it, the epoch stays, and nothing is restarted", async () => {
  await using site = await Site.open();
  const { primary, standby, system } = site;
  await primary.run(COMMANDS.wait);
  await untilFollowed(primary, "sync");
  const epoch = await epochOf(primary);
  const { pid } = system.state.origins[0]!;
  const test = new TestSystem(system);
  await using ana = await test.device("ana", { edge: 0 });
  await using ben = await test.device("ben", { edge: 1 });
  await using away = await test.device("ben", { edge: 0, device: "tablet" });
  const there = new Traffic(ana, ben, "there"), back = new Traffic(ben, ana, "back");
  await Promise.all([there.untilAcked(20), back.untilAcked(20)]);
  await away.disconnect();
  await there.untilAcked(5);

  // What is committed here and now the standby never has: it must not be acknowledged.
  site.wire.hold();
  await pause(UNHEARD_MS);
  await primary.kill();
  site.wire.cut();
  await site.promote();
  site.address.leadTo(standby.address);
  await Promise.all([there.untilAcked(20), back.untilAcked(20)]);
  const acked = [await there.stop(), await back.stop()];

  assert.equal(await epochOf(standby), epoch);
  for (const gsids of acked.map(gsidsOf)) assertRising(gsids);
  const all = gsidsOf(acked.flat()).toSorted((a, b) => a - b);
  assert.deepEqual(
    await stored(standby),
    all,
    "each is one message, and every message is answered",
  );
  await ben.waitForGsid(acked[0]!.at(-1)!.gsid, BACK_MS);
  await ana.waitForGsid(acked[1]!.at(-1)!.gsid, BACK_MS);
  for (const [device, gsids] of [[ben, acked[0]!], [ana, acked[1]!]] as const) {
    const seen = new Set(device.events.map(({ gsid }) => gsid));
    assert.deepEqual(gsidsOf(gsids).filter((gsid) => !seen.has(gsid)), []);
  }
  assert.deepEqual([ana, ben].map(({ subscriptions }) => subscriptions.length), [1, 1]);
  await away.connect();
  assert.equal(away.subscriptions.at(-1)!.recovered, true);
  await away.until(() => away.events.length === all.length || undefined, "the tablet to have all");
  assert.equal(system.state.origins[0]!.pid, pid);
});

Deno.test("an old primary that comes back acknowledges nothing, fenced it is no primary to anybody, and in the end it follows", async () => {
  await using site = await Site.open();
  const { primary, standby, system, address } = site;
  await primary.run(COMMANDS.wait);
  await untilFollowed(primary, "sync");
  const test = new TestSystem(system);
  await using ana = await test.device("ana", { edge: 0 });
  await using ben = await test.device("ben", { edge: 1 });
  const before = await sendAll(ana, ben, "before", 5);
  await primary.kill();
  await site.promote();

  // Nobody has fenced it, and it is still where the address leads.
  await primary.start();
  await site.untilReady("ready");
  await assert.rejects(ana.send("ben", "late"), { code: 100 });
  await primary.kill();
  await primary.run(COMMANDS.fence);
  await primary.start();
  await site.untilReady(/it takes no writes/);
  // Nobody cuts what is open.
  address.leadTo(standby.address);
  await site.untilReady("ready");
  const late = await untilAnswered(() => ana.send("ben", "late"));
  await ben.waitForGsid(late.gsid);

  await primary.destroy();
  await follow(primary, standby.urlAs("postgres", "postgres"));
  await standby.run(COMMANDS.wait);
  await untilFollowed(standby, "sync");
  const after = await sendAll(ana, ben, "after", 5);
  assert.deepEqual(await stored(primary), gsidsOf([...before, late, ...after]));
});

Deno.test("a standby that did not have everything takes over in a new epoch: clients start over, and no gsid is given twice", async () => {
  await using site = await Site.open();
  const { primary, standby, system, wire } = site;
  await untilFollowed(primary, "async");
  const test = new TestSystem(system);
  await using ana = await test.device("ana", { edge: 0 });
  await using ben = await test.device("ben", { edge: 1 });
  const kept = await sendAll(ana, ben, "kept", 10);
  await waitUntil(async () => (await stored(standby)).length === kept.length || undefined, {
    what: "the standby to have them",
    withinMs: BACK_MS,
    everyMs: 50,
  });
  await wire.refuse();
  wire.cut();
  const lost = await sendAll(ana, ben, "lost", 10);
  await ben.waitForGsid(lost.at(-1)!.gsid);

  await primary.kill();
  await site.promote();
  const told = await standby.run(COMMANDS.beginEpoch, { STANDBY: standby.urlAs("postgres") });
  const epoch = told.match(/[0-9a-f]{32}/)![0];
  site.address.leadTo(standby.address);
  for (const device of [ana, ben]) await startsOver(device, epoch, kept);

  const repeated = await ana.send("ben", "kept-0");
  assert.deepEqual([repeated.gsid, repeated.duplicate], [kept[0]!.gsid, true]);
  const fresh = await sendAll(ana, ben, "lost", 10);
  assert.ok(fresh.every(({ duplicate }) => !duplicate));
  await ben.waitForGsid(fresh.at(-1)!.gsid);
  assertRising(gsidsOf([...kept, ...lost, ...fresh]));
});

Deno.test("whoever works with primaries only works with no standby, though its session ended amid a statement", async () => {
  await using stack = new AsyncDisposableStack();
  const server = stack.use(await OperatedPostgres.open("demoted"));
  await server.start();
  const sql = createSql(server.urlAs("postgres", "postgres"), {
    name: "origin",
    maxConnections: 1,
    statementTimeoutMs: BACK_MS,
    primaryOnly: true,
  });
  stack.defer(() => sql.end({ timeout: 1 }));
  const torn = assert.rejects(async () => await sql`select pg_sleep(600)`, {
    code: "CONNECTION_CLOSED",
  });
  await waitUntil(async () => {
    const ended = await server.ask(`select count(pg_terminate_backend(pid))
      from pg_stat_activity where application_name = 'origin' and query like '%pg_sleep%'`);
    return ended === "1" || undefined;
  }, { what: "its session to be ended", withinMs: BACK_MS, everyMs: 50 });
  await torn;
  await server.kill();
  await server.run(COMMANDS.fence);
  await server.start();

  // More than one, for the driver learns from the first.
  for (let n = 0; n < 3; n++) await assert.rejects(async () => await sql`select 1`, isOfStandby);
  await server.run(COMMANDS.promote, { STANDBY: server.urlAs("postgres", "postgres") });
  assert.deepEqual([...await sql`select pg_is_in_recovery() as "isStandby"`], [
    { isStandby: false },
  ]);
});
