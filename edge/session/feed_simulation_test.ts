/**
 * Hub, prover and feed against a bus that loses, doubles, delays and reorders, and clients that
 * come and go: whatever happens, no cursor passes an event that its device has not got.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { BusMessage } from "shared/bus/bus.ts";
import { encodeLive, type Live } from "shared/bus/live.ts";
import type { ConnectionId, DeviceId } from "shared/ids.ts";
import { GSID_PER_MS, GSID_STEP } from "shared/gsid.ts";
import { inboxTopic, subjectOf, type TopicKey } from "shared/topic.ts";
import { pick, randomFrom } from "testing/random.ts";
import type { Waker } from "../hub/audience.ts";
import { Hub } from "../hub/hub.ts";
import { Ledger } from "../hub/ledger.ts";
import { Prover } from "../hub/prover.ts";
import { Feed } from "./feed.ts";
import { Database, type Stored, USERS } from "./testing/database.ts";
import { Device } from "./testing/device.ts";

/** Some turns of the microtask queue: unlike timers, the same in every run of a seed. */
async function turn(): Promise<void> {
  for (let i = 0; i < 8; i++) await Promise.resolve();
}

/** Some events of others make the group idle. */
const ARCHIVE_AFTER_MS = 4 * GSID_STEP / GSID_PER_MS;

type Counts = Record<Waker | "archived", number>;

