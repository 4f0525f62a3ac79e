/**
 * Bugs of the edge: what is handed out, up to where that is proven, and what a cursor says.
 *
 * @module
 */

import { explorer, history, simulation } from "../judge.ts";
import type { Expected, Plant } from "../plant.ts";
import { PROMISES } from "../promises.ts";

/** What the simulation says when something is taken to be handed out, or received, that was not. */
const SIMULATED: Expected = {
  judge: simulation(),
  says: /Seed .* (may resume from|proven moved to|was reported to have received)/,
};
const EXPLORED: Expected = { judge: explorer("messages"), says: /lacks \d|never had \d/ };
const SKIPPED = /skipped-by-cursor|recovered-lied|undelivered/;

export const EDGE_PLANTS: readonly Plant[] = [
  {
    name: "cursor-is-own-gsid",
    about: "a live event's offset is its own gsid, whether what precedes it was handed out or not",
    promise: PROMISES.resumed,
    edits: [{
      file: "edge/hub/hub.ts",
      find: "undefined : Math.min(live.gsid, proven);",
      replace: "undefined : live.gsid;",
    }],
    judges: [{ judge: history("half-lost"), says: SKIPPED }, SIMULATED],
  },
  {
    name: "proven-before-the-hand-out",
    about: "`proven` moves before the events that the hub lacks have been read and handed out",
    promise: PROMISES.resumed,
    edits: [{
      file: "edge/hub/prover.ts",
      find: "await mendTopics(this.#deps, topics, verdict);",
      replace: 'this.#prove(digest, "mended", 0);\n        ' +
        "await mendTopics(this.#deps, topics, verdict);",
    }],
    judges: [{ judge: history("half-lost"), says: SKIPPED }, SIMULATED],
  },
  {
    name: "proven-after-a-failed-read",
    about: "`proven` moves although the read of what is missing failed",
    promise: PROMISES.resumed,
    edits: [{
      file: "edge/hub/prover.ts",
      find: "await mendTopics(this.#deps, topics, verdict);",
      replace: "await mendTopics(this.#deps, topics, verdict).catch(() => {});",
    }],
    judges: [{ judge: history("torn"), says: SKIPPED }, SIMULATED],
  },
  {
    name: "gap-accepted",
    about: "a digest counts although the one before it was never heard",
    promise: PROMISES.resumed,
    edits: [{
      file: "edge/hub/ledger.ts",
      find: "if (after > this.#proven || after < this.#floor())",
      replace: "if (after < this.#floor())",
    }],
    judges: [
      { judge: history("torn"), says: SKIPPED },
      EXPLORED,
      SIMULATED,
    ],
  },
  {
    name: "entered-inside-the-interval",
    about: "a topic that was entered inside a digest's interval is taken for proven",
    promise: PROMISES.delivered,
    edits: [
      {
        file: "edge/hub/ledger.ts",
        find: "  namedIn: number;\n",
        replace: "  namedIn: number;\n  enteredAt: Gsid;\n",
      },
      {
        file: "edge/hub/ledger.ts",
        find: "tally: undefined, namedIn: 0 }",
        replace: "tally: undefined, namedIn: 0, enteredAt: this.#proven }",
      },
      {
        file: "edge/hub/ledger.ts",
        find: "        entry.namedIn = comparison;\n",
        replace:
          "        entry.namedIn = comparison;\n        if (entry.enteredAt >= after) continue;\n",
      },
    ],
    judges: [
      { judge: history("slow-resume"), says: SKIPPED },
      EXPLORED,
      SIMULATED,
    ],
  },
  {
    name: "catching-up-is-skipped",
    about: "what a digest misses is not handed to connections that are catching up",
    promise: PROMISES.delivered,
    edits: [{
      file: "edge/hub/hub.ts",
      find:
        "for (const subscription of this.audience.of(topic)) this.#arrive(subscription, live, source);",
      replace: `for (const subscription of this.audience.of(topic)) {
      const [target] = subscription.targets;
      const isInbox = subscription.key !== subscription.topic;
      if (isInbox && (target?.receiver as { live?: boolean } | undefined)?.live === false) continue;
      this.#arrive(subscription, live, source);
    }`,
    }],
    judges: [{ judge: history("slow-resume"), says: SKIPPED }, SIMULATED],
  },
  {
    name: "dedupe-by-last",
    about: "an event counts as known when a higher gsid was handed out, not when it was itself",
    promise: PROMISES.delivered,
    edits: [{
      file: "edge/hub/tally.ts",
      find: "    gsids.splice(at, 0, gsid);\n    return true;",
      replace: "    return false;",
    }],
    judges: [{ judge: history("half-lost"), says: SKIPPED }, SIMULATED],
  },
  {
    name: "answered-for-all-devices",
    about: "the answer to a send counts as handed to every device of its sender",
    promise: PROMISES.delivered,
    edits: [{
      file: "edge/hub/hub.ts",
      find: "    this.#deps.ledger.hand(inboxKey(receiver.id), gsid);",
      replace: `    const { user } = receiver as Receiver;
    for (const { id, user: other } of this.audience.receivers) {
      if (other === user) this.#deps.ledger.hand(inboxKey(id), gsid);
    }`,
    }],
    judges: [{ judge: history("half-lost"), says: SKIPPED }, SIMULATED],
  },
  {
    name: "wake-for-the-addressed-only",
    about:
      "a wake copy wakes an idle group for the member whose inbox it came to, and for nobody else",
    promise: PROMISES.woken,
    edits: [
      {
        file: "edge/hub/hub.ts",
        find: "    this.mend(wake.topic, wake.live, source);",
        replace: "    (this.audience.wake as (...given: unknown[]) => void)" +
          '.call(this.audience, wake.topic, "copy", Infinity, inbox);\n' +
          "    this.mend(wake.topic, wake.live, source);",
      },
      {
        file: "edge/hub/audience.ts",
        find: "wake(topic: TopicKey, by: Waker, membership = Infinity): boolean {\n" +
          "    const holders = this.#deps.archive.wake(topic);",
        replace:
          `wake(topic: TopicKey, by: Waker, membership = Infinity, inbox?: TopicKey): boolean {
    const all = this.#deps.archive.wake(topic);
    const isMeant = ({ user }: Receiver) => inbox === undefined || inboxTopic(user) === inbox;
    const holders = all.filter(isMeant);
    for (const other of all) if (!isMeant(other)) this.#deps.archive.hold(topic, other);`,
      },
      {
        file: "edge/hub/hub.ts",
        find: "    if (live.gsid > this.#deps.ledger.proven) {\n      this.audience.wake(",
        replace:
          "    if (live.gsid > this.#deps.ledger.proven && ![...this.audience.of(topic)].length) {\n" +
          "      this.audience.wake(",
      },
    ],
    judges: [{ judge: history("idle"), says: SKIPPED }, SIMULATED],
  },
  {
    name: "digest-wakes-nobody",
    about: "a digest that names an idle group is taken to be about groups that nobody here is in",
    promise: PROMISES.woken,
    edits: [{
      file: "edge/hub/hub.ts",
      find: 'if (this.audience.wake(topic, "digest")) woken = true;',
      replace: 'if (topic === "" as TopicKey && this.audience.wake(topic, "digest")) woken = true;',
    }],
    judges: [{ judge: history("idle"), says: SKIPPED }, SIMULATED],
  },
  {
    name: "foreign-epoch-ignored",
    about: "a digest of another database's history is passed over, and nobody's connection ends",
    promise: PROMISES.recovered,
    edits: [{
      file: "edge/hub/ledger.ts",
      find: 'if (digest.epoch !== this.#epoch) return { kind: "foreign epoch" };',
      replace: 'if (digest.epoch !== this.#epoch) return { kind: "ignore" };',
    }],
    judges: [{ judge: simulation(), says: /after the last fault, .* is in epoch/ }],
  },
];
