/**
 * A whole system in one thread: two edges, two origins, devices, and models of all they stand on.
 *
 * Invariant: everything in it happens on its timeline and draws from its random numbers, so a seed
 * and a schedule give the same run again. Decides nothing: what happens to it is in `schedule/`, what
 * must hold in `checks/`.
 *
 * @module
 */

import type { ConnectionId, ConversationId, GroupId, UserId } from "shared/ids.ts";
import { groupConversation } from "shared/ids.ts";
import { watchHandOuts } from "./checks/hand_outs.ts";
import { Judge } from "./checks/judge.ts";
import { checkLatePushes, checkSpared } from "./checks/late_pushes.ts";
import { checkPresence } from "./checks/presence.ts";
import { checkPushed } from "./checks/pushes.ts";
import { watchMends } from "./checks/mends.ts";
import { checkReport } from "./checks/reports.ts";
import { RevocationChecks } from "./checks/revocations.ts";
import { Truth } from "./checks/truth.ts";
import { Device } from "./clients/device.ts";
import { Broker } from "./model/broker.ts";
import { Chronicle } from "./model/chronicle.ts";
import type { Pipe } from "./model/pipe.ts";
import type { Process } from "./model/process.ts";
import { MessageFaults } from "./model/message_faults.ts";
import { createGroup } from "./model/postgres/append.ts";
import type { StatementFinder } from "./model/postgres/query.ts";
import type { Watch } from "./model/postgres/statement.ts";
import { Postgres } from "./model/postgres/server.ts";
import { PushProvider } from "./model/push_provider.ts";
import { Random } from "./model/random.ts";
import { Redis } from "./model/redis.ts";
import { Timeline } from "./model/timeline.ts";
import type { Models } from "./models.ts";
import type { Settings } from "./settings.ts";
import { type EdgeProcess, startEdge } from "./real/edge.ts";
import { type OriginProcess, startOrigin } from "./real/origin.ts";

export const USERS = ["ana", "ben", "cleo", "dan"] as UserId[];
export const GROUPS = ["g1", "g2"] as GroupId[];
const DEVICES_PER_USER = 2;
const EDGES = 2;
const ORIGINS = 2;
/** Until edges know a first head, and origins have heard their own beats. */
const BOOT_MS = 3_000;
const AWAY_MS = { least: 20, most: 5_000 };
/** A restore takes longer than any statement. */
const OUTAGE_MS = 8_000;

export interface WorldOptions {
  seed: number;
  settings: Settings;
  finder: StatementFinder;
  /** Whether the story is to be told. */
  told: boolean;
}

export class World {
  readonly timeline = new Timeline();
  readonly random: Random;
  readonly chronicle: Chronicle;
  readonly judge: Judge;
  readonly truth: Truth;
  readonly revocations: RevocationChecks;
  readonly models: Models;
  readonly edges: EdgeProcess[] = [];
  readonly origins: OriginProcess[] = [];
  readonly devices: Device[];
  readonly settings: Settings;
  /** Told of each push job. */
  onJob: Watch["jobMade"] = () => {};
  /** Of the next reads of the stream so many fail. */
  failingReplays = 0;
  /** Connections of clients that are no devices of ours. */
  readonly odd = new Set<Pipe>();
  readonly #healing = new Set<() => void>();
  /** While the database is being restored: the origins that wait for it. */
  #restoring: Set<number> | undefined;
  #numbers = 0;
  #epochs = 1;
  #starts = 0;
  #connections = 0;

