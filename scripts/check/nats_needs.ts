/**
 * What is tried of what a program must and must not say and hear on the bus, without anybody
 * noticing.
 *
 * Invariant: whatever is said is one that whoever hears it has nothing to do for. What they would
 * act upon is `untried`: a digest, an alert, a question to all edges; and a beat, for an edge that
 * beats and has no presence makes all users unknown. What there is to be tried is the table in
 * `shared/bus/permissions.ts`. Pure.
 *
 * @module
 */

import {
  allows,
  inboxOf,
  type Permissions,
  permissionsOf,
  ROLES,
  type Use,
} from "shared/bus/permissions.ts";
import { ANNOUNCE, encodeMessage, REQUEST } from "shared/bus/requests.ts";
import type { Gsid } from "shared/gsid.ts";
import type { DeviceId, GroupId, UserId } from "shared/ids.ts";
import { TOPIC_SUBJECTS } from "shared/topic.ts";

export interface Said {
  subject: string;
  data: Uint8Array;
}

export interface Needs {
  says: Said[];
  hears: Use[];
  /** What a stolen program could do harm with. */
  mustNotSay: Said[];
  mustNotHear: Use[];
  untried: string[];
}

const EVERYTHING = ">";

/** `nobody`: a name that no user, group or replica has. */
export function needsOf(
  program: "edge" | "origin",
  nobody: string,
  inboxPrefix: string = inboxOf(program),
): Needs {
  const own = permissionsOf(program, inboxPrefix);
  const others = ROLES.filter((role) => role !== program).map((role) => permissionsOf(role));
  const beyond = (kind: keyof Permissions) =>
    others.flatMap((other) => usesOf(other[kind])).filter((use) => !allows(own[kind], use));
  const says = subjectsOf(usesOf(own.publish));
  const named = ({ subject, ...rest }: Use) => ({ ...rest, subject: withName(subject, nobody) });
  return {
    says: says.flatMap((subject) => sayingOf(subject, nobody)),
    hears: usesOf(own.subscribe).map(named),
    mustNotSay: [
      { subject: nobody, data: NOTHING },
      ...subjectsOf(beyond("publish")).flatMap((subject) => sayingOf(subject, nobody)),
    ],
    mustNotHear: [
      { subject: EVERYTHING },
      ...beyond("subscribe").map(named),
      { subject: `${inboxOf(nobody)}.x` },
    ],
    untried: says.filter((subject) => sayingOf(subject, nobody).length === 0),
  };
}

function usesOf(allowed: Permissions["publish"]): Use[] {
  return allowed.flatMap(({ uses }) => uses);
}

function subjectsOf(uses: readonly Use[]): string[] {
  return [...new Set(uses.map(({ subject }) => subject))];
}

function withName(subject: string, nobody: string): string {
  return subject.replaceAll("*", nobody);
}

/** None when it is better not said. */
function sayingOf(subject: string, nobody: string): Said[] {
  const data = subject.startsWith(API) ? UNREADABLE : dataOf(nobody)[subject];
  return data ? [{ subject: withName(subject, nobody), data }] : [];
}

const API = "$JS.API.";
const NOTHING = new Uint8Array();
/** The server takes it for a request that is allowed, and refuses to do anything for it. */
const UNREADABLE = new TextEncoder().encode("fanfare check");

/** By subject: what is of users, groups and replicas that there are not. */
function dataOf(nobody: string): Record<string, Uint8Array> {
  const user = nobody as UserId, group = nobody as GroupId;
  const none = 0 as Gsid;
  const call = { user, device: "check" as DeviceId, method: "fanfare.check", data: null };
  const ofNobody = encodeMessage({ replica: nobody, users: [] });
  return {
    [REQUEST.send]: encodeMessage({ sends: [] }),
    [REQUEST.call]: encodeMessage(call),
    [REQUEST.enter]: encodeMessage({ user }),
    [REQUEST.catchUp]: encodeMessage({ user }),
    [REQUEST.mend]: encodeMessage({ topics: [], after: none, upto: none }),
    [REQUEST.changes]: encodeMessage({ group, after: none }),
    [REQUEST.digest]: encodeMessage({}),
    [ANNOUNCE.received]: ofNobody,
    [ANNOUNCE.ended]: ofNobody,
    [ANNOUNCE.presenceLost]: ofNobody,
    [ANNOUNCE.drain]: ofNobody,
    [`${ANNOUNCE.originBeat}.*`]: ofNobody,
    ...Object.fromEntries(TOPIC_SUBJECTS.map((subject) => [subject, NOTHING])),
    [`${inboxOf("*")}`]: NOTHING,
    [`${inboxOf("origin")}.*`]: NOTHING,
  };
}
