/**
 * What the tables of the database hold, and what reading them by their indexes gives.
 *
 * Invariant: events are in GSID order, which is commit order, since whatever appends does so in one
 * piece. Knows no statement and no connection. `origin/store/migrations` is what this stands for; a
 * test holds both to the same answers.
 *
 * @module
 */

import type { EventType } from "shared/event.ts";
import { MEMBERSHIP_TYPES } from "shared/event.ts";
import { type Gsid, gsidAt } from "shared/gsid.ts";
import type { ConversationId, UserId } from "shared/ids.ts";
import type { Progress } from "origin/push/job.ts";
import type { Platform } from "origin/push/gateway/gateway.ts";
import { NO_TARGETS } from "origin/push/policy.ts";
import { Revocations } from "./revocations.ts";

export interface EventRow {
  gsid: Gsid;
  type: EventType;
  conversation: ConversationId;
  prev: Gsid;
  sender: UserId | null;
  fields: string;
  inboxes: UserId[];
  /** Of a group: its last change of membership before this event. Else 0. */
  membership: Gsid;
}

export interface ConversationRow {
  kind: "direct" | "group" | "system";
  last: Gsid;
  membership: Gsid;
  members: number;
  woke: Gsid;
  creator: UserId | null;
  created: Gsid;
}

export interface MemberRow {
  user: UserId;
  role: "owner" | "admin" | "member";
  joined: Gsid;
  left: Gsid | null;
}

export interface TargetRow {
  id: number;
  platform: Platform;
  token: string;
  user: UserId;
  registeredMs: number;
}

export interface JobRow {
  gsid: Gsid;
  user: UserId;
  /** `null`: it has ended. */
  dueMs: number | null;
  attempt: number;
  progress: Progress;
  outcome: "sent" | "dropped" | "dead" | null;
  reason: string | null;
  endedMs: number | null;
}

export interface PageRow {
  gsid: Gsid;
  walked: string;
  finished: boolean;
}

export function newConversation(
  kind: ConversationRow["kind"],
  creator: UserId | null,
): ConversationRow {
  return { kind, last: 0, membership: 0, members: 0, woke: 0, creator, created: 0 };
}

export const SYSTEM = "system" as ConversationId;
const STEP = 16;

export class Tables {
  epoch = "e1";
  last: Gsid = 0;
  /** Up to here the late check has looked. */
  checked: Gsid = 0;
  events: EventRow[] = [];
  readonly conversations = new Map<ConversationId, ConversationRow>();
  readonly members = new Map<ConversationId, MemberRow[]>();
  /** By conversation, and by user's inbox. */
  readonly ofConversation = new Map<ConversationId, EventRow[]>();
  readonly ofInbox = new Map<UserId, EventRow[]>();
  readonly sent = new Map<string, { digest: string; gsid: Gsid; prev: Gsid }>();
  readonly targets = new Map<string, TargetRow>();
  readonly jobs = new Map<string, JobRow>();
  readonly pages = new Map<Gsid, PageRow>();
  readonly revocations = new Revocations();
  #targets = 0;

  constructor() {
    this.conversations.set(SYSTEM, newConversation("system", null));
  }

  /** The first gsid that who holds the lock may use. */
  nextGsid(nowMs: number): Gsid {
    return Math.max(Math.floor(this.last / STEP) * STEP + STEP, gsidAt(Math.floor(nowMs)));
  }

  store(event: EventRow): void {
    this.events.push(event);
    push(this.ofConversation, event.conversation, event);
    for (const user of event.inboxes) push(this.ofInbox, user, event);
  }

  event(gsid: Gsid): EventRow | undefined {
    const found = this.events[above(this.events, gsid) - 1];
    return found?.gsid === gsid ? found : undefined;
  }

  membersOf(conversation: ConversationId): readonly MemberRow[] {
    return this.members.get(conversation) ?? [];
  }

  roleIn(conversation: ConversationId, user: UserId): MemberRow["role"] | undefined {
    return this.membersOf(conversation).find((row) => row.user === user && row.left === null)?.role;
  }

  register(target: Omit<TargetRow, "id">): void {
    const key = `${target.platform} ${target.token}`;
    const id = this.targets.get(key)?.id ?? ++this.#targets;
    this.targets.set(key, { id, ...target });
  }

  targetsOf(user: UserId): TargetRow[] {
    return [...this.targets.values()].filter((target) => target.user === user);
  }