async function simulate(
  seed: number,
  steps: number,
  trace: string[],
  counts: Counts,
): Promise<void> {
  const random = randomFrom(seed);
  const database = new Database();
  const ledger = new Ledger();
  const listeners = new Map<string, Set<(message: BusMessage) => void>>();
  const late: { topic: TopicKey; live: Live }[] = [];
  let failing = 0;
  const answer = async <T>(read: () => T): Promise<T> => {
    for (let n = Math.floor(random() * 3); n > 0; n--) await turn();
    if (random() < failing) throw new Error("nobody answered");
    const result = read();
    for (let n = Math.floor(random() * 3); n > 0; n--) await turn();
    return result;
  };
  const hub: Hub = new Hub({
    ledger,
    subscribe(subject, handle) {
      const all = listeners.get(subject) ?? new Set();
      listeners.set(subject, all.add(handle));
      return { unsubscribe: () => void all.delete(handle) };
    },
    readChanges: (_group, after) => answer(() => database.changes(after)),
    pause: turn,
    archiveAfterMs: ARCHIVE_AFTER_MS,
    hashKey: [seed, 0],
    events: {
      handed: (gsid, source) => trace.push(`handed ${gsid}, ${source}`),
      poisoned: () => assert.fail("nothing here is poisoned"),
      woken(by) {
        counts[by]++;
        trace.push(`the group is woken, by ${by}, proven ${ledger.proven}`);
      },
      archived() {
        counts.archived++;
        trace.push(`the group is let go, proven ${ledger.proven}`);
      },
    },
  });
  const prover = new Prover({
    ledger,
    origin: {
      digest: ({ after }) => answer(() => database.digest(after ?? database.head, database.head)),
      mend: (read) => answer(() => database.mend(read)),
    },
    hub,
    onLost: () => assert.fail("the epoch never changes here"),
    now: () => 0,
    grace: turn,
    events: { judged: (outcome) => trace.push(`judged ${outcome}, proven ${ledger.proven}`) },
  });
  const deliver = ({ topic, live }: { topic: TopicKey; live: Live }) => {
    const subject = subjectOf(topic);
    const message = { subject, data: encodeLive(live), respond() {} };
    for (const handle of listeners.get(subject) ?? []) handle(message);
  };
  const devices = USERS.flatMap((user) => [1, 2].map(() => new Device(user, database, trace)));
  let connections = 0;
  const connect = async (device: Device) => {
    const { user } = device;
    const id = `c${++connections}` as ConnectionId;
    const socket = device.socket();
    const owner = { id, user, device: id as string as DeviceId, named: false };
    const feed: Feed = new Feed(socket, { ...owner, announce: turn, end: () => device.drop() }, {
      hub,
      origin: {
        enter: ({ user }) => answer(() => ({ v: 1, at: 0, groups: database.groups(user) })),
        catchUp: (read) => answer(() => database.catchUp(read, 3)),
      },
      flushBus: turn,
      proven: () => ledger.proven,
      pause: turn,
      maxBufferBytes: 400,
    });
    device.feed = feed;
    try {
      const since = device.cursor;
      trace.push(`${id} of ${user} connects, since ${since?.gsid}`);
      const page = await feed.attach(since);
      if (device.feed !== feed) return;
      trace.push(`${id} attached at ${page.header.head}`);
      device.attached = true;
      if (!since) {
        device.cursor = { gsid: page.header.head, epoch: "E" };
        device.from = page.header.head;
      }
      await feed.start(page);
    } catch {
      if (device.feed === feed) device.drop();
    }
  };
  let digestedUpTo = database.head;
  const digest = () => {
    prover.heard(database.digest(digestedUpTo, database.head));
    digestedUpTo = database.head;
  };
  prover.heard(database.digest(database.head, database.head));
  await turn();
  const publish = (event: Stored, except?: TopicKey) => {
    trace.push(`committed ${event.data} for ${[...event.readers]} on ${event.topics}`);
    const copy: Live = { ...event, kind: "wake" };
    const publications = [
      ...event.topics.filter((topic) => topic !== except).map((topic) => ({ topic, live: event })),
      ...database.wakes(event, ARCHIVE_AFTER_MS).map((topic) => ({ topic, live: copy })),
    ];
    for (const publication of publications) {
      const dice = random();
      if (dice < 0.5) deliver(publication);
      if (dice > 0.4 && dice < 0.8) late.push(publication);
    }
  };
  /** In any order; some of it later yet. */
  const deliverLate = () => {
    for (const publication of late.splice(0).sort(() => random() - 0.5)) {
      if (random() < 0.7) deliver(publication);
      else late.push(publication);
    }
  };
  /** The origin publishes to the sender's inbox only if it finds another device of the user's. */
  const send = async (device: Device) => {
    const { feed, user } = device;
    const event = database.message(random, user);
    const others = devices.some((other) => other !== device && other.user === user && other.feed);
    const isWrong = random() < 0.1;
    publish(event, others === isWrong ? inboxTopic(user) : undefined);
    for (let n = Math.floor(random() * 3); n > 0; n--) await turn();
    if (random() < 0.1 || device.feed !== feed) return;
    trace.push(`${feed?.id} is answered ${event.gsid}`);
    const conversation = event.topics.includes(inboxTopic(user)) ? "dm:" : "group:";
    feed?.replied({ gsid: event.gsid, conversation });
    device.reply(event.gsid);
  };
  for (let i = 0; i < steps; i++) {
    failing = random() < 0.1 ? 0.5 : 0;
    const dice = random(), device = pick(devices, random);
    if (random() < 0.05) {
      database.quiet = random() < 0.6;
      // The first to hear that something happens may be one that connects just now.
      if (!database.quiet && !device.feed) void connect(device);
    }
    if (dice < 0.2) publish(database.message(random));
    else if (dice < 0.35) device.attached && void send(device);
    else if (dice < 0.45) database.quiet || publish(database.toggle(pick(USERS, random)));
    else if (dice < 0.55) deliverLate();
    else if (dice < 0.62) digest();
    else if (dice < 0.64) digestedUpTo = database.head;
    else if (dice < 0.72) device.feed ? device.drop() : void connect(device);
    else if (dice < 0.76) device.feed?.sendCursor();
    else device.read(1 + Math.floor(random() * 4));
    if (random() < 0.3) hub.archiveIdle();
    if (random() < 0.7) await turn();
  }
  failing = 0;
  for (let i = 0; i < 600; i++) {
    if (i % 50 === 0) digest();
    for (const device of devices) {
      if (!device.feed) void connect(device);
      device.read(1_000);
    }
    await turn();
  }
  assert.equal(ledger.proven, database.head, "everything is proven in the end");
  for (const device of devices) {
    device.feed?.sendCursor();
    device.read(1_000);
    assert.equal(device.feed?.live, true);
    device.lacksNothingUpTo(database.head);
    device.drop();
  }
  await turn();
}

Deno.test("Feed misses nothing and shows nothing foreign, whatever the bus and the clients do", async () => {
  const counts: Counts = { copy: 0, digest: 0, entered: 0, archived: 0 };
  const only = Number(Deno.env.get("SEED") ?? 0);
  for (let seed = only || 1; seed <= (only || Number(Deno.env.get("SEEDS") ?? 300)); seed++) {
    const trace: string[] = [];
    try {
      await simulate(seed, 200, trace, counts);
    } catch (cause) {
      const { message } = cause as Error;
      throw new Error(`Seed ${seed}: ${message}\n${trace.join("\n")}`, { cause });
    }
  }
  if (!only) assert.ok(Object.values(counts).every((count) => count > 0), JSON.stringify(counts));
});
