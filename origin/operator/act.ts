/**
 * What an operator does: drains a replica, kicks a user, tells everybody.
 *
 * Invariant: each is logged, with who says to have done it, from where, and to whom. Whether they
 * may is decided before.
 *
 * @module
 */

import Type from "typebox";
import { Compile } from "typebox/compile";
import type { Bus } from "shared/bus/bus.ts";
import { ANNOUNCE, type Drain, encodeMessage } from "shared/bus/requests.ts";
import type { JsonObject } from "shared/event.ts";
import type { Log } from "shared/log.ts";
import type { ApiDeps } from "../api/method.ts";
import { METHODS } from "../api/methods.ts";

export interface ActDeps {
  api: ApiDeps;
  bus: Pick<Bus, "publish" | "status">;
  log: Log;
  /** The name of a replica that is heard; `undefined`: it is not. */
  nameOf(replica: string): string | undefined;
}

/** Who acts, as far as is known: the name is their own word. */
export interface Actor {
  operator: string;
  from: string;
}

/** What was done in words, or why it was not. */
export type Done = { said: string } | { error: string };

export type Act = (deps: ActDeps, actor: Actor, data: unknown) => Promise<Done>;

const closed = { additionalProperties: false } as const;

const DrainData = Compile(Type.Object({ replica: Type.String() }, closed));

/** Over the bus, for the internal port of another replica is not to be reached from here. */
const drain: Act = (deps, actor, data) => {
  if (!DrainData.Check(data)) return refused("replica must be the id of one");
  const { replica } = data;
  const name = deps.nameOf(replica);
  if (name === undefined) return refused(`Cannot drain ${replica}: it is not heard`);
  if (deps.bus.status !== "connected") return refused(`Cannot drain ${name}: NATS is not reached`);
  deps.log.info("An operator drains a replica", { ...actor, replica });
  deps.bus.publish(ANNOUNCE.drain, encodeMessage<Drain>({ replica }));
  return Promise.resolve({ said: `${name} is told to drain; its row says so within seconds` });
};

/** What is wrong in it, the method says. */
const kick: Act = async (deps, actor, data) => {
  const done = await call(deps, "disconnect", data as JsonObject);
  if ("error" in done) return done;
  const { user, device } = data as { user: string; device?: string };
  deps.log.info("An operator kicked a user", { ...actor, user, device });
  const who = device === undefined ? user : `${device} of ${user}`;
  return { said: `${who} is kicked, from wherever it was connected` };
};

const AlertData = Compile(
  Type.Object({ id: Type.String(), body: Type.Record(Type.String(), Type.Unknown()) }, closed),
);

/** Its id comes from the page, so that an answer that was lost makes no second alert. */
const alert: Act = async (deps, actor, data) => {
  if (!AlertData.Check(data)) return await refused("body must be a JSON object");
  const done = await call(deps, "alert", data as JsonObject);
  if ("error" in done) return done;
  const { gsid } = done.result as { gsid: number };
  deps.log.info("An operator told everybody", { ...actor, gsid });
  return { said: `Everybody is told, as event ${gsid}` };
};

export const ACTS: ReadonlyMap<string, Act> = new Map([
  ["drain", drain],
  ["kick", kick],
  ["alert", alert],
]);

async function call(
  { api }: ActDeps,
  name: string,
  data: JsonObject,
): Promise<{ result: unknown } | { error: string }> {
  const answer = await METHODS.find((one) => one.name === name)!.run(api, data);
  return "error" in answer ? { error: answer.error.message } : answer;
}

function refused(error: string): Promise<Done> {
  return Promise.resolve({ error });
}
