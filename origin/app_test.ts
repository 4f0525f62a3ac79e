import assert from "node:assert/strict";
import { postgresOfThisFile } from "testing/database.ts";
import { prepareSchema } from "testing/schema.ts";
import { NoAnswer } from "shared/bus/bus.ts";
import { decodeLive } from "shared/bus/live.ts";
import { connectNats } from "shared/bus/nats.ts";
import {
  ANNOUNCE,
  type Answer,
  type Beat,
  type Call,
  type CatchUp,
  decodeMessage,
  encodeMessage,
  type Enter,
  type Entered,
  REQUEST,
  type SendAnswers,
  type SendBatch,
  type Sent,
} from "shared/bus/requests.ts";
import type { JsonValue } from "shared/event.ts";
import type { ConnectionId, DeviceId, UserId } from "shared/ids.ts";
import {
  encodeDevices,
  MARKER_FIELD,
  replicaKey,
  REPLICAS_KEY,
  userField,
} from "shared/presence.ts";
import { waitUntil } from "../scripts/services/wait_until.ts";
import { createSql, type Sql } from "./store/sql.ts";
import { type TestOrigin, testOrigin, type TestOriginOptions } from "./testing.ts";

const postgres = postgresOfThisFile({ prepare: prepareSchema });
const EDGE_BEAT = encodeMessage<Beat>({ replica: "edge" });
const CONNECTION = "c-ana" as ConnectionId;
const CALLER = { user: "ana" as UserId, device: "phone" as DeviceId };