  canBePushed(user: UserId): boolean {
    for (const target of this.targets.values()) if (target.user === user) return true;
    return false;
  }

  /** Whether the user has a token that a job with this progress has not tried. */
  hasUntried(user: UserId, progress: Progress): boolean {
    return this.targetsOf(user).some(({ id }) => typeof progress[id] !== "string");
  }

  /** Whether the job was pushed, or is still to be, or must not be: a user could have no more. */
  isAttended(gsid: Gsid, user: UserId): boolean {
    const job = this.jobs.get(jobKey(gsid, user));
    if (!job) return false;
    return job.outcome === null || !isUnreached(job) || !this.hasUntried(user, job.progress);
  }

  /** A job that ended unpushed for want of a token goes on, if there is one. False: it does not. */
  openJob(gsid: Gsid, user: UserId, dueMs: number): boolean {
    const job = this.jobs.get(jobKey(gsid, user));
    if (!job || this.isAttended(gsid, user)) return false;
    Object.assign(job, { dueMs, outcome: null, endedMs: null });
    return true;
  }

  /** False: there was one already. */
  addJob(gsid: Gsid, user: UserId, dueMs: number): boolean {
    const key = jobKey(gsid, user);
    if (this.jobs.has(key)) return false;
    const open = { dueMs, attempt: 0, progress: {}, outcome: null, reason: null, endedMs: null };
    this.jobs.set(key, { gsid, user, ...open });
    return true;
  }

  /**
   * As after a restore from a backup taken at `upto`, and `begin_epoch`: what came later was never
   * committed, but no gsid is issued again.
   */
  restore(upto: Gsid, epoch: string, nowMs: number): void {
    this.epoch = epoch;
    this.last = this.nextGsid(nowMs);
    this.checked = Math.min(this.checked, upto);
    for (const list of [...this.ofConversation.values(), ...this.ofInbox.values(), this.events]) {
      list.length = above(list, upto);
    }
    for (const [conversation, rows] of this.members) {
      const kept = rows.filter(({ joined }) => joined <= upto);
      for (const row of kept) if (row.left !== null && row.left > upto) row.left = null;
      this.members.set(conversation, kept);
    }
    for (const [conversation, row] of this.conversations) this.#restore(conversation, row);
    for (const [key, { gsid }] of this.sent) if (gsid > upto) this.sent.delete(key);
    for (const [key, { gsid }] of this.jobs) if (gsid > upto) this.jobs.delete(key);
    this.revocations.restore(upto);
    for (const gsid of this.pages.keys()) if (gsid > upto) this.pages.delete(gsid);
  }

  #restore(conversation: ConversationId, row: ConversationRow): void {
    const events = this.ofConversation.get(conversation) ?? [];
    if (events.length === 0 && row.kind !== "system") this.conversations.delete(conversation);
    row.last = events.at(-1)?.gsid ?? 0;
    row.membership = events.findLast(({ type }) => MEMBERSHIP_TYPES.has(type))?.gsid ?? 0;
    row.members = this.membersOf(conversation).filter(({ left }) => left === null).length;
  }
}

/** Whether a job that has ended found nobody, or nobody who took it. */
function isUnreached({ outcome, reason, progress }: JobRow): boolean {
  if (outcome === null || outcome === "sent") return false;
  const settled = Object.values(progress);
  return reason === NO_TARGETS || settled.includes("pruned") || settled.includes("refused");
}

export function jobKey(gsid: Gsid, user: UserId): string {
  return `${user} ${gsid}`;
}

/** Whether the membership stood when `gsid` was committed: it holds both its ends. */
export function holds({ joined, left }: MemberRow, gsid: Gsid): boolean {
  return joined <= gsid && (left === null || gsid <= left);
}

/** How many of the rows, in GSID order, lie up to `gsid`. */
export function above(rows: readonly { gsid: Gsid }[], gsid: Gsid): number {
  let low = 0, high = rows.length;
  if (high === 0 || rows[high - 1]!.gsid <= gsid) return high;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (rows[middle]!.gsid <= gsid) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Those in `(after, upto]`. */
export function between<Row extends { gsid: Gsid }>(
  rows: readonly Row[] | undefined,
  after: Gsid,
  upto: Gsid,
): Row[] {
  return rows ? rows.slice(above(rows, after), above(rows, upto)) : [];
}

function push<Key, Item>(map: Map<Key, Item[]>, key: Key, item: Item): void {
  const list = map.get(key);
  if (list) list.push(item);
  else map.set(key, [item]);
}
