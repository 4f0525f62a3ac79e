/**
 * Which function answers which request, of edges and of the server API.
 *
 * Invariant: both ask the same functions, so that a rule for users is written once.
 *
 * @module
 */

import type { JsonObject } from "shared/event.ts";
import type { Bus } from "shared/bus/bus.ts";
import type { Control } from "shared/bus/live.ts";
import { encodeLive, type Live } from "shared/bus/live.ts";
import type { Claim, SendBatch } from "shared/bus/requests.ts";
import type { MessageId } from "shared/ids.ts";
import { inboxTopic, subjectOf, type TopicKey } from "shared/topic.ts";
import type { Turns } from "shared/turns.ts";
import { VERSION } from "shared/version.ts";
import type { ApiDeps } from "./api/method.ts";
import { answerDigest } from "./audit/read_digest.ts";
import type { ReceivedPositions } from "./audit/received.ts";
import type { Committer } from "./commit/committer.ts";
import type { Database } from "./database.ts";
import { type Lanes, PATIENCE_MS } from "./lanes.ts";
import { listDevices } from "./lookups/devices.ts";
import { traceMessage } from "./lookups/trace.ts";
import type { PresenceLookup } from "./presence/lookup.ts";
import { alert } from "./requests/alert.ts";
import { catchUp } from "./requests/catch_up.ts";
import { changes } from "./requests/changes.ts";
import { dispatch } from "./requests/dispatch.ts";
import { enter } from "./requests/enter.ts";
import { mend } from "./requests/mend.ts";
import type { Parts } from "./requests/method.ts";
import { type Revoke, revoke, type Revoked } from "./requests/revoke.ts";
import { send } from "./requests/send.ts";
import type { Handlers } from "./routes.ts";
import type { AnswerSend } from "./tracing/commits.ts";
import type { Traces } from "./tracing/traces.ts";
import { within } from "./within.ts";

export interface HandlerDeps {
  name: string;
  database: Pick<Database, "reads" | "commits">;
  bus: Pick<Bus, "publish">;
  committer: Committer;
  presence: PresenceLookup;
  /** How far users have received. */
  lateCheck: { readonly positions: Pick<ReceivedPositions, "of" | "has"> };
  largeGroup: number;
  maxUserGroups: number;
  /** Wall clock, ms since 1970. */
  wallMs(): number;
  turns: Pick<Turns, "later">;
  /** The server API takes its turn with the edges. */
  lanes: Pick<Lanes, "sends" | "calls" | "revocations">;
  /** Left out: no message is traced. */
  traces?: Pick<Traces, "commits" | "idOf"> | undefined;
}

const API = "api";
/** A statement without an answer for so long: its connection is taken for dead. */
const SILENCE_MS = 6_000;

export function createHandlers(deps: HandlerDeps): { handlers: Handlers; api: ApiDeps } {
  const { database: { reads, commits }, bus, committer, presence, largeGroup, lanes } = deps;
  const seen = {
    sql: reads,
    presence,
    positions: deps.lateCheck.positions,
    wallMs: deps.wallMs,
    traceId: deps.traces?.idOf,
  };
  const parts: Parts = { sql: reads, committer, presence, maxUserGroups: deps.maxUserGroups };
  const call: ApiDeps["call"] = (given) => dispatch(parts, given);
  const publish = (topic: TopicKey, live: Live) => bus.publish(subjectOf(topic), encodeLive(live));
  const answerSend: AnswerSend = (item) => send(committer, item, item.data);
  const answer = deps.traces?.commits(answerSend) ?? answerSend;
  const sendAll = (sends: SendBatch["sends"]) => Promise.all(sends.map(answer));
  const revokeAndTell: ApiDeps["revoke"] = async (given) => {
    const storing = revoke(commits, given, deps.wallMs());
    const done = await within(SILENCE_MS, storing, "revoke", deps.turns);
    if ("result" in done) publish(inboxTopic(given.user), revoked(given, done.result));
    return done;
  };
  const handlers: Handlers = {
    send: sendAll,
    call,
    enter: (request) => enter(reads, request, { largeGroup }),
    catchUp(read) {
      if (read.claim) publish(inboxTopic(read.user), taken(read.claim));
      return catchUp(reads, read, { largeGroup });
    },
    mend: (read) => mend(reads, read, { largeGroup }),
    changes: (read) => changes(reads, read),
    digest: (ask) => answerDigest(reads, ask),
  };
  const api: ApiDeps = {
    send: (sends) =>
      lanes.sends.run(API, () => sendAll(sends), {
        patienceMs: PATIENCE_MS.sends,
        places: sends.length,
      }),
    call: (given) => lanes.calls.run(API, () => call(given), { patienceMs: PATIENCE_MS.calls }),
    alert: (id, body) => alert(committer, id as MessageId, body),
    presence: (users) => presence.lookup(users),
    revoke: (given) =>
      lanes.revocations.run(API, () => revokeAndTell(given), {
        patienceMs: PATIENCE_MS.revocations,
      }),
    publish,
    devices: (user) => listDevices(seen, user),
    trace: (question) =>
      lanes.calls.run(API, () => traceMessage(seen, question), { patienceMs: PATIENCE_MS.calls }),
    info: () => describe(deps),
  };
  return { handlers, api };
}

/** A device that names itself has one connection: the others, on whatever edge, must go. */
function taken({ device, connection, at }: Claim): Live {
  const control: Control = { type: "taken", device, connection, at };
  return { kind: "control", gsid: 0, membership: 0, data: JSON.stringify(control) };
}

/** For at once; whoever misses it learns it from a digest. */
function revoked({ device }: Revoke, { before }: Revoked): Live {
  const moment = Math.round(before * 1000);
  const control: Control = { type: "revoked", before: moment, ...(device && { device }) };
  return { kind: "control", gsid: 0, membership: 0, data: JSON.stringify(control) };
}

async function describe({ name, database }: HandlerDeps): Promise<JsonObject> {
  const { epoch, upto } = await answerDigest(database.reads, { v: 1 });
  return { name, version: VERSION, epoch, head: upto };
}
