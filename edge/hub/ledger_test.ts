import assert from "node:assert/strict";
import fc from "fast-check";
import { Ledger, TALLY_KEPT_MS } from "edge/hub/ledger.ts";
import { BUS_VERSION, type Digest } from "shared/bus/requests.ts";
import { type Gsid, GSID_PER_MS } from "shared/gsid.ts";
import { SYSTEM_ALERTS, type TopicKey } from "shared/topic.ts";

const ANA: TopicKey = "user-inbox-ana";
const TEAM: TopicKey = "group-chat-team";
const BIG = 2 ** 52;

function digest(after: Gsid, upto: Gsid, topics: Digest["topics"] = [], epoch = "e1"): Digest {
  return { v: BUS_VERSION, epoch, after, upto, topics };
}

function begun(head: Gsid): Ledger {
  const ledger = new Ledger();
  ledger.begin(head, "e1");
  return ledger;
}

function xorOf(gsids: Gsid[]): Gsid {
  return Number(gsids.reduce((xor, gsid) => xor ^ BigInt(gsid), 0n));
}

Deno.test("hand() gives an event to each subscription once", () => {
  const ledger = begun(10);
  ledger.enter("phone", ANA);
  ledger.enter("laptop", ANA);
  assert.deepEqual([ledger.hand("phone", 11), ledger.hand("laptop", 11)], [true, true]);
  assert.deepEqual([ledger.hand("phone", 11), ledger.hand("laptop", 11)], [false, false]);
  ledger.leave("phone");
  assert.equal(ledger.hand("phone", 12), false, "nobody is there any more");
  ledger.enter("phone", ANA);
  assert.equal(ledger.hand("phone", 11), true, "a tally says nothing of the time before its entry");
});

Deno.test("judge() ignores what is proven and everything before the ledger began", () => {
  assert.deepEqual(new Ledger().judge(digest(0, 5)), { kind: "ignore" });
  const ledger = begun(10);
  for (const [after, upto] of [[0, 9], [0, 10], [10, 10], [5, 5]] as const) {
    assert.deepEqual(ledger.judge(digest(after, upto, [[ANA, 7, 7]])), { kind: "ignore" });
  }
});

Deno.test("judge() finds a gap in front of the digest, and asks for it", () => {
  assert.deepEqual(begun(10).judge(digest(11, 20)), { kind: "gap", after: 10 });
});

Deno.test("judge() asks anew when a digest begins below what the tallies reach", () => {
  const kept = TALLY_KEPT_MS * GSID_PER_MS;
  const ledger = begun(kept + 100);
  assert.deepEqual(ledger.judge(digest(99, kept + 200)), { kind: "gap", after: kept + 100 });
  assert.deepEqual(ledger.judge(digest(100, kept + 200)), { kind: "equal", upto: kept + 200 });
});

Deno.test("judge() sees another epoch", () => {
  assert.deepEqual(begun(10).judge(digest(10, 20, [], "e2")), { kind: "foreign epoch" });
});

Deno.test("judge() names the subscriptions that lack an event, to be read above proven", () => {
  const ledger = begun(10);
  ledger.enter("phone", ANA);
  ledger.enter("laptop", ANA);
  ledger.enter("team", TEAM);
  for (const gsid of [11, 12]) ledger.hand("phone", gsid);
  ledger.hand("laptop", 12);
  ledger.hand("team", 13);
  const said = digest(8, 13, [[ANA, 2, xorOf([11, 12])], [TEAM, 1, 13], [
    "group-chat-other",
    4,
    1,
  ]]);
  const expected = { topics: [{ key: "laptop", topic: ANA }], after: 10, upto: 13 };
  assert.deepEqual(ledger.judge(said), { kind: "differs", ...expected });
  ledger.hand("laptop", 11);
  assert.deepEqual(ledger.judge(said), { kind: "equal", upto: 13 });
});

Deno.test("judge() compares a topic that the digest does not name, too", () => {
  const ledger = begun(10);
  ledger.enter("team", TEAM);
  ledger.hand("team", 12);
  const differs = { topics: [{ key: "team", topic: TEAM }], after: 10, upto: 12 };
  assert.deepEqual(ledger.judge(digest(10, 11)), { kind: "equal", upto: 11 });
  assert.deepEqual(ledger.judge(digest(10, 12)), { kind: "differs", ...differs });
});

Deno.test("judge() tells apart two events that only the high or only the low bits tell apart", () => {
  for (const [one, other] of [[BIG + 1, BIG + 2], [BIG + 1, BIG + 1 + 2 ** 33]] as const) {
    const ledger = begun(BIG);
    ledger.enter("team", TEAM);
    ledger.hand("team", one);
    assert.equal(ledger.judge(digest(BIG, 2 ** 53 - 1, [[TEAM, 1, one]])).kind, "equal");
    assert.equal(ledger.judge(digest(BIG, 2 ** 53 - 1, [[TEAM, 1, other]])).kind, "differs");
  }
});

Deno.test("prove() moves forward only, and keeps what may arrive late from being handed twice", () => {
  const second = 1000 * GSID_PER_MS, start = 1000 * second;
  const ledger = begun(start);
  ledger.enter("phone", ANA);
  for (let s = 1; s <= 15; s++) ledger.hand("phone", start + s * second);
  ledger.prove(start + 15 * second);
  ledger.prove(start + 4 * second);
  assert.equal(ledger.proven, start + 15 * second);
  assert.equal(ledger.tallied, 10);
  for (let s = 1; s <= 15; s++) assert.equal(ledger.hand("phone", start + s * second), false);
  ledger.prove(start + 100 * second);
  assert.equal(ledger.tallied, 0);
});

