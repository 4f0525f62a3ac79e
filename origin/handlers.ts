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
import type { MessageId, UserId } from "shared/ids.ts";
import { inboxTopic, subjectOf, type TopicKey } from "shared/topic.ts";
import { VERSION } from "shared/version.ts";
import type { ApiDeps } from "./api/method.ts";
import { answerDigest } from "./audit/read_digest.ts";
import type { Committer } from "./commit/committer.ts";
import type { Database } from "./database.ts";
import { type Lanes, PATIENCE_MS } from "./lanes.ts";
import type { PresenceLookup } from "./presence/lookup.ts";
import { alert } from "./requests/alert.ts";
import { catchUp } from "./requests/catch_up.ts";
import { changes } from "./requests/changes.ts";
import { dispatch } from "./requests/dispatch.ts";
import { enter } from "./requests/enter.ts";
import { mend } from "./requests/mend.ts";
import { send } from "./requests/send.ts";
import type { Handlers } from "./routes.ts";

export interface HandlerDeps {
  name: string;
  database: Pick<Database, "reads">;
  bus: Pick<Bus, "publish">;
  committer: Committer;
  presence: PresenceLookup;
  largeGroup: number;
  /** The server API takes its turn with the edges. */
  lanes: Pick<Lanes, "sends" | "calls">;
}

const API = "api";

export function createHandlers(deps: HandlerDeps): { handlers: Handlers; api: ApiDeps } {
  const { database: { reads }, bus, committer, presence, largeGroup, lanes } = deps;
  const call: ApiDeps["call"] = (given) => dispatch({ sql: reads, committer, presence }, given);
  const publish = (topic: TopicKey, live: Live) => bus.publish(subjectOf(topic), encodeLive(live));
  const sendAll = (sends: SendBatch["sends"]) =>
    Promise.all(sends.map((item) => send(committer, item, item.data)));
  const handlers: Handlers = {
    send: sendAll,
    call,
    enter: (request) => enter(reads, request, { largeGroup }),
    catchUp(read) {
      if (read.claim) publish(inboxTopic(read.user), taken(read.claim));
      return catchUp(reads, read, { largeGroup });
    },
    mend: (read) => mend(reads, read),
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
    publish,
    devices: (user) => listDevices(deps, user),
    info: () => describe(deps),
  };
  return { handlers, api };
}

/** A device that names itself has one connection: the others, on whatever edge, must go. */
function taken({ device, connection, at }: Claim): Live {
  const control: Control = { type: "taken", device, connection, at };
  return { kind: "control", gsid: 0, membership: 0, data: JSON.stringify(control) };
}

async function listDevices({ database }: HandlerDeps, user: UserId): Promise<JsonObject> {
  const devices = await database.reads<JsonObject[]>`
    select device, platform, app, to_char(registered_at at time zone 'utc',
      'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as registered
    from push_targets where user_id = ${user} order by registered_at desc`;
  return { devices: [...devices] };
}

async function describe({ name, database }: HandlerDeps): Promise<JsonObject> {
  const { epoch, upto } = await answerDigest(database.reads, { v: 1 });
  return { name, version: VERSION, epoch, head: upto };
}
