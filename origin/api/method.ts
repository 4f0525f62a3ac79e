/**
 * What a method of the server API is: its name, its schemas, and what it does.
 *
 * Invariant: the schema that describes a method is the one that checks its calls.
 *
 * @module
 */

import Type, { type Static, type TSchema } from "typebox";
import { Compile } from "typebox/compile";
import type { JsonObject } from "shared/event.ts";
import { faultInId } from "shared/ids.ts";
import type { Answer, Call, SendBatch, Sent } from "shared/bus/requests.ts";
import { wireError } from "shared/wire/codes.ts";
import type { Live } from "shared/bus/live.ts";
import type { UserId } from "shared/ids.ts";
import type { TraceQuestion } from "../lookups/trace.ts";
import type { Presence } from "../presence/interpret.ts";
import { wordsOf } from "../requests/fault_words.ts";
import type { Revoke, Revoked } from "../requests/revoke.ts";
import type { TopicKey } from "shared/topic.ts";

/** What methods need of the origin. */
export interface ApiDeps {
  send(sends: SendBatch["sends"]): Promise<Answer<Sent>[]>;
  call(call: Omit<Call, "v">): Promise<Answer>;
  alert(id: string, body: JsonObject): Promise<Answer<Sent>>;
  presence(users: UserId[]): Promise<Map<UserId, Presence>>;
  /** Stores it, and tells the edges at once. */
  revoke(revoke: Revoke): Promise<Answer<Revoked>>;
  /** Tells the edges something; nobody confirms it. */
  publish(topic: TopicKey, live: Live): void;
  devices(user: UserId): Promise<JsonObject>;
  info(): Promise<JsonObject>;
  /** `undefined`: there is no such event. */
  trace(question: TraceQuestion): Promise<JsonObject | undefined>;
}

export interface ApiMethod {
  name: string;
  summary: string;
  data: TSchema;
  result: TSchema;
  run(deps: ApiDeps, data: unknown): Promise<Answer>;
}

interface MethodSpec<Data extends TSchema> {
  summary: string;
  data: Data;
  result: TSchema;
  run(deps: ApiDeps, data: Static<Data>): Promise<Answer> | Answer;
}

/** A method that refuses, as a bad request, whatever its schema does not allow. */
export function method<Data extends TSchema>(name: string, spec: MethodSpec<Data>): ApiMethod {
  const validator = Compile(spec.data);
  return {
    name,
    summary: spec.summary,
    data: spec.data,
    result: spec.result,
    async run(deps, data) {
      if (!validator.Check(data)) {
        return { error: wireError("badRequest", wordsOf(validator.Errors(data)[0])) };
      }
      return await spec.run(deps, data);
    },
  };
}

/** For objects that hold nothing else. */
export const closed = { additionalProperties: false } as const;

export const Gsid = Type.Integer({
  minimum: 0,
  maximum: Number.MAX_SAFE_INTEGER,
  description: "A place in the order of all events",
});

/** An id, as `shared/ids.ts` allows it. */
export function Id(what: string) {
  return Type.Refine(
    Type.String({ description: `${what}: 1 to 128 bytes of UTF-8 without control characters` }),
    (value) => faultInId(value) === undefined,
    () => "must be 1 to 128 bytes of UTF-8 without control characters",
  );
}
