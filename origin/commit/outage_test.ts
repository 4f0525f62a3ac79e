import assert from "node:assert/strict";
import { join } from "node:path";
import type { ConnectionId, GroupId, MessageId, UserId } from "shared/ids.ts";
import { storesOfThisFile, type TestStore } from "testing/stores.ts";
import { temporaryDirectory } from "testing/temporary_directory.ts";
import { PostgresProxy } from "../../scripts/faults/postgres_proxy.ts";
import { startPostgres } from "../../scripts/services/postgres.ts";
import { migrate } from "../store/migrate.ts";
import { createSql, inTransaction, type Sql } from "../store/sql.ts";
import { message } from "./command.ts";
import type { CommittedEvent } from "./committed.ts";
import type { Outcome } from "./command_queue.ts";
import { createCommitter } from "./committer.ts";
import { systemTurns } from "shared/turns.ts";
import { waitUntil } from "../../scripts/services/wait_until.ts";

const stores = storesOfThisFile();
const ana = "ana" as UserId, bo = "bo" as UserId;
const group = "g" as GroupId;

function toBo(id: string) {
  return message(ana, { user: bo }, id as MessageId, { value: {}, text: "{}" });
}

function through(proxy: PostgresProxy, store: TestStore): Sql {
  const url = new URL(store.url);
  url.port = String(proxy.address.port);
  return createSql(url.href, { name: "test", maxConnections: 1 });
}

function proxied(store: TestStore, stack: AsyncDisposableStack) {
  const { hostname, port } = new URL(store.url);
  const proxy = stack.use(new PostgresProxy({ hostname, port: Number(port) }));
  const sql = through(proxy, store);
  stack.defer(() => sql.end());
  return { proxy, committer: store.committer({ sql }) };
}

Deno.test("a commit whose answer is lost is found again: stored once, told once, and answered as a repeat", async () => {
  await using stack = new AsyncDisposableStack();
  const store = stack.use(await stores.store());
  const { proxy, committer } = proxied(store, stack);
  await committer.append(toBo("first"));
  for (let n = 0; n < 20; n++) {
    proxy.loseAnswers();
    // Of which the device that sent it is told as well: its answer is a repeat's.
    const connection = "c" as ConnectionId;
    const outcomes = await Promise.all(
      [`a${n}`, `b${n}`].map((id) => committer.append({ ...toBo(id), connection })),
    );
    assert.deepEqual(outcomes.map(({ outcome }) => outcome), ["duplicate", "duplicate"]);
  }
  assert.equal(proxy.lostAnswers, 20);
  await committer.idle();
  const rows = await store.sql<CommittedEvent[]>`
    select gsid, type, conversation, prev, sender, fields, inboxes from events order by gsid`;
  assert.equal(rows.length, 41);
  const rest = { membership: 0, members: 0, woke: 0 };
  assert.deepEqual(committer.told, rows.map((row) => ({ ...row, ...rest })));
});

Deno.test("a change of a group whose answer is lost is found again", async () => {
  await using stack = new AsyncDisposableStack();
  const store = stack.use(await stores.store());
  const { proxy, committer } = proxied(store, stack);
  const change = async (change: Parameters<typeof committer.change>[0]) => {
    proxy.loseAnswers();
    assert.equal((await committer.change(change)).outcome, "stored", change.change);
    await committer.idle();
  };
  await change({ change: "create", group, by: ana, members: [bo] });
  await change({ change: "remove", group, by: ana, members: [bo] });
  await change({ change: "add", group, by: ana, members: [bo] });
  await change({ change: "leave", group, by: bo });
  await committer.idle();
  assert.deepEqual(
    committer.told.map(({ type }) => type),
    ["group.created", "group.left", "group.joined", "group.left"],
  );
});

Deno.test("of two origins that are given one message one alone calls it new, whoever loses a connection", async () => {
  await using stack = new AsyncDisposableStack();
  const store = stack.use(await stores.store());
  const { proxy, committer } = proxied(store, stack);
  const other = store.committer();
  const untilWaiting = (count: number) =>
    waitUntil(async () => {
      const { length } = await store.sql`
        select from pg_locks where locktype = 'advisory' and not granted`;
      return length === count || undefined;
    }, { what: `${count} to wait for the lock`, withinMs: 3_000 });
  const sent: Promise<Outcome>[] = [];
  await inTransaction(store.sql, async (transaction) => {
    await transaction`select lock_log()`;
    for (const one of [other, committer]) {
      sent.push(one.append(toBo("m")));
      await untilWaiting(sent.length);
    }
    // It asks again, behind the other, and cannot tell whose work it finds.
    proxy.cut();
  });
  const outcomes = await Promise.all(sent);
  assert.deepEqual(outcomes.map(({ outcome }) => outcome), ["stored", "duplicate"]);
  await Promise.all([other.idle(), committer.idle()]);
  for (const { told } of [other, committer]) assert.equal(told.length, 1);
});