Deno.test("begin() refuses while a subscription stands, for its events may be missing", () => {
  const ledger = begun(10);
  ledger.enter("alerts", SYSTEM_ALERTS);
  assert.throws(() => ledger.begin(20, "e1"), /Cannot begin the ledger: 1 subscriptions stand/);
  assert.throws(() => ledger.enter("alerts", SYSTEM_ALERTS), /Cannot enter "alerts"/);
  ledger.leave("alerts");
  ledger.leave("alerts");
  ledger.begin(5, "e2");
  assert.deepEqual([ledger.proven, ledger.epoch, ledger.subscriptions], [5, "e2", 0]);
});

/** The ledger as one would first think of it: every gsid ever handed, compared one by one. */
class NaiveLedger {
  proven = 0;
  readonly handed = new Map<string, { topic: TopicKey; gsids: Set<Gsid> }>();

  differing({ after, upto }: Digest, committed: Map<TopicKey, Set<Gsid>>): string[] {
    const within = (gsids: Set<Gsid> | undefined) =>
      [...gsids ?? []].filter((gsid) => gsid > after && gsid <= upto).sort((a, b) => a - b);
    return [...this.handed].filter(([, { topic, gsids }]) =>
      within(gsids).join() !== within(committed.get(topic)).join()
    ).map(([key]) => key).sort();
  }
}

Deno.test("Ledger judges like one that keeps everything and compares one by one", () => {
  const topics: TopicKey[] = [ANA, "user-inbox-bo", TEAM, SYSTEM_ALERTS];
  const keys = ["k0", "k1", "k2", "k3", "k4"];
  const topicOf = (key: string) => topics[keys.indexOf(key) % topics.length]!;
  const key = fc.constantFrom(...keys);
  const step = fc.oneof(
    fc.record({ kind: fc.constant("enter" as const), key }),
    fc.record({ kind: fc.constant("leave" as const), key }),
    fc.record({
      kind: fc.constant("commit" as const),
      topic: fc.constantFrom(...topics),
      by: fc.nat(900),
    }),
    fc.record({ kind: fc.constant("hand" as const), key, back: fc.nat(6) }),
    fc.record({ kind: fc.constant("digest" as const), back: fc.nat(4), span: fc.nat(9) }),
    fc.constant({ kind: "hand all" as const }),
    fc.record({ kind: fc.constant("prove" as const), back: fc.nat(3) }),
  );
  fc.assert(
    fc.property(fc.array(step, { minLength: 60, maxLength: 120 }), (steps) => {
      const start = BIG - 5000 * GSID_PER_MS;
      const ledger = begun(start), naive = new NaiveLedger();
      naive.proven = start;
      const heads = [start], committed = new Map<TopicKey, Set<Gsid>>();
      for (const step of steps) {
        const head = heads.at(-1)!;
        if (step.kind === "enter" && !naive.handed.has(step.key)) {
          ledger.enter(step.key, topicOf(step.key));
          naive.handed.set(step.key, { topic: topicOf(step.key), gsids: new Set() });
        } else if (step.kind === "leave") {
          ledger.leave(step.key);
          naive.handed.delete(step.key);
        } else if (step.kind === "commit") {
          const gsid = head + (step.by + 1) * GSID_PER_MS;
          heads.push(gsid);
          committed.set(step.topic, (committed.get(step.topic) ?? new Set()).add(gsid));
        } else if (step.kind === "hand") {
          const entry = naive.handed.get(step.key);
          const own = entry && [...committed.get(entry.topic) ?? []].at(-1 - step.back);
          if (!own || own <= naive.proven - TALLY_KEPT_MS * GSID_PER_MS) continue;
          assert.equal(ledger.hand(step.key, own), !entry.gsids.has(own));
          entry.gsids.add(own);
        } else if (step.kind === "hand all") {
          for (const [key, { topic, gsids }] of naive.handed) {
            for (const gsid of committed.get(topic) ?? []) {
              if (ledger.hand(key, gsid)) gsids.add(gsid);
            }
          }
        } else if (step.kind === "digest") {
          const upto = heads.at(-1 - step.back) ?? head;
          const after = heads[Math.max(0, heads.indexOf(upto) - step.span)]!;
          const sums = [...committed].flatMap(([topic, gsids]) => {
            const within = [...gsids].filter((gsid) => gsid > after && gsid <= upto);
            return within.length ? [[topic, within.length, xorOf(within)] as const] : [];
          });
          const said = digest(after, upto, sums.map((sum) => [...sum]));
          const found = ledger.judge(said);
          if (upto <= naive.proven) assert.equal(found.kind, "ignore");
          else if (after > naive.proven) assert.equal(found.kind, "gap");
          else if (after >= naive.proven - TALLY_KEPT_MS * GSID_PER_MS) {
            const keys = found.kind === "differs" ? found.topics.map(({ key }) => key).sort() : [];
            assert.deepEqual(keys, naive.differing(said, committed));
          }
        } else if (step.kind === "prove") {
          const upto = heads.at(-1 - step.back) ?? start;
          naive.proven = Math.max(naive.proven, upto);
          ledger.prove(upto);
        }
      }
    }),
    { numRuns: 300 },
  );
});