  constructor({ seed, settings, finder, told }: WorldOptions) {
    const { timeline } = this;
    const random = this.random = new Random(seed);
    this.settings = settings;
    const chronicle = this.chronicle = new Chronicle({ nowMs: () => timeline.nowMs, told });
    const judge = this.judge = new Judge(timeline);
    const truth = this.truth = new Truth(USERS, judge, chronicle);
    const postgres = new Postgres({
      timeline,
      random,
      chronicle,
      finder,
      limits: settings.limits,
      onAppended: truth.appended,
      watch: {
        checked: (after, upto) => {
          chronicle.note("late check done", upto);
          checkLatePushes(after, upto, this.#forChecks);
        },
        digestCut: () => chronicle.note("digest cut"),
        revoked: (revocation) => this.revocations.stored(revocation),
        spared: (job) => checkSpared(job, this.#forChecks),
        jobMade: (job, by) => {
          const { gsid, user } = job;
          this.onJob(job, by);
          chronicle.note(`job by ${by}`, gsid, () => `${gsid} for ${user}`);
        },
      },
    });
    truth.watch(postgres.tables);
    this.revocations = new RevocationChecks(postgres.tables, judge, chronicle);
    const provider = new PushProvider({
      random,
      chronicle,
      onTaken: (user, gsid) => checkPushed(user, gsid, truth, judge),
    });
    this.models = {
      timeline,
      random,
      chronicle,
      broker: new Broker(timeline, random, new MessageFaults(random, chronicle)),
      postgres,
      redis: new Redis(timeline, random, chronicle),
      provider,
      onFault: judge.threw,
    };
    this.devices = this.#makeDevices();
    this.#populate();
    for (let i = 0; i < ORIGINS; i++) this.startOrigin(i);
    for (let i = 0; i < EDGES; i++) this.startEdge(i);
    timeline.advance(BOOT_MS);
  }

  startEdge(at: number): void {
    const { settings, devices, judge, chronicle } = this;
    const name = `edge${at}-${++this.#starts}`;
    const edge: EdgeProcess = startEdge(name, {
      models: this.models,
      config: settings.edge,
      watch: {
        onReport: (data) => checkReport(data, this.#forChecks),
        onPresence: (commands) => checkPresence(commands, edge.process, devices, judge),
      },
      newId: () => `c${String(++this.#connections).padStart(4, "0")}` as ConnectionId,
      replayFails: () => this.failingReplays > 0 && this.failingReplays-- > 0,
    });
    watchHandOuts(edge.delivery.ledger, this.#forChecks);
    watchMends(edge.delivery.hub, chronicle);
    this.revocations.watch(edge, () => devices.flatMap(({ sessions }) => [...sessions]));
    settings.plant?.edge?.(edge, this);
    this.edges[at] = edge;
    this.#startAgain(edge.process, () => this.startEdge(at));
  }

  startOrigin(at: number): void {
    if (this.#restoring) return void this.#restoring.add(at);
    const name = `origin${at}-${++this.#starts}`;
    const origin = this.origins[at] = startOrigin(name, this.settings.origin, this.models);
    this.settings.plant?.origin?.(origin, this);
    this.#startAgain(origin.process, () => this.startOrigin(at));
  }

  /** Whatever ends a program, somebody sees to it that it runs again. */
  #startAgain(process: Process, start: () => void): void {
    process.onDeath(() => {
      if (process.crashedAt) this.note(`fault: origin crashed ${process.crashedAt}`, process.name);
      this.heal(this.random.between(AWAY_MS.least, AWAY_MS.most), start);
    });
  }

  note(kind: string, words?: string): void {
    this.chronicle.note(kind, 0, words === undefined ? undefined : () => words);
  }

  newNumber(): number {
    return ++this.#numbers;
  }

  /** After a while something is well again: at the latest when everything is to be. */
  heal(afterMs: number, task: () => void): void {
    const once = () => {
      if (this.#healing.delete(once)) task();
    };
    this.#healing.add(once);
    this.timeline.after(afterMs, once);
  }

  /** Ends everything that was to end later. */
  healAll(): void {
    for (const task of [...this.#healing]) task();
  }

  /**
   * The database is lost, and comes back as it was a while ago, as the operator's manual has it: no
   * origin runs meanwhile, and the restored database has an epoch of its own.
   */
  restore(): void {
    const { tables } = this.models.postgres;
    const lost = this.random.int(4);
    const upto = tables.events.at(-1 - lost)?.gsid;
    if (upto === undefined || this.#restoring) return;
    this.note("fault: database restored", `${lost} events lost`);
    const waiting = this.#restoring = new Set<number>();
    for (const { process } of this.origins) process.kill();
    // What was on its way to the old database is done before, and lost with it.
    this.timeline.after(OUTAGE_MS, () => {
      tables.restore(upto, `e${++this.#epochs}`, this.timeline.nowMs);
      this.truth.restored(upto);
      this.#restoring = undefined;
      for (const at of waiting) this.startOrigin(at);
    });
  }

  get #forChecks() {
    const { truth, judge, devices, chronicle } = this;
    return { tables: this.models.postgres.tables, truth, judge, devices, chronicle };
  }

  #makeDevices(): Device[] {
    const { models, truth, judge, revocations, settings, random } = this;
    const deps = {
      models,
      truth,
      judge,
      revocations,
      edges: () => this.edges,
      limitBytes: settings.edge.sendBufferBytes,
    };
    return USERS.flatMap((user) =>
      Array.from({ length: DEVICES_PER_USER }, (_, n) =>
        new Device({
          user,
          name: `${user}${n}`,
          named: random.chance(0.8),
          acks: random.chance(0.5),
        }, deps))
    );
  }

  /** A group of most users, and somewhere to push to for each. */
  #populate(): void {
    const { tables } = this.models.postgres;
    const { nowMs } = this.timeline;
    for (const user of USERS) {
      tables.register({ platform: "fcm", token: `t-${user}`, user, registeredMs: nowMs });
    }
    const [group] = GROUPS, [by] = USERS;
    const users = USERS.slice(0, -1);
    const conversation: ConversationId = groupConversation(group!);
    createGroup(tables, { operation: "first", group: group!, conversation, by: by!, users }, {
      nowMs,
    });
    this.truth.appended();
    tables.checked = tables.last;
  }
}
