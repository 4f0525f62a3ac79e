/**
 * What each program says and hears on the bus, as far as it can be tried without anybody noticing.
 *
 * Invariant: every message of these tables is one that whoever hears it has nothing to do for. What
 * they would act upon is `untried`: a digest, an alert, a question to all edges; and a beat, for an
 * edge that beats and has no presence makes all users unknown. Pure.
 *
 * @module
 */

import { ANNOUNCE, encodeMessage, ORIGIN_QUEUE, REQUEST } from "shared/bus/requests.ts";
import type { Gsid } from "shared/gsid.ts";
import type { DeviceId, GroupId, UserId } from "shared/ids.ts";
import {
  CHAT_STREAM,
  encodeToken,
  groupTopic,
  inboxTopic,
  subjectOf,
  SYSTEM_ALERTS,
} from "shared/topic.ts";

export interface Said {
  subject: string;
  data?: Uint8Array;
}

export interface Heard {
  subject: string;
  queue?: string;
}

export interface Needs {
  says: Said[];
  hears: Heard[];
  /** What a stolen program could do harm with. */
  mustNotSay: Said[];
  mustNotHear: Heard[];
  untried: string[];
}

/** `nobody`: a name that no user, group or replica has. */
export function needsOf(program: "edge" | "origin", nobody: string): Needs {
  return program === "edge" ? needsOfEdge(nobody) : needsOfOrigin(nobody);
}

function needsOfEdge(nobody: string): Needs {
  const user = nobody as UserId;
  const none = 0 as Gsid;
  const { name: stream } = CHAT_STREAM;
  return {
    says: [
      { subject: REQUEST.send, data: encodeMessage({ sends: [] }) },
      { subject: REQUEST.call, data: callOf(user) },
      { subject: REQUEST.enter, data: encodeMessage({ user }) },
      { subject: REQUEST.catchUp, data: encodeMessage({ user }) },
      { subject: REQUEST.mend, data: encodeMessage({ topics: [], after: none, upto: none }) },
      {
        subject: REQUEST.changes,
        data: encodeMessage({ group: nobody as GroupId, after: none }),
      },
      { subject: REQUEST.digest, data: encodeMessage({}) },
      { subject: ANNOUNCE.received, data: encodeMessage({ replica: nobody, users: [] }) },
      { subject: ANNOUNCE.ended, data: encodeMessage({ replica: nobody, users: [] }) },
      { subject: `$JS.API.STREAM.INFO.${stream}` },
      ...["CREATE", "INFO", "MSG.NEXT", "DELETE"].map((verb) => ({
        subject: `$JS.API.CONSUMER.${verb}.${stream}.${nobody}`,
      })),
    ],
    hears: [
      ...topicsOf(nobody),
      { subject: subjectOf(SYSTEM_ALERTS) },
      { subject: ANNOUNCE.digest },
      { subject: ANNOUNCE.askReceived },
      { subject: ANNOUNCE.presenceLost },
    ],
    mustNotSay: [
      ...topicsOf(nobody),
      { subject: ANNOUNCE.presenceLost, data: encodeMessage({ replica: nobody }) },
    ],
    mustNotHear: [{ subject: REQUEST.send }, { subject: REQUEST.call }],
    untried: [ANNOUNCE.beat],
  };
}

function needsOfOrigin(nobody: string): Needs {
  const { name: stream } = CHAT_STREAM;
  const ownBeat = `${ANNOUNCE.ownBeat}.${encodeToken(nobody)}`;
  return {
    says: [
      ...topicsOf(nobody),
      { subject: ownBeat, data: encodeMessage({ replica: nobody }) },
      { subject: ANNOUNCE.presenceLost, data: encodeMessage({ replica: nobody }) },
      { subject: "$JS.API.INFO" },
      ...["INFO", "CREATE", "UPDATE"].map((verb) => ({
        subject: `$JS.API.STREAM.${verb}.${stream}`,
      })),
    ],
    hears: [
      ...Object.values(REQUEST).map((subject) => ({ subject, queue: ORIGIN_QUEUE })),
      { subject: ownBeat },
      { subject: `${ANNOUNCE.beat}.*` },
      { subject: ANNOUNCE.digest },
      { subject: ANNOUNCE.received },
      { subject: ANNOUNCE.ended },
    ],
    mustNotSay: [],
    mustNotHear: [],
    untried: [ANNOUNCE.digest, ANNOUNCE.askReceived, subjectOf(SYSTEM_ALERTS)],
  };
}

/** Of a user and a group that there are not. */
function topicsOf(nobody: string): { subject: string }[] {
  return [inboxTopic(nobody as UserId), groupTopic(nobody as GroupId)]
    .map((topic) => ({ subject: subjectOf(topic) }));
}

/** Of a method that there is not. */
function callOf(user: UserId): Uint8Array {
  return encodeMessage({ user, device: "check" as DeviceId, method: "fanfare.check", data: null });
}
