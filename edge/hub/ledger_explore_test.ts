/**
 * Every order in which events, digests, connections and the round's own steps can come, tried on
 * the real `Ledger`. The fast path is an adversary: any event arrives at any time, again, or never;
 * so does any digest. Each rule of the round is then broken on purpose, and must be caught.
 *
 * @module
 */

import assert from "node:assert/strict";
import { type Judgement, Ledger } from "edge/hub/ledger.ts";
import { BUS_VERSION, type Digest } from "shared/bus/requests.ts";
import { type Gsid, GSID_PER_MS } from "shared/gsid.ts";
import type { TopicKey } from "shared/topic.ts";

/** How the hub departs from the rules. */
type Fault =
  | "none"
  | "proves before the hand-out"
  | "accepts a gap"
  | "takes a topic entered inside the interval for proven"
  | "enters the topics after the snapshot"
  | "proves after a failed read";

const EVENTS = 3;
const TEAM: TopicKey = "group-chat-team";
const OWN: TopicKey = "user-inbox-d";
/** The first and last event are the group's; the second is in the inbox of `d`. */
const topicOf = (event: number): TopicKey => event === 2 ? OWN : TEAM;

/** A connection: `d` is in the group and has an inbox; `o` is another one in the same group. */
interface Connection {
  /** Its topics are in the ledger. */
  entered: boolean;
  /** It read the snapshot: everything committed up to then is in its queue. */
  read: boolean;
  /** Events in its queue, or in the buffer that follows its catch-up. */
  has: ReadonlySet<number>;
}

interface Round {
  missing: number[];
  upto: number;
}

interface World {
  head: number;
  ledger: Ledger;
  d: Connection;
  o: Connection;
  round: Round | undefined;
  /** For the fault alone: what `proven` was when each key was entered. */
  enteredAt: Record<string, Gsid>;
}

const AWAY: Connection = { entered: false, read: false, has: new Set() };

class Explorer {
  readonly #seen = new Set<string>();
  #violation: string[] | undefined;

  constructor(readonly spacingMs: number, readonly fault: Fault) {}

  /** The shortest trace to a violation, if there is one. */
  run(): { states: number; violation: string[] | undefined } {
    const ledger = new Ledger();
    ledger.begin(0, "e1");
    const start = { head: 0, ledger, d: AWAY, o: AWAY, round: undefined, enteredAt: {} };
    let front: [World, string[]][] = [[start, []]];
    while (front.length > 0 && !this.#violation) {
      const next: [World, string[]][] = [];
      for (const [world, trace] of front) {
        for (const [label, after] of this.#steps(world)) {
          const id = describe(after);
          if (this.#seen.has(id)) continue;
          this.#seen.add(id);
          const path = [...trace, label];
          const fault = this.#lacks(after) ??
            (this.fault === "none" ? this.#stuck(after) : undefined);
          if (fault) return { states: this.#seen.size, violation: [...path, fault] };
          next.push([after, path]);
        }
      }
      front = next;
    }
    return { states: this.#seen.size, violation: undefined };
  }

  #gsid(event: number): Gsid {
    return event * this.spacingMs * GSID_PER_MS;
  }

  #event(gsid: Gsid): number {
    return gsid / (this.spacingMs * GSID_PER_MS);
  }

  #events(topics: TopicKey[], after: number, upto: number): number[] {
    const all = Array.from({ length: upto - after }, (_, i) => after + i + 1);
    return all.filter((event) => topics.includes(topicOf(event)));
  }

  #digest(after: number, upto: number): Digest {
    const topics = [TEAM, OWN].flatMap((topic): Digest["topics"] => {
      const gsids = this.#events([topic], after, upto).map((event) => this.#gsid(event));
      const xor = Number(gsids.reduce((sum, gsid) => sum ^ BigInt(gsid), 0n));
      return gsids.length > 0 ? [[topic, gsids.length, xor]] : [];
    });
    const [from, to] = [this.#gsid(after), this.#gsid(upto)];
    return { v: BUS_VERSION, epoch: "e1", after: from, upto: to, topics };
  }

  *#steps(world: World): Generator<[string, World]> {
    const { head, round } = world;
    if (head < EVENTS) yield [`${head + 1} is committed`, { ...world, head: head + 1 }];
    for (let event = 1; event <= head; event++) {
      yield [`${event} arrives`, this.#hand(world, event)];
    }
    for (let upto = 1; upto <= head && !round; upto++) {
      for (let after = 0; after < upto; after++) {
        yield [`digest (${after}, ${upto}]`, this.#judge(world, this.#digest(after, upto))];
      }
    }
    if (round) yield* this.#roundSteps(world, round);
    for (const who of ["d", "o"] as const) yield* this.#connectionSteps(world, who);
  }

  *#roundSteps(world: World, round: Round): Generator<[string, World]> {
    const [event, ...missing] = round.missing;
    if (event) {
      const handed = this.#hand(world, event);
      yield [`the round hands out ${event}`, { ...handed, round: { ...round, missing } }];
      const failed = { ...world, round: undefined };
      if (this.fault === "proves after a failed read") failed.ledger = this.#proven(world, round);
      yield ["the round's read fails", failed];
    } else {
      const ledger = this.#proven(world, round);
      yield [`the round ends at ${round.upto}`, { ...world, ledger, round: undefined }];
    }
  }

  *#connectionSteps(world: World, who: "d" | "o"): Generator<[string, World]> {
    const it = world[who];
    const late = this.fault === "enters the topics after the snapshot";
    if (!it.entered && it.read === late) yield [`${who} enters`, this.#enter(world, who)];
    if (!it.read && it.entered !== late) {
      const caughtUp = this.#events(who === "d" ? [TEAM, OWN] : [TEAM], 0, world.head);
      const has = new Set([...it.has, ...caughtUp]);
      yield [`${who} reads up to ${world.head}`, { ...world, [who]: { ...it, read: true, has } }];
    }
    if (it.entered) yield [`${who} leaves`, this.#leave(world, who)];
  }

  /** The group is one subscription for both connections; the inbox is `d`'s alone. */
  #enter(world: World, who: "d" | "o"): World {
    const ledger = world.ledger.copy();
    const enteredAt = { ...world.enteredAt };
    const enter = (key: string, topic: TopicKey) => {
      ledger.enter(key, topic);
      enteredAt[key] = ledger.proven;
    };
    if (!world.d.entered && !world.o.entered) enter("team", TEAM);
    if (who === "d") enter("d", OWN);
    return { ...world, ledger, enteredAt, [who]: { ...world[who], entered: true } };
  }

  #leave(world: World, who: "d" | "o"): World {
    const ledger = world.ledger.copy();
    const other = who === "d" ? world.o : world.d;
    if (!other.entered) ledger.leave("team");
    if (who === "d") ledger.leave("d");
    return { ...world, ledger, [who]: AWAY };
  }