Deno.test("a true repeat stays a duplicate, though its own answer is lost", async () => {
  await using stack = new AsyncDisposableStack();
  const store = stack.use(await stores.store());
  await store.committer().append(toBo("m"));
  const { proxy, committer } = proxied(store, stack);
  await committer.append(toBo("later"));
  proxy.loseAnswers();
  assert.equal((await committer.append(toBo("m"))).outcome, "duplicate");
  await committer.idle();
  assert.deepEqual(committer.told.length, 1);
});

Deno.test("one command that the database refuses fails alone", async () => {
  await using store = await stores.store();
  const committer = store.committer();
  // Nothing that passes validation is refused, so a bug is put here in its place.
  const refused = { ...toBo("bad"), fields: "\0" };
  const outcomes = await Promise.all(
    [toBo("a"), refused, toBo("b")].map((one) => committer.append(one)),
  );
  assert.deepEqual(outcomes.map(({ outcome }) => outcome), ["stored", "failed", "stored"]);
});

Deno.test("a committer outlives a crash of Postgres: what it acknowledged is there, and it goes on", async () => {
  await using stack = new AsyncDisposableStack();
  const directory = stack.use(await temporaryDirectory("outage"));
  const dataDir = join(directory.path, "postgres");
  const first = await startPostgres({ dataDir, durable: true });
  stack.use(first);
  const sql = createSql(first.url, { name: "test", maxConnections: 2 });
  stack.defer(() => sql.end());
  await migrate(sql);
  const committer = stack.use(
    createCommitter({
      sql,
      archiveAfterMs: 60_000,
      wallMs: Date.now,
      turns: systemTurns,
      onCommitted: () => {},
      answerWithinMs: 1_000,
    }),
  );

  const acknowledged: string[] = [];
  let late = 0, over = false;
  const lanes = Array.from({ length: 8 }, async (_, lane) => {
    for (let n = 0; !over; n++) {
      const id = `${lane}-${n}`;
      const { outcome } = await committer.append(toBo(id));
      if (outcome === "stored" || outcome === "duplicate") acknowledged.push(id);
      else if (outcome === "late") late++;
      else throw new Error(`Cannot send: ${outcome}`);
    }
  });
  const until = async (enough: () => boolean) => {
    for (const end = Date.now() + 10_000; !enough();) {
      assert.ok(Date.now() < end, "nothing happened for 10 s");
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  await until(() => acknowledged.length > 200);
  Deno.kill(first.pid, "SIGKILL");
  await first.status;
  await until(() => late >= 8);
  const before = acknowledged.length;
  stack.use(await startPostgres({ dataDir, durable: true, port: first.port }));
  await until(() => acknowledged.length > before + 200);
  over = true;
  await Promise.all(lanes);
  const rows = await sql<{ id: string }[]>`select id from sent`;
  const stored = new Set(rows.map(({ id }) => id));
  assert.deepEqual(acknowledged.filter((id) => !stored.has(id)), []);
});

Deno.test("whoever sends where a row is locked is told so; nobody else fails or waits for it", async () => {
  await using store = await stores.store();
  const committer = store.committer();
  const send = (to: string, id: string) =>
    committer.append(
      message(ana, { user: to as UserId }, `${to} ${id}` as MessageId, { value: {}, text: "{}" }),
    );
  await Promise.all([send("bo", "1"), send("cy", "1")]);
  await inTransaction(store.sql, async (transaction) => {
    await transaction`select from conversations where conversation = 'dm:ana:bo' for update`;
    for (let n = 2; n < 5; n++) {
      const outcomes = await Promise.all([
        send("bo", "2"),
        send("cy", `${n}`),
        send("dan", `${n}`),
      ]);
      assert.deepEqual(outcomes.map(({ outcome }) => outcome), ["late", "stored", "stored"]);
    }
  });
  assert.equal((await send("bo", "2")).outcome, "stored");
  await committer.idle();
  assert.equal(committer.told.length, 9);
});
