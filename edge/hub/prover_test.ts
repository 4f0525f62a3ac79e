import assert from "node:assert/strict";
import type { Live } from "shared/bus/live.ts";
import type { Page } from "shared/bus/page.ts";
import type { Digest, Mended } from "shared/bus/requests.ts";
import type { UserId } from "shared/ids.ts";
import { inboxTopic, type TopicKey } from "shared/topic.ts";
import { Ledger } from "./ledger.ts";
import { MAX_WAITING, Prover } from "./prover.ts";

const topic = inboxTopic("ana" as UserId);
const digest = (after: number, upto: number, gsids: number[] = []): Digest => ({
  v: 1,
  epoch: "E",
  after,
  upto,
  topics: gsids.length ? [[topic, gsids.length, gsids.reduce((a, b) => a ^ b, 0)]] : [],
});

function rig(stored: number[]) {
  const ledger = new Ledger();
  const log: string[] = [];
  const control = {
    failing: false,
    head: 0,
    maxEvents: Infinity,
    nowMs: 0,
    mendFails: false,
    revoked: undefined as Digest["revoked"],
    meanwhile: (): void | Promise<void> => {},
    wakeNamed: () => false,
  };
  const prover: Prover = new Prover({
    ledger,
    origin: {
      digest({ after }) {
        if (control.failing) return Promise.reject(new Error("nobody"));
        log.push(`ask ${after ?? "head"}`);
        const { head, maxEvents } = control;
        const within = stored.filter((g) => g > (after ?? head) && g <= head);
        if (within.length <= maxEvents) {
          const { revoked } = control;
          return Promise.resolve({
            ...digest(after ?? head, head, within),
            ...(revoked && { revoked }),
          });
        }
        const cut = within.slice(0, maxEvents);
        return Promise.resolve({ ...digest(after!, cut.at(-1)!, cut), more: true } as const);
      },
      mend({ topics, after, upto }) {
        if (control.failing || control.mendFails) return Promise.reject(new Error("nobody"));
        const [first, ...rest] = stored.filter((g) => g > after && g <= upto);
        const events: Live[] = first === undefined
          ? []
          : [{ kind: "event", gsid: first, membership: 0, data: "{}" }];
        const header: Mended = {
          v: 1,
          topics: [topics.indexOf(topic)],
          ...(rest.length && { after: first! }),
        };
        return Promise.resolve<Page<Mended>>({ header, events });
      },
    },
    hub: {
      wakeNamed: () => control.wakeNamed(),
      revoke({ revoked = [] }) {
        for (const [user, before] of revoked) log.push(`revoke ${user} ${before}`);
      },
      mend(topic: TopicKey, live: Live) {
        if (ledger.hand("k", live.gsid)) log.push(`hand ${topic} ${live.gsid}`);
      },
      settled: () => Promise.resolve(),
      proved: (proven) => log.push(`proved ${proven}`),
    },
    onLost: (why) => log.push(`lost ${why}`),
    now: () => control.nowMs,
    grace: () => Promise.resolve(control.meanwhile()),
    events: { judged() {} },
  });
  return { ledger, prover, log, control };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

Deno.test("Prover begins at the head that an origin names, and asks until one answers", async () => {
  const { prover, ledger, control, log } = rig([]);
  control.failing = true;
  await prover.tick();
  assert.equal(prover.ready, false);
  Object.assign(control, { failing: false, head: 64 });
  await prover.tick();
  await turn();
  assert.deepEqual([ledger.proven, prover.ready, log], [64, true, ["ask head"]]);
});

Deno.test("Prover begins in a database that holds nothing yet", async () => {
  const { prover, ledger, control } = rig([16]);
  await prover.tick();
  await turn();
  assert.deepEqual([ledger.proven, prover.ready], [0, true]);
  ledger.enter("k", topic);
  control.head = 16;
  prover.heard(digest(0, 16, [16]));
  await turn();
  assert.equal(ledger.proven, 16);
});

Deno.test("Prover reads what differs, page by page, and proves only then", async () => {
  const { prover, ledger, log } = rig([20, 30]);
  ledger.begin(10, "E");
  ledger.enter("k", topic);
  prover.heard(digest(10, 40, [20, 30]));
  await turn();
  assert.deepEqual(log, [`hand ${topic} 20`, `hand ${topic} 30`, "proved 40"]);
  assert.equal(ledger.proven, 40);
});

Deno.test("Prover passes on what was revoked before it proves it, whatever way a digest comes", async () => {
  const { prover, ledger, log, control } = rig([20]);
  const ana = "ana" as UserId;
  ledger.begin(10, "E");
  ledger.enter("k", topic);
  control.mendFails = true;
  prover.heard({ ...digest(10, 40, [20]), revoked: [[ana, 1]] });
  await turn();
  assert.deepEqual([log.splice(0), ledger.proven], [["revoke ana 1"], 10], "though a read fails");
  Object.assign(control, { mendFails: false, head: 60, revoked: [[ana, 1], [ana, 2]] });
  prover.heard({ ...digest(50, 60), revoked: [[ana, 3]] });
  await turn();
  const asked = ["ask 10", "revoke ana 1", "revoke ana 2"];
  assert.deepEqual(log, ["revoke ana 3", ...asked, `hand ${topic} 20`, "proved 60"]);
});

Deno.test("Prover leaves `proven` alone when a read fails, and mends with the next digest", async () => {
  const { prover, ledger, log, control } = rig([20]);
  ledger.begin(10, "E");
  ledger.enter("k", topic);
  control.failing = true;
  prover.heard(digest(10, 40, [20]));
  await turn();
  assert.equal(ledger.proven, 10);
  Object.assign(control, { failing: false, head: 60 });
  prover.heard(digest(40, 60));
  await turn();
  assert.deepEqual(log, ["ask 10", `hand ${topic} 20`, "proved 60"]);
});

Deno.test("Prover reads on until it has caught up, however far behind it was", async () => {
  const { prover, ledger, log, control } = rig([20, 30, 40, 50, 60]);
  ledger.begin(10, "E");
  Object.assign(control, { head: 70, maxEvents: 2 });
  prover.heard(digest(55, 70, [60]));
  await turn();
  assert.deepEqual(log, ["ask 10", "proved 30", "ask 30", "proved 50", "ask 50", "proved 70"]);
});

Deno.test("Prover does not ask again and again while reads fail", async () => {
  const { prover, ledger, log, control } = rig([20, 30, 40]);
  ledger.begin(10, "E");
  ledger.enter("k", topic);
  Object.assign(control, { head: 50, maxEvents: 1, mendFails: true });
  prover.heard(digest(35, 50, [40]));
  await turn();
  assert.deepEqual([log, ledger.proven], [["ask 10"], 10]);
});

Deno.test("Prover judges nothing of another database, and begins there when it is told to", async () => {
  const { prover, ledger, log, control } = rig([]);
  ledger.begin(10, "E");
  ledger.enter("k", topic);
  prover.heard({ ...digest(5, 7), epoch: "F" });
  prover.heard(digest(10, 20));
  await turn();
  assert.deepEqual([log, ledger.proven, prover.ready], [["lost foreign"], 10, false]);
  ledger.leave("k");
  prover.begin();
  Object.assign(control, { head: 9 });
  prover.heard({ ...digest(7, 9), epoch: "F" });
  await turn();
  assert.deepEqual([ledger.proven, ledger.epoch, prover.ready], [9, "F", true]);
});

Deno.test("Prover begins as soon as no subscription stands, and not before", async () => {
  const { prover, ledger } = rig([]);
  ledger.begin(10, "E");
  ledger.enter("k", topic);
  prover.heard({ ...digest(5, 7), epoch: "F" });
  await turn();
  prover.begin();
  prover.heard({ ...digest(7, 9), epoch: "F" });
  await turn();
  assert.deepEqual([ledger.epoch, prover.ready], ["E", false]);
  ledger.leave("k");
  prover.heard({ ...digest(9, 11), epoch: "F" });
  await turn();
  assert.deepEqual([ledger.proven, ledger.epoch, prover.ready], [11, "F", true]);
});

Deno.test("Prover gives up what is too much for one edge, and leaves the cursors where they are", async () => {
  const stored = Array.from({ length: 120_000 }, (_, i) => 20 + i);
  const { prover, ledger, log, control } = rig(stored);
  ledger.begin(10, "E");
  Object.assign(control, { head: 200_000, maxEvents: 40_000 });
  prover.heard(digest(150_000, 200_000));
  await turn();
  assert.deepEqual(log, [
    "ask 10",
    "proved 40019",
    "ask 40019",
    "proved 80019",
    "ask 80019",
    "lost behind",
  ]);
  assert.equal(ledger.proven, 80_019);
});

Deno.test("Prover gives up when it stays behind for long, though it reads and reads", async () => {
  const { prover, ledger, log, control } = rig([20, 30, 40]);
  ledger.begin(10, "E");
  Object.assign(control, { head: 50, maxEvents: 1 });
  control.meanwhile = () => void (control.nowMs += 61_000);
  ledger.enter("k", topic);
  prover.heard(digest(45, 50));
  await turn();
  assert.deepEqual(log, ["ask 10", `hand ${topic} 20`, "proved 20", "lost behind"]);
});

Deno.test("Prover that was at the head in between has its limits anew", async () => {
  const stored = Array.from({ length: 150_000 }, (_, i) => 20 + i);
  const { prover, ledger, log, control } = rig(stored);
  ledger.begin(10, "E");
  for (const head of [60_000, 120_000]) {
    control.head = head;
    prover.heard(digest(head - 1, head));
    await turn();
  }
  assert.deepEqual([ledger.proven, log.includes("lost behind")], [120_000, false]);
});

Deno.test("Prover says for how long it does not know that everything was handed out", async () => {
  const { prover, ledger, control } = rig([20]);
  assert.equal(prover.ageMs, undefined);
  prover.heard(digest(10, 10));
  await turn();
  ledger.enter("k", topic);
  control.mendFails = true;
  control.nowMs = 5_000;
  prover.heard(digest(10, 40, [20]));
  await turn();
  assert.equal(prover.ageMs, 5_000);
  control.mendFails = false;
  prover.heard(digest(10, 40, [20]));
  await turn();
  assert.equal(prover.ageMs, 0);
});

Deno.test("ask() asks what lies beyond, without waiting for a digest", async () => {
  const { prover, ledger, control, log } = rig([20]);
  ledger.begin(10, "E");
  control.head = 30;
  await prover.ask();
  await turn();
  assert.deepEqual([log, ledger.proven], [["ask 10", "proved 30"], 30]);
});

Deno.test("Prover reads nothing that comes by itself a moment after the digest", async () => {
  const { prover, ledger, log, control } = rig([20]);
  ledger.begin(10, "E");
  ledger.enter("k", topic);
  control.meanwhile = () => void ledger.hand("k", 20);
  prover.heard(digest(10, 40, [20]));
  await turn();
  assert.deepEqual(log, ["proved 40"]);
});

Deno.test("Prover reads an idle group that a digest names, also one entered a moment later", async () => {
  for (const wakes of [1, 2]) {
    const { prover, ledger, log, control } = rig([20]);
    ledger.begin(10, "E");
    ledger.enter("other", inboxTopic("ben" as UserId));
    let asked = 0;
    control.wakeNamed = () => {
      if (++asked !== wakes) return false;
      ledger.enter("k", topic);
      return true;
    };
    // What differs anyway makes the prover look twice.
    if (wakes === 2) ledger.hand("other", 30);
    prover.heard(digest(10, 40, [20]));
    await turn();
    assert.deepEqual(log, [`hand ${topic} 20`, "proved 40"]);
  }
});

Deno.test("Prover wakes nothing for a digest that it does not compare", async () => {
  const { prover, ledger, control } = rig([20]);
  ledger.begin(50, "E");
  control.wakeNamed = () => assert.fail("this one says nothing about what lies above `proven`");
  prover.heard(digest(10, 40, [20]));
  await turn();
  assert.equal(ledger.proven, 50);
});

Deno.test("Prover keeps only so many digests that wait, and asks for what the dropped ones told", async () => {
  const { prover, ledger, log, control } = rig([20]);
  ledger.begin(10, "E");
  ledger.enter("k", topic);
  const grace = Promise.withResolvers<void>();
  control.meanwhile = () => grace.promise;
  prover.heard(digest(10, 40, [20]));
  for (let n = 0; n < MAX_WAITING + 3; n++) prover.heard(digest(40 + n, 41 + n));
  assert.equal(prover.waiting, MAX_WAITING);
  control.head = 80;
  grace.resolve();
  await turn();
  assert.deepEqual([ledger.proven, prover.waiting], [80, 0]);
  assert.ok(log.includes("ask 40"));
});

Deno.test("Prover is not behind while nothing is committed and digests say so", async () => {
  const { prover, ledger, control } = rig([]);
  await prover.tick();
  control.nowMs += 5_000;
  const { proven } = ledger;
  prover.heard(digest(proven, proven, []));
  await turn();
  assert.equal(prover.ageMs, 0);
  control.nowMs += 5_000;
  prover.heard(digest(proven - 1, proven - 1, []));
  await turn();
  assert.equal(prover.ageMs, 5_000, "an old one says nothing of now");
});
