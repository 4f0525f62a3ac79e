/** Settings of single replicas, and who they are at NATS. */
import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import type { NatsConfig } from "shared/config/nats.ts";
import { temporaryDirectory } from "testing/temporary_directory.ts";
import type { Finding } from "./finding.ts";
import { ownFileOf } from "./own.ts";
import { expectAllWell, runCheck, testPlants, writeEnvFile } from "./testing.ts";
import { judgeUsers, type ReplicaUser } from "./users.ts";

const EDGE = {
  NATS_URL: "nats://127.0.0.1:4222",
  UPSTASH_REDIS_REST_URL: "http://127.0.0.1:8079",
  UPSTASH_REDIS_REST_TOKEN: "t",
  TOKEN_SECRET: "s".repeat(32),
};

function edge(id: string, seed?: string, inboxPrefix = `_INBOX.${id}`): ReplicaUser {
  const auth: NatsConfig["auth"] = seed === undefined ? undefined : { kind: "nkey", seed };
  return { id, program: "edge", nats: { servers: [], inboxPrefix, ...(auth && { auth }) } };
}

testPlants([
  {
    name: "edges that are one user at NATS",
    find: () => judgeUsers([edge("edge-0", "a"), edge("edge-1", "b"), edge("edge-2", "a")], "/f"),
    level: "warning",
    subject: "nats users",
    says: /^edge-0 and edge-2 are one user at NATS: who takes one hears what the others are answer/,
    mend: /^Give each a user of its own: deno task init \/f --edges 3, and have the NATS servers/,
  },
  {
    name: "an edge without a user, beside others that have one",
    find: () => judgeUsers([edge("edge-0", "a"), edge("edge-1")]),
    subject: "nats users",
    says: /^edge-1 has no user at NATS$/,
    mend: /^Draw one by deno task init FOLDER --edges 2, and have the NATS servers/,
  },
  {
    name: "edges with one inbox",
    find: () => judgeUsers([edge("edge-0", "a", "_INBOX.x"), edge("edge-1", "b", "_INBOX.x")]),
    level: "warning",
    subject: "nats users",
    says: /^edge-0 and edge-1 have one inbox/,
    mend: /^Set NATS_INBOX_PREFIX of each to _INBOX\. and its name/,
  },
  {
    name: "settings of a replica that cannot be",
    find: () => withOwn({ "edge-0": {}, "edge-1": { NATS_INBOX_PREFIX: "chat" } }),
    subject: "edge-1 settings",
    says: /^NATS_INBOX_PREFIX must be/,
    mend: /^Set NATS_INBOX_PREFIX to/,
  },
  {
    name: "settings of no replica",
    find: () => withOwn({ "edge-one": {} }),
    level: "warning",
    subject: "%/edge.d/edge-one.env",
    says: /^no replica is called edge-one, so none is told what is in it$/,
    mend: /^Call it as a replica is called: edge-0/,
  },
  {
    name: "what an edge must not know, among its own settings",
    find: () => withOwn({ "edge-0": { API_KEY: "k" } }),
    level: "warning",
    subject: "%/edge.d/edge-0.env",
    says: /^API_KEY is no setting of the edge$/,
    mend: /^Take it out: it is the origin's/,
  },
]);

/** Checks settings of edges whose folder has these files beside them. */
async function withOwn(
  own: Record<string, Record<string, string>>,
  all: Record<string, string> = EDGE,
): Promise<Finding[]> {
  await using directory = await temporaryDirectory("check");
  const file = await writeEnvFile(join(directory.path, "edge.env"), all);
  for (const [replica, values] of Object.entries(own)) {
    const path = ownFileOf(file, replica);
    await Deno.mkdir(dirname(path), { recursive: true });
    await writeEnvFile(path, values);
  }
  const { findings } = await runCheck(["edge", "--config", "--json", "--env", `edge=${file}`]);
  return findings().map((one) => ({ ...one, subject: one.subject.replace(directory.path, "%") }));
}

Deno.test("what is an edge's own goes before what is for all, and completes it", async () => {
  const { TOKEN_SECRET, ...rest } = EDGE;
  const own = { TOKEN_SECRET, PORT: "8001" };
  expectAllWell(await withOwn({ "edge-0": own, "edge-1": own }, { ...rest, PORT: "web" }));
});

Deno.test("judgeUsers() minds neither origins that are one user, nor a NATS that asks nobody", () => {
  const origin = (id: string): ReplicaUser => ({ ...edge(id, "a"), program: "origin" });
  assert.deepEqual(judgeUsers([origin("origin-0"), origin("origin-1")]), []);
  assert.deepEqual(judgeUsers([edge("edge-0"), edge("edge-1")]), []);
});
