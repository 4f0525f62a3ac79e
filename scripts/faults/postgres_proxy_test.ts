import assert from "node:assert/strict";
import fc from "fast-check";
import { appendMessages } from "origin/commit/append.ts";
import { message } from "origin/commit/command.ts";
import { createSql, inTransaction } from "origin/store/sql.ts";
import type { MessageId, UserId } from "shared/ids.ts";
import { storesOfThisFile } from "testing/stores.ts";
import { join, PostgresFrames } from "./postgres_frames.ts";
import { PostgresProxy } from "./postgres_proxy.ts";

const stores = storesOfThisFile();
const NEVER_MS = 1e9;

function toBo(id: string) {
  const ana = "ana" as UserId, bo = "bo" as UserId;
  return message(ana, { user: bo }, id as MessageId, { value: {}, text: "{}" });
}

async function proxied() {
  await using stack = new AsyncDisposableStack();
  const store = stack.use(await stores.store());
  const { hostname, port, pathname } = new URL(store.url);
  const proxy = stack.use(new PostgresProxy({ hostname, port: Number(port) }));
  const url = `postgres://postgres@127.0.0.1:${proxy.address.port}${pathname}`;
  const sql = createSql(url, { name: "test", maxConnections: 1 });
  stack.defer(() => sql.end({ timeout: 1 }));
  const stored = async () =>
    (await store.sql<{ id: string }[]>`select id from sent order by gsid`).map(({ id }) => id);
  const owned = stack.move();
  return { proxy, sql, stored, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

Deno.test("of an append that was committed nobody hears, as often as asked, and the next is told of", async () => {
  await using p = await proxied();
  await appendMessages(p.sql, [toBo("told")], NEVER_MS);
  p.proxy.loseAnswers(2);
  for (const id of ["lost 1", "lost 2"]) {
    await assert.rejects(appendMessages(p.sql, [toBo(id)], NEVER_MS), {
      code: "CONNECTION_CLOSED",
    });
    assert.equal((await p.stored()).at(-1), id, "it is stored when its connection is cut");
  }
  assert.equal(p.proxy.lostAnswers, 2);
  const [repeated] = await appendMessages(p.sql, [toBo("lost 1")], NEVER_MS);
  assert.equal(repeated!.outcome, "duplicate");
  assert.deepEqual(await p.stored(), ["told", "lost 1", "lost 2"]);
});

Deno.test("answers to reads, to what failed and to what is not committed yet are never lost", async () => {
  await using p = await proxied();
  p.proxy.loseAnswers();
  assert.deepEqual([...await p.sql`select 1 as one`], [{ one: 1 }]);
  assert.equal((await p.sql.unsafe("select 2 as two; select 3 as three").simple()).length, 2);
  const bad = { ...toBo("bad"), digest: "no digits" };
  await assert.rejects(appendMessages(p.sql, [bad], NEVER_MS), { code: "22023" });
  await assert.rejects(
    inTransaction(p.sql, async (transaction) => {
      await appendMessages(transaction as unknown as typeof p.sql, [toBo("rolled back")], NEVER_MS);
      throw new Error("changed my mind");
    }),
    /changed my mind/,
  );
  assert.equal(p.proxy.lostAnswers, 0);
  await assert.rejects(appendMessages(p.sql, [toBo("lost")], NEVER_MS), {
    code: "CONNECTION_CLOSED",
  });
  assert.deepEqual([p.proxy.lostAnswers, await p.stored()], [1, ["lost"]]);
});

Deno.test("large answers pass whole", async () => {
  await using p = await proxied();
  const [row] = await p.sql<{ text: string }[]>`select repeat('x', 1000000) as text`;
  assert.equal(row!.text.length, 1_000_000);
});

Deno.test("frames come whole and in order, however the stream is cut", () => {
  const frameOf = ([type, body]: [string, Uint8Array]) => {
    const bytes = new Uint8Array(1 + 4 + body.length);
    bytes[0] = type.charCodeAt(0);
    new DataView(bytes.buffer).setUint32(1, 4 + body.length);
    bytes.set(body, 5);
    return bytes;
  };
  const frame = fc.tuple(fc.constantFrom("P", "B", "E", "S"), fc.uint8Array({ maxLength: 40 }));
  const cuts = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 });
  fc.assert(fc.property(fc.array(frame), cuts, (frames, sizes) => {
    const sent = frames.map(frameOf);
    const stream = join(sent);
    const reader = new PostgresFrames("server");
    const taken = [];
    for (let at = 0, n = 0; at < stream.length; n++) {
      const size = sizes[n % sizes.length]!;
      taken.push(...reader.take(stream.subarray(at, at += size)));
    }
    assert.deepEqual(taken.map(({ type, body }) => [type, body]), frames);
    assert.deepEqual(taken.map(({ bytes }) => bytes), sent);
  }));
});
