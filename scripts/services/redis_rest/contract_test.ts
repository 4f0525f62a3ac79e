import assert from "node:assert/strict";
import { Redis } from "@upstash/redis";
import fc from "fast-check";
import { join } from "node:path";
import { type TestRedis, testRedis } from "testing/redis.ts";
import { temporaryDirectory } from "testing/temporary_directory.ts";
import { startRedisServer } from "../redis_server.ts";
import { RespClient, type RespReply } from "../resp_client.ts";
import { waitUntil } from "../wait_until.ts";

/** Each line is a sequence of commands on an empty store; `/` parts the commands. */
const SEQUENCES: Record<string, string[]> = {
  "values": [
    "PING / PING hello / PING a b",
    "GET k / SET k v / GET k / EXISTS k / DEL k / GET k / EXISTS k",
    "SET k v NX / SET k w NX / GET k / SET k w XX / GET k / SET other v XX / EXISTS other",
    "SET k v GET / SET k w GET / GET k / SET k x NX GET / GET k / SET new x XX GET / GET new",
    "SET k v EX 100 / TTL k / SET k w / TTL k / SET k x EX 100 / SET k y KEEPTTL / TTL k",
    "SET k v EX 0 / SET k v EX -1 / SET k v PX x / SET k v EX / SET k v NX XX / SET k v WHAT",
    "SET k v EX 10 PX 10 / SET k v EX 10 KEEPTTL / SET k v EXAT 1 / GET k / SET k v PXAT 0",
    "SET k v EX 9007199254740993000 / SET k v ex 100 nx / TTL k",
    "SET a 1 / SET b 2 / EXISTS a b c a / DEL a b c / EXISTS a b",
    "DEL / GET / GET a b / SET k / EXISTS / NOSUCH / NOSUCH a b / get k",
  ],
  "expiry": [
    "EXPIRE k 100 / SET k v / TTL k / EXPIRE k 100 / TTL k / PERSIST k / TTL k / PERSIST k",
    "TTL none / PTTL none / PERSIST none / SET k v / PTTL k",
    "SET k v / EXPIRE k 0 / EXISTS k / SET k v / EXPIRE k -5 / EXISTS k / SET k v / PEXPIRE k 0 / GET k",
    "SET k v / EXPIRE k 100 XX / EXPIRE k 100 NX / EXPIRE k 50 NX / EXPIRE k 50 GT / TTL k",
    "SET k v / EXPIRE k 100 GT / TTL k / EXPIRE k 100 LT / EXPIRE k 200 LT / EXPIRE k 200 GT / TTL k",
    "SET k v / EXPIRE k 200 XX GT / EXPIRE k 10 NX XX / EXPIRE k 10 GT LT / EXPIRE k 10 WHAT / EXPIRE k x",
    "SET k v / EXPIRE k / EXPIRE k 1.5 / EXPIRE k 9223372036854775807 / PEXPIRE none x",
    "HSET h f v / EXPIRE h 100 / HSET h g w / TTL h / HDEL h f g / TTL h / HSET h f v / TTL h",
    "ZADD z 1 a / EXPIRE z 100 / ZADD z 2 b / TTL z / ZREM z a b / ZADD z 1 a / TTL z",
  ],
  "hashes": [
    "HSET h a 1 b 2 / HSET h b 3 c 4 / HGET h b / HGET h none / HGET none a / HLEN h / HGETALL h",
    "HMGET h a b / HSET h a 1 / HMGET h a none a / HEXISTS h a / HEXISTS h b / HEXISTS none a",
    "HSET h a 1 b 2 / HDEL h a none / HDEL h a / HDEL h b / EXISTS h / HLEN h / HGETALL h",
    "HSET h a / HSET h a 1 b / HSET h / HGET h / HDEL h / HMGET h / HLEN / HGETALL h x",
    "HSET h a 1 a 2 / HGETALL h / HDEL h a a",
  ],
  "sorted sets": [
    "ZADD z 2 b 1 a 3 c / ZADD z 5 a / ZRANGE z 0 -1 / ZRANGE z 0 -1 WITHSCORES / ZCARD z / ZSCORE z a",
    "ZSCORE z a / ZADD z 1.5 a -0.25 b / ZSCORE z a / ZSCORE z b / ZSCORE z c / ZADD z 1e3 a / ZSCORE z a",
    "ZADD z inf a -inf b 0 c / ZRANGE z 0 -1 WITHSCORES / ZRANGEBYSCORE z -inf (inf / ZRANGEBYSCORE z (-inf inf",
    "ZADD z 1 b 1 a 1 B 1 ä 1 aa / ZRANGE z 0 -1 / ZRANGE z 0 -1 REV / ZRANGE z 1 2 / ZRANGE z -2 -1",
    "ZADD z 1 a 2 b 3 c 4 d / ZRANGE z 5 9 / ZRANGE z 2 1 / ZRANGE z -9 0 / ZRANGE z -1 -9 / ZRANGE z 1 99",
    "ZADD z 1 a 2 b 3 c 4 d / ZRANGE z 2 3 BYSCORE / ZRANGE z (2 +inf BYSCORE / ZRANGE z 3 2 BYSCORE",
    "ZADD z 1 a 2 b 3 c 4 d / ZRANGE z 3 2 BYSCORE REV / ZRANGE z (4 -inf BYSCORE REV WITHSCORES",
    "ZADD z 1 a 2 b 3 c 4 d / ZRANGE z 0 9 BYSCORE LIMIT 1 2 / ZRANGE z 0 9 BYSCORE LIMIT 1 -1 / ZRANGE z 0 9 BYSCORE LIMIT -1 2 / ZRANGE z 0 9 BYSCORE LIMIT 9 1 / ZRANGE z 0 9 BYSCORE LIMIT 0 0",
    "ZADD z 1 a 2 b 3 c / ZRANGEBYSCORE z 2 3 / ZRANGEBYSCORE z 2 3 WITHSCORES LIMIT 0 1 / ZRANGEBYSCORE z -inf +inf LIMIT 1 1",
    "ZADD z 1 a 2 b 3 c / ZREMRANGEBYSCORE z -inf (2 / ZREMRANGEBYSCORE z 2 3 / EXISTS z / ZREMRANGEBYSCORE z 0 1",
    "ZADD z 1 a / ZADD z NX 2 a 2 b / ZADD z XX 3 a 3 c / ZADD z CH 4 a 4 d / ZRANGE z 0 -1 WITHSCORES",
    "ZADD z 5 a / ZADD z GT 3 a / ZADD z GT 7 a / ZADD z LT 9 a / ZADD z LT CH 1 a / ZADD z XX GT CH 0 a 9 b / ZRANGE z 0 -1 WITHSCORES",
    "ZADD z INCR 5 a / ZADD z INCR -2.5 a / ZADD z NX INCR 1 a / ZADD z XX INCR 1 b / ZADD z INCR 1 a 2 b / ZADD z LT INCR 0 a / ZADD z GT INCR 0 a / ZADD z GT INCR 1 a",
    "ZADD z inf a / ZADD z INCR -inf a / ZSCORE z a / ZADD z XX 1 a / ZADD none XX 1 a / EXISTS none",
    "ZADD z NX XX 1 a / ZADD z NX GT 1 a / ZADD z GT LT 1 a / ZADD z x a / ZADD z 1 / ZADD z 1 a 2 / ZADD z nan a / ZADD z NX 1",
    "ZREM z a / ZADD z 1 a 2 b / ZREM z a none b / EXISTS z / ZCARD z / ZRANGE z 0 -1 / ZREM z",
    "ZADD z 1 a / ZRANGE z x 1 / ZRANGE z 0 1 WHAT / ZRANGE z 0 1 LIMIT 0 1 / ZRANGE z a b BYSCORE / ZRANGE z 0",
    "ZADD z 1 a / ZRANGEBYSCORE z x 1 / ZRANGEBYSCORE z 0 1 REV / ZRANGEBYSCORE z 0 1 LIMIT 0 / ZREMRANGEBYSCORE z (x 1 / ZRANGEBYSCORE z ( 1",
    "ZADD z 1732492800000 a 1732492800000.5 b / ZRANGE z (1732492800000 +inf BYSCORE WITHSCORES",
  ],
  "kinds": [
    "SET k v / HGET k f / HSET k f v / HDEL k f / HMGET k f / HGETALL k / HEXISTS k f / HLEN k",
    "SET k v / ZADD k 1 a / ZREM k a / ZSCORE k a / ZCARD k / ZRANGE k 0 -1 / ZRANGE k 0 1 BYSCORE / ZREMRANGEBYSCORE k 0 1",
    "HSET h f v / GET h / ZADD h 1 a / SET h v GET / SET h v / GET h",
    "ZADD z 1 a / GET z / HSET z f v / ZADD z XX 1 x / DEL z / HSET z f v / HGET z f",
    "SET k v / ZADD k x a / ZADD k NX XX 1 a / ZRANGE k x y / ZREMRANGEBYSCORE k x y / HSET k f",
  ],
  "the keyspace": [
    "SET on:1 a / HSET on:2 f v / ZADD off 1 a / KEYS on:* / KEYS * / KEYS on:? / KEYS x / KEYS o[fn]*",
    "SET a-b 1 / SET a.b 1 / SET a*b 1 / SET [x] 1 / KEYS a.b / KEYS a\\*b / KEYS a[.-]b / KEYS a[^.]b / KEYS \\[x\\] / KEYS a[*-.]b",
    "SET grün 1 / KEYS gr?n / KEYS gr??n / KEYS gr*n / KEYS * / SET ab 1 / KEYS [b-a]b / KEYS [a / KEYS a[b / KEYS \\",
    "SET a 1 / SET b 1 / FLUSHALL / KEYS * / FLUSHALL SYNC / FLUSHALL ASYNC / FLUSHALL WHAT / FLUSHALL SYNC ASYNC / KEYS",
  ],
};

