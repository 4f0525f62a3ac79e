/**
 * What clients ask of the origins, on its way: messages in batches, everything else by itself.
 *
 * Invariant: every call is answered once, and at most `maxInFlight` wait for an origin, besides the
 * batches, which have a bound of their own. Knows nothing of sockets or of sessions.
 *
 * @module
 */

import type { JsonValue } from "shared/event.ts";
import type { Answer, Caller, Sent } from "shared/bus/requests.ts";
import type { ConnectionId, UserId } from "shared/ids.ts";
import { wireError } from "shared/wire/codes.ts";
import type { Origin } from "./origin.ts";
import type { SendBatcher } from "./send_batch.ts";

export interface CallsDeps {
  origin: Pick<Origin, "call">;
  sends: Pick<SendBatcher, "add">;
  /** Whether the user may make this call now. */
  admits(user: UserId, method: string): boolean;
  maxInFlight: number;
  events: CallsEvents;
}

export interface CallsEvents {
  /** Refused for what the connection, its user or the whole edge is asking already. */
  limited(by: "connection" | "user" | "edge"): void;
}

export class Calls {
  readonly #deps: CallsDeps;
  #inFlight = 0;

  constructor(deps: CallsDeps) {
    this.#deps = deps;
  }

  /** Calls that wait for an origin, batches left aside. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** `onAnswer` is called once, at once when the call is refused. */
  send(
    { user, connection }: Caller & { connection: ConnectionId },
    data: JsonValue,
    onAnswer: (answer: Answer<Sent>) => void,
  ): void {
    if (!this.#deps.admits(user, "send")) return onAnswer(this.#refusal("user"));
    this.#deps.sends.add({ user, connection, data }, onAnswer);
  }

  make(
    { user, device }: Caller,
    method: string,
    data: JsonValue,
    onAnswer: (answer: Answer) => void,
  ): void {
    const { admits, maxInFlight, origin } = this.#deps;
    if (!admits(user, method)) return onAnswer(this.#refusal("user"));
    if (this.#inFlight >= maxInFlight) return onAnswer(this.#refusal("edge"));
    this.#inFlight++;
    const answered = (answer: Answer) => {
      this.#inFlight--;
      onAnswer(answer);
    };
    origin.call({ user, device, method, data }).then(
      answered,
      () => answered({ error: wireError("internal") }),
    );
  }

  #refusal(by: "user" | "edge") {
    this.#deps.events.limited(by);
    return { error: wireError("tooManyRequests") };
  }
}