/** An origin on servers of its own, its database, and what it publishes on topics. */
async function scene(options: TestOriginOptions = {}) {
  await using stack = new AsyncDisposableStack();
  const database = stack.use(await postgres.database());
  const origin = stack.use(await testOrigin(database, options));
  const sql = createSql(database.url, { name: "test", maxConnections: 1 });
  stack.defer(() => sql.end());
  // The edge that `present` writes of: one that is not heard for six seconds is left out.
  const beat = () => origin.bus.publish(`${ANNOUNCE.beat}.edge`, EDGE_BEAT);
  const beating = setInterval(beat, 500);
  stack.defer(() => clearInterval(beating));
  const published: string[] = [];
  origin.bus.subscribe("chat.>", ({ subject, data }) => {
    const { kind, data: text } = decodeLive(data)!;
    published.push(`${subject} ${kind === "control" ? text : JSON.parse(text).id ?? kind}`);
  });
  await origin.bus.flush();
  const owned = stack.move();
  return { origin, sql, published, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** Makes these users present on a replica, in the foreground; nobody else is. */
function present(origin: TestOrigin, ...users: string[]) {
  const devicesOf = (user: string) =>
    encodeDevices([
      { device: "d" as DeviceId, connection: `c-${user}` as ConnectionId, foreground: true },
    ]);
  const { redis } = origin;
  const fields = users.flatMap((user) => [userField(user as UserId), devicesOf(user)]);
  redis.execute("DEL", replicaKey("edge"));
  redis.execute("HSET", replicaKey("edge"), MARKER_FIELD, "1", ...fields);
  redis.execute("ZADD", REPLICAS_KEY, String(redis.now() + 60_000), "edge");
}

async function sendAs(origin: TestOrigin, user: string, data: JsonValue): Promise<Answer<Sent>> {
  const sends = [{ user: user as UserId, connection: CONNECTION, data }];
  const bytes = await origin.bus.request(REQUEST.send, encodeMessage<SendBatch>({ sends }), 4_000);
  return decodeMessage<SendAnswers>(bytes).answers[0]!;
}

async function callAs(origin: TestOrigin, user: string, method: string, data: JsonValue) {
  const call = encodeMessage<Call>({ ...CALLER, user: user as UserId, method, data });
  return decodeMessage<Answer & { v: 1 }>(await origin.bus.request(REQUEST.call, call, 4_000));
}

async function registerTokenOf(origin: TestOrigin, user: string) {
  const token = { platform: "fcm", token: `token-of-${user}` };
  assert.deepEqual(await callAs(origin, user, "device.register", token), { v: 1, result: {} });
}

/** Everything committed so far has been published, and its jobs are stored. */
async function settled(origin: TestOrigin, events: number): Promise<void> {
  await waitUntil(async () => {
    const fannedOut = (await origin.metrics()).match(/^fanfare_origin_events_total (\d+)$/m)?.[1];
    return Number(fannedOut ?? 0) >= events || undefined;
  }, { what: `${events} events to be fanned out`, withinMs: 5_000, everyMs: 20 });
  await origin.bus.flush();
}

async function jobsOf(sql: Sql): Promise<string[]> {
  const rows = await sql<{ user_id: string }[]>`select user_id from push_jobs order by user_id`;
  return rows.map((row) => row.user_id);
}

function message(id: string, to: JsonValue = { user: "ben" }): JsonValue {
  return { to, id, body: { text: id } };
}

Deno.test("a direct message is committed, and published once to a recipient who is online", async () => {
  await using on = await scene();
  await registerTokenOf(on.origin, "ben");
  present(on.origin, "ben");
  const answer = await sendAs(on.origin, "ana", message("m1"));
  assert.ok("result" in answer);
  await settled(on.origin, 1);
  assert.deepEqual(on.published, ["chat.user-inbox.ben m1"]);
  const [row] = await on.sql<{ gsid: number }[]>`select gsid from events`;
  assert.equal(row!.gsid, answer.result.gsid);
  assert.deepEqual(await jobsOf(on.sql), []);
});

Deno.test("nothing is published to a recipient who is offline, and a push job is stored", async () => {
  await using on = await scene();
  await registerTokenOf(on.origin, "ben");
  present(on.origin, "ana");
  await sendAs(on.origin, "ana", message("m1"));
  await settled(on.origin, 1);
  await waitUntil(async () => (await jobsOf(on.sql)).length === 1 || undefined, {
    what: "the job",
    withinMs: 5_000,
  });
  assert.deepEqual(on.published, [], "the answer told ana's only connection");
  assert.deepEqual(await jobsOf(on.sql), ["ben"]);
});

Deno.test("a recipient of whom nothing is known is published to and pushed", async () => {
  await using on = await scene();
  await registerTokenOf(on.origin, "ben");
  on.origin.redis.setFault({ status: 500, body: "down" });
  await sendAs(on.origin, "ana", message("m1"));
  await settled(on.origin, 1);
  await waitUntil(async () => (await jobsOf(on.sql)).length === 1 || undefined, {
    what: "the job",
    withinMs: 5_000,
  });
  assert.deepEqual(on.published.sort(), ["chat.user-inbox.ana m1", "chat.user-inbox.ben m1"]);
});

Deno.test("a group message is published once, on the group's topic, for who is online", async () => {
  await using on = await scene();
  await registerTokenOf(on.origin, "cat");
  present(on.origin, "ana", "ben");
  const created = await callAs(on.origin, "ana", "group.create", {
    group: "club",
    members: ["ben", "cat"],
  });
  assert.ok("result" in created);
  await sendAs(on.origin, "ana", message("m1", { group: "club" }));
  await settled(on.origin, 2);
  await waitUntil(async () => (await jobsOf(on.sql)).length === 1 || undefined, {
    what: "the job",
    withinMs: 5_000,
  });
  assert.deepEqual(on.published, [
    "chat.group-chat.club membership",
    "chat.user-inbox.ana membership",
    "chat.user-inbox.ben membership",
    "chat.group-chat.club m1",
  ]);
  assert.deepEqual(await jobsOf(on.sql), ["cat"]);
});

Deno.test("a message to a large group is published without asking, and pushed in pages", async () => {
  await using on = await scene({ config: { largeGroup: 2 } });
  for (const user of ["ana", "ben", "cat"]) await registerTokenOf(on.origin, user);
  present(on.origin, "ben");
  await callAs(on.origin, "ana", "group.create", { group: "club", members: ["ben", "cat"] });
  await settled(on.origin, 1);
  on.origin.redis.commands.length = 0;
  await sendAs(on.origin, "ana", message("m1", { group: "club" }));
  await waitUntil(async () => (await jobsOf(on.sql)).length === 1 || undefined, {
    what: "the job",
    withinMs: 5_000,
  });
  assert.deepEqual(await jobsOf(on.sql), ["cat"]);
  assert.equal(on.published.at(-1), "chat.group-chat.club m1");
});

Deno.test("MAX_USER_GROUPS holds for clients and for the server API, and is said by its code", async () => {
  await using on = await scene({ config: { maxUserGroups: 1 } });
  await callAs(on.origin, "ana", "group.create", { group: "g" });
  const create = { user: "ben", group: "h", members: ["ana"] };
  const { error } = await on.origin.api("group.create", create) as { error: { code: number } };
  assert.equal(error.code, 4011);
  const data = { group: "h", members: ["ana"] };
  const call = encodeMessage<Call>({
    ...CALLER,
    user: "ben" as UserId,
    method: "group.create",
    data,
  });
  const answer = decodeMessage<Answer & { v: 1 }>(
    await on.origin.bus.request(REQUEST.call, call, 4_000),
  );
  assert.ok("error" in answer && answer.error.code === 4011);
});

Deno.test("sends of one batch are committed together and each fails alone", async () => {
  await using on = await scene();
  const data: JsonValue[] = [message("m1"), message("m2"), { to: {}, id: "m3", body: {} }];
  const sends = data.map((item) => ({ user: CALLER.user, data: item }));
  const bytes = await on.origin.bus.request(
    REQUEST.send,
    encodeMessage<SendBatch>({ sends }),
    4_000,
  );
  const answers = decodeMessage<SendAnswers>(bytes).answers;
  assert.deepEqual(answers.map((answer) => "error" in answer && answer.error.code), [
    false,
    false,
    107,
  ]);
  const [row] = await on.sql<{ count: number }[]>`select count(*)::int from events`;
  assert.equal(row!.count, 2);
});

Deno.test("with both fast paths off nothing leaves, and everything is committed", async () => {
  await using on = await scene({ config: { fastPaths: { live: false, push: false } } });
  await registerTokenOf(on.origin, "ben");
  assert.ok("result" in await sendAs(on.origin, "ana", message("m1")));
  await settled(on.origin, 1);
  assert.deepEqual(on.published, []);
  assert.deepEqual(await jobsOf(on.sql), []);
});

Deno.test("a claim of a device tells its other connections to go; entering alone does not", async () => {
  await using on = await scene();
  const { user, device } = CALLER;
  const ask = (subject: string, data: Uint8Array) => on.origin.bus.request(subject, data, 4_000);
  const { at, groups } = decodeMessage<Entered>(
    await ask(REQUEST.enter, encodeMessage<Enter>({ user })),
  );
  assert.deepEqual(groups, []);
  await ask(REQUEST.catchUp, encodeMessage<CatchUp>({ user }));
  const claim = { device, connection: "c2" as ConnectionId, at };
  await ask(REQUEST.catchUp, encodeMessage<CatchUp>({ user, claim }));
  await waitUntil(() => on.published.length > 0 || undefined, { what: "it", withinMs: 5_000 });
  assert.deepEqual(on.published, [
    `chat.user-inbox.ana {"type":"taken","device":"phone","connection":"c2","at":${at}}`,
  ]);
});

Deno.test("poison on the bus is answered, and stops nothing", async () => {
  await using on = await scene();
  const utf8 = new TextEncoder();
  for (const subject of Object.values(REQUEST)) {
    for (const poison of ["", "{", '{"v":1}', '{"v":1,"sends":[null]}', '{"v":1,"topics":7}']) {
      await on.origin.bus.request(subject, utf8.encode(poison), 4_000);
    }
  }
  for (const subject of [`${ANNOUNCE.beat}.x`, ANNOUNCE.received, ANNOUNCE.ended]) {
    on.origin.bus.publish(subject, utf8.encode("{"));
  }
  const asOrigin = { ...on.origin.nats.optionsOf("origin"), name: "other", onError: () => {} };
  await using other = await connectNats(asOrigin);
  other.publish(ANNOUNCE.digest, utf8.encode("{"));
  await other.flush();
  assert.ok("result" in await sendAs(on.origin, "ana", message("m1")));
});

Deno.test("the server API sends, alerts, disconnects and tells who is there", async () => {
  await using on = await scene();
  const { origin } = on;
  present(origin, "ben");
  const sent = await origin.api("send", {
    user: "ana",
    to: { user: "ben" },
    id: "m1",
    body: { text: "hello" },
  }) as { result: Sent };
  assert.equal(sent.result.conversation, "dm:ana:ben");
  const alerted = await origin.api("alert", { id: "a1", body: { text: "all" } }) as typeof sent;
  const again = await origin.api("alert", { id: "a1", body: { text: "all" } }) as typeof sent;
  assert.equal(again.result.gsid, alerted.result.gsid);
  assert.deepEqual(await origin.api("disconnect", { user: "ben" }), { result: {} });
  assert.deepEqual(await origin.api("revoke", { user: "ben", device: "d", before: 17.5 }), {
    result: { before: 17.5 },
  });
  assert.deepEqual(await origin.api("presence", { users: ["ana", "ben"] }), {
    result: {
      ana: { online: false, devices: [] },
      ben: { online: true, devices: [{ device: "d", foreground: true }] },
    },
  });
  await registerTokenOf(origin, "ben");
  const devices = await origin.api("devices", { user: "ben" });
  assert.match(JSON.stringify(devices), /"platform":"fcm".*"registered":"20\d\d-.*Z"/);
  assert.match(JSON.stringify(devices), /"connected":\[{"device":"d","foreground":true}\]/);
  assert.doesNotMatch(JSON.stringify(devices), /token-of/);
  const traced = await origin.api("trace", { gsid: sent.result.gsid, after: "ana" });
  assert.deepEqual((traced as { result: { recipients: unknown[] } }).result.recipients, [{
    user: "ben",
    presence: "online",
    received: "unknown",
    push: { state: "none", why: "not looked at yet" },
  }]);
  const nothing = await origin.api("trace", { gsid: 16 }) as { error: unknown };
  assert.deepEqual(nothing.error, { code: 107, message: "gsid names no event" });
  const info = await origin.api("info", {}) as { result: { head: number; name: string } };
  assert.ok(info.result.head >= alerted.result.gsid);
  const history = await origin.api("history", { user: "ben", conversation: "dm:ana:ben" });
  assert.equal((history as { result: { events: unknown[] } }).result.events.length, 1);
  await settled(origin, 2);
  assert.deepEqual(on.published.sort(), [
    "chat.system-alerts event",
    "chat.user-inbox.ben m1",
    'chat.user-inbox.ben {"type":"disconnect"}',
    'chat.user-inbox.ben {"type":"revoked","before":17500,"device":"d"}',
  ]);
});

Deno.test("draining answers what is under way, and then no origin answers", async () => {
  await using on = await scene();
  const sends = Array.from({ length: 50 }, (_, n) => sendAs(on.origin, "ana", message(`m${n}`)));
  await on.origin.bus.flush();
  await waitUntil(
    async () => (await on.sql`select from events limit 1`).length > 0 || undefined,
    { what: "the first commit", withinMs: 5_000 },
  );
  const drained = on.origin.drain();
  for (const answer of await Promise.all(sends)) assert.ok("result" in answer);
  await drained;
  await assert.rejects(sendAs(on.origin, "ana", message("late")), NoAnswer);
});

Deno.test("an origin outlives its servers: NATS, Postgres' connections, the presence store", async () => {
  await using on = await scene();
  const { origin, sql } = on;
  await origin.nats.crash();
  await waitUntil(() => origin.bus.status === "disconnected" || undefined, {
    what: "the loss of NATS",
    withinMs: 5_000,
  });
  const apiSent = origin.api("send", { user: "ana", to: { user: "ben" }, id: "m1", body: {} });
  assert.ok("result" in (await apiSent as Answer));
  await origin.nats.restart();
  await sql`
    select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid()`;
  const answer = await waitUntil(async () => {
    try {
      const answer = await sendAs(origin, "ana", message("m2"));
      return "result" in answer ? answer : undefined;
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error;
    }
  }, { what: "an answer again", withinMs: 10_000, everyMs: 50 });
  assert.ok(answer.result.gsid > 0);
});

Deno.test("an origin whose database takes no writes is not ready, and is again without a restart", async () => {
  await using on = await scene();
  const { origin, sql } = on;
  const [row] = await sql`select quote_ident(current_database()) as name`;
  const alter = async (setting: string) => {
    await sql.unsafe(`alter database ${row!["name"]} ${setting}`);
    // What is connected keeps what it began with.
    await sql`
      select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid()`;
  };
  const untilReady = (ready: boolean, fault?: string) =>
    waitUntil(async () => {
      const response = await fetch(`http://127.0.0.1:${origin.internalPort}/ready`);
      const said = await response.json() as Ready;
      const found = said.checks.find(({ name }) => name === "database")!;
      return said.ready === ready && found.fault === fault || undefined;
    }, { what: `ready: ${ready}`, withinMs: 10_000, everyMs: 50 });
  await untilReady(true);
  await alter("set default_transaction_read_only = on");
  await untilReady(false, "it takes no writes");
  await alter("reset default_transaction_read_only");
  await untilReady(true);
  const answer = await sendAs(origin, "ana", message("m1"));
  assert.ok("result" in answer, JSON.stringify(answer));
});

interface Ready {
  ready: boolean;
  checks: { name: string; fault?: string }[];
}