Deno.test("the store answers as Redis does", async (t) => {
  await using redis = await realRedis();
  for (const [subject, sequences] of Object.entries(SEQUENCES)) {
    await t.step(subject, async () => {
      for (const sequence of sequences) {
        const commands = sequence.split(" / ").map((command) => command.split(" "));
        await using store = testRedis();
        assert.deepEqual(
          await answersOverHttp(store, commands),
          await redis.answers(commands),
          sequence,
        );
      }
    });
  }
});

Deno.test("the store answers as Redis does, whatever is asked in whatever order", async () => {
  await using redis = await realRedis();
  await fc.assert(
    fc.asyncProperty(fc.array(anyCommand(), { maxLength: 40 }), async (commands) => {
      await using store = testRedis();
      assert.deepEqual(await answersOverHttp(store, commands), await redis.answers(commands));
    }),
    { numRuns: 500 },
  );
});

Deno.test("a transaction ends as in Redis, also when a command in it fails", async () => {
  const TRANSACTIONS = [
    "SET k v / HGET k f / GET k",
    "SET k v / NOSUCH / GET k",
    "SET k v / GET",
    "HSET h f v / EXPIRE h 60 / HEXISTS h f / ZADD z 1 a",
  ];
  await using redis = await realRedis();
  for (const transaction of TRANSACTIONS) {
    await using store = testRedis();
    const commands = transaction.split(" / ").map((command) => command.split(" "));
    const answered = await post(store, "/multi-exec", commands);
    const ours = Array.isArray(answered) ? answered.map(replyOf) : answered;
    assert.deepEqual(ours, await redis.transaction(commands), transaction);
    assert.deepEqual(
      await answersOverHttp(store, [["GET", "k"]]),
      await redis.answersWithoutFlush([["GET", "k"]]),
    );
  }
});

