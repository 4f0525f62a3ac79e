import assert from "node:assert/strict";
import { postgresOfThisFile } from "testing/database.ts";
import { TcpProxy } from "../../scripts/faults/tcp_proxy.ts";
import { waitUntil } from "../../scripts/services/wait_until.ts";
import { createSql, type Sql } from "./sql.ts";

const postgres = postgresOfThisFile();
const LONG_MS = 60_000;

async function scene() {
  await using stack = new AsyncDisposableStack();
  const { url } = stack.use(await postgres.database());
  const { hostname, port } = new URL(url);
  const proxy = stack.use(new TcpProxy({ hostname, port: Number(port) }));
  const through = new URL(url);
  through.port = String(proxy.address.port);
  const connect = (address: string, maxConnections: number) => {
    const name = `test ${maxConnections}`;
    const sql = createSql(address, { name, maxConnections, statementTimeoutMs: LONG_MS });
    stack.defer(() => sql.end({ timeout: 1 }));
    return sql;
  };
  const direct = connect(url, 1), one = connect(through.href, 1), two = connect(through.href, 2);
  const owned = stack.move();
  return { proxy, direct, one, two, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

Deno.test("an answer is whole, though the session before it ended amid one", async () => {
  await using on = await scene();
  const { proxy, one: sql } = on;
  await sql`select 1`;
  proxy.cutAfter(20_000, "toClient");
  const torn = sql`select n, repeat('x', 100) as x from generate_series(1, 3000) n`;
  await assert.rejects(async () => await torn, { code: "CONNECTION_CLOSED" });
  proxy.resume();
  assert.deepEqual([...await sql`select 1 as one`], [{ one: 1 }]);
});

Deno.test("when a session ends amid a statement, what another was asked is answered, and so is what comes next", async () => {
  await using on = await scene();
  const { direct, two: sql } = on;
  await direct`select pg_advisory_lock(1)`;
  const doomed = sql`select pg_advisory_lock(1), 'doomed'`;
  const other = sql`select pg_advisory_lock(1)::text as got`.then((rows) => [...rows]);
  const ends = assert.rejects(async () => await doomed, { code: "CONNECTION_CLOSED" });
  const pid = await waiting(direct);
  await direct`select pg_terminate_backend(${pid}::int)`;
  await ends;
  await direct`select pg_advisory_unlock(1)`;
  assert.deepEqual(await other, [{ got: "" }]);
  assert.deepEqual([...await sql`select 1 as one`], [{ one: 1 }]);
});

/** Once both wait, the session of the one that is doomed. */
async function waiting(sql: Sql): Promise<number> {
  return await waitUntil(async () => {
    const rows = await sql<{ pid: number; query: string }[]>`
      select pid, query from pg_stat_activity
      where wait_event = 'advisory' and datname = current_database()`;
    return rows.length === 2 ? rows.find(({ query }) => query.includes("doomed"))?.pid : undefined;
  }, { what: "both to wait for the lock", withinMs: 20_000 });
}