  #hand(world: World, event: number): World {
    const ledger = world.ledger.copy();
    const key = topicOf(event) === TEAM ? "team" : "d";
    if (!ledger.hand(key, this.#gsid(event))) return world;
    const give = (it: Connection) => it.entered ? { ...it, has: new Set([...it.has, event]) } : it;
    return { ...world, ledger, d: give(world.d), o: key === "team" ? give(world.o) : world.o };
  }

  #judge(world: World, digest: Digest): World {
    const judgement = this.#bent(world, digest);
    const ledger = world.ledger.copy();
    if (judgement.kind === "equal") ledger.prove(judgement.upto);
    if (judgement.kind !== "differs") return { ...world, ledger };
    const topics = judgement.topics.map(({ topic }) => topic);
    const upto = this.#event(judgement.upto);
    const missing = this.#events(topics, this.#event(judgement.after), upto);
    if (this.fault === "proves before the hand-out") ledger.prove(judgement.upto);
    return { ...world, ledger, round: { missing, upto } };
  }

  /** What the ledger says, with the planted fault. */
  #bent(world: World, digest: Digest): Judgement {
    const { ledger } = world;
    const judgement = ledger.judge(digest);
    if (judgement.kind === "gap" && this.fault === "accepts a gap") {
      const jumped = ledger.copy();
      jumped.prove(digest.after);
      return jumped.judge(digest);
    }
    if (judgement.kind !== "differs" || !this.fault.startsWith("takes a topic")) return judgement;
    const topics = judgement.topics.filter(({ key }) => world.enteredAt[key]! < digest.after);
    return topics.length > 0 ? { ...judgement, topics } : { kind: "equal", upto: digest.upto };
  }

  #proven(world: World, round: Round): Ledger {
    const ledger = world.ledger.copy();
    ledger.prove(this.#gsid(round.upto));
    return ledger;
  }

  /** The ledger's invariant: what a connection that has read its snapshot must have. */
  #lacks({ ledger, d, o }: World): string | undefined {
    const proven = this.#event(ledger.proven);
    for (const [who, it, topics] of [["d", d, [TEAM, OWN]], ["o", o, [TEAM]]] as const) {
      if (!it.read || !it.entered) continue;
      const lacking = this.#events([...topics], 0, proven).filter((event) => !it.has.has(event));
      if (lacking.length > 0) return `proven is ${proven}, ${who} lacks ${lacking}`;
    }
  }

  /** From every state, one asked digest and its round prove the head. */
  #stuck(world: World): string | undefined {
    const proven = this.#event(world.ledger.proven);
    if (proven === world.head) return;
    const asked = this.#digest(proven, world.head);
    let after = this.#judge({ ...world, round: undefined }, asked);
    for (const event of after.round?.missing ?? []) after = this.#hand(after, event);
    const ledger = after.round ? this.#proven(after, after.round) : after.ledger;
    if (this.#event(ledger.proven) !== world.head) return `cannot prove beyond ${proven}`;
    return this.#lacks({ ...after, ledger });
  }
}

function describe({ head, ledger, d, o, round, enteredAt }: World): string {
  const connection = (it: Connection) => [it.entered, it.read, [...it.has].sort()];
  return JSON.stringify([head, `${ledger}`, connection(d), connection(o), round, enteredAt]);
}

Deno.test("Ledger never proves what a connection lacks, in any order of three events", () => {
  for (const spacingMs of [1, 6_000]) {
    const { violation, states } = new Explorer(spacingMs, "none").run();
    assert.deepEqual(violation, undefined);
    assert.ok(states > 10_000, `only ${states} states were seen`);
  }
});

const FAULTS: Fault[] = [
  "proves before the hand-out",
  "accepts a gap",
  "takes a topic entered inside the interval for proven",
  "enters the topics after the snapshot",
  "proves after a failed read",
];
for (const fault of FAULTS) {
  Deno.test(`Explorer catches a hub that ${fault}`, () => {
    const { violation } = new Explorer(1, fault).run();
    assert.match(violation?.at(-1) ?? "nothing found", /proven is \d, [do] lacks/);
  });
}