Deno.test("what has run out is gone in the same way", async () => {
  const KINDS = ["SET k v", "HSET k f v", "ZADD k 1 a"];
  const AFTERWARDS = "GET k / HGETALL k / ZRANGE k 0 -1 / TTL k / EXISTS k / KEYS * / DEL k / " +
    "PERSIST k / EXPIRE k 10 / HSET k f w / TTL k";
  await using redis = await realRedis();
  for (const kind of KINDS) {
    const before = [kind.split(" "), ["PEXPIRE", "k", "20"]];
    const after = AFTERWARDS.split(" / ").map((command) => command.split(" "));
    await using store = testRedis();
    assert.deepEqual(await answersOverHttp(store, before), await redis.answers(before));
    store.advance(20);
    await waitUntil(async () => await redis.command(["EXISTS", "k"]) === 0 || undefined, {
      what: "Redis to forget the key",
      withinMs: 5_000,
    });
    assert.deepEqual(await answersOverHttp(store, after), await redis.answersWithoutFlush(after));
  }
});

Deno.test("the real client reads the same from both, base64 and all", async () => {
  await using redis = await realRedis();
  await using store = testRedis();
  const client = new Redis({ ...store, enableTelemetry: false, automaticDeserialization: false });
  const words = ["grüße", "123", "", "OK", "null", '{"a":[1,2]}', "💬", "line\nbreak"];
  const fields = Object.fromEntries(words.map((word, i) => [`u:${word}`, words.at(-i)!]));
  const flat = Object.entries(fields).flat();
  assert.equal(await client.hset("h", fields), await redis.command(["HSET", "h", ...flat]));
  const names = [...Object.keys(fields), "none"];
  assert.deepEqual(
    await client.hmget("h", ...names),
    await redis.command(["HMGET", "h", ...names]),
  );
});

Deno.test("what is no request of this interface is refused", async () => {
  await using store = testRedis();
  for (const body of ["", "{}", "[]", '["GET",{}]', "[[]]", '"GET"']) {
    const response = await send(store, "/", body);
    assert.equal(response.status, 400, body);
    await response.body?.cancel();
  }
  const elsewhere = await send(store, "/elsewhere", '["PING"]');
  assert.equal(elsewhere.status, 404);
  await elsewhere.body?.cancel();
  const tooLarge = await send(store, "/", JSON.stringify(["SET", "k", "x".repeat(11 << 20)]));
  assert.equal(tooLarge.status, 413);
  await tooLarge.body?.cancel();
  assert.equal(store.execute("EXISTS", "k"), 0);
});

/** Few names and values, so that commands meet. */
function anyCommand(): fc.Arbitrary<string[]> {
  const key = fc.constantFrom("a", "b", "c"), field = fc.constantFrom("f", "g", "ä", "");
  const score = fc.constantFrom("1", "-2", "0.5", "2.25", "inf", "-inf", "x");
  const bound = fc.constantFrom("1", "(1", "-inf", "+inf", "(0.5", "2", "x");
  const index = fc.integer({ min: -4, max: 4 }).map(String);
  const flag = fc.constantFrom<string[]>([], ["NX"], ["XX"], ["GT"], ["LT"], ["CH"], ["INCR"]);
  const command = (...words: (string | fc.Arbitrary<string | string[]>)[]) =>
    fc.tuple(...words.map((word) => typeof word === "string" ? fc.constant(word) : word))
      .map((parts) => parts.flat());
  return fc.oneof(
    command("SET", key, field, fc.constantFrom([], ["NX"], ["XX", "GET"], ["EX", "100"])),
    ...["GET", "TTL", "PERSIST", "HGETALL", "HLEN", "ZCARD"].map((name) => command(name, key)),
    ...["DEL", "EXISTS"].map((name) => command(name, key, key)),
    command("EXPIRE", key, fc.constantFrom("100", "200", "0"), fc.constantFrom([], ["XX"], ["NX"])),
    command("HSET", key, field, field, field, field),
    ...["HGET", "HEXISTS", "ZSCORE"].map((name) => command(name, key, field)),
    ...["HDEL", "HMGET", "ZREM"].map((name) => command(name, key, field, field)),
    command(
      "ZADD",
      key,
      flag,
      flag,
      score,
      field,
      fc.oneof(fc.constant<string[]>([]), fc.tuple(score, field)),
    ),
    command("ZRANGE", key, index, index, fc.constantFrom([], ["REV"], ["WITHSCORES"])),
    command("ZRANGE", key, bound, bound, "BYSCORE", "WITHSCORES", fc.constantFrom([], ["REV"])),
    command("ZRANGEBYSCORE", key, bound, bound, "LIMIT", index, index),
    command("ZREMRANGEBYSCORE", key, bound, bound),
    command("KEYS", fc.constantFrom("*", "[ab]", "?", "[^a]", "a-c")),
  );
}

interface RealRedis extends AsyncDisposable {
  command(words: string[]): Promise<RespReply>;
  answers(commands: string[][]): Promise<RespReply[]>;
  answersWithoutFlush(commands: string[][]): Promise<RespReply[]>;
  transaction(commands: string[][]): Promise<RespReply>;
}

async function realRedis(): Promise<RealRedis> {
  await using stack = new AsyncDisposableStack();
  const directory = stack.use(await temporaryDirectory("redis"));
  const server = stack.use(
    await startRedisServer({ directory: join(directory.path, "redis") }),
  );
  const client = stack.use(await RespClient.connect(server.port));
  const owned = stack.move();
  const ask = async (commands: string[][]) => {
    const replies = await client.pipeline(commands);
    return replies.map((reply, i) => inOrder(commands[i]!, reply));
  };
  return {
    command: (words) => client.command(words),
    async answers(commands) {
      await client.command(["FLUSHALL"]);
      return await ask(commands);
    },
    answersWithoutFlush: ask,
    async transaction(commands) {
      await client.command(["FLUSHALL"]);
      const replies = await client.pipeline([["MULTI"], ...commands, ["EXEC"]]);
      return replies.at(-1)!;
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function answersOverHttp(store: TestRedis, commands: string[][]): Promise<RespReply[]> {
  const answers = await post(store, "/pipeline", commands) as Answer[];
  return answers.map((answer, i) => inOrder(commands[i]!, replyOf(answer)));
}

type Answer = { result: RespReply } | { error: string };

function replyOf(answer: Answer): RespReply {
  return "error" in answer ? answer : answer.result;
}

/** Redis promises no order of keys, and none of a hash's fields that it has changed. */
function inOrder([name]: string[], reply: RespReply): RespReply {
  if (!Array.isArray(reply)) return reply;
  if (name === "KEYS") return (reply as string[]).toSorted();
  if (name !== "HGETALL") return reply;
  const pairs = reply.flatMap((field, i) => i % 2 ? [] : [`${field} ${reply[i + 1]}`]);
  return pairs.sort();
}

async function post(store: TestRedis, path: string, body: unknown): Promise<unknown> {
  const response = await send(store, path, JSON.stringify(body));
  return await response.json();
}

function send({ url, token }: TestRedis, path: string, body: string): Promise<Response> {
  return fetch(url + path, { method: "POST", body, headers: { authorization: `Bearer ${token}` } });
}
