/**
 * The real late check of one origin, with the ended check in it, led by the explorer.
 *
 * Invariant: its beat, what edges report and what the database answers come in as inputs; what it
 * asks for goes out as an open call. Knows nothing of the other checker, nor of what is stored.
 *
 * @module
 */

import { LateCheck } from "origin/audit/late_check_shell.ts";
import type { Presence } from "origin/presence/interpret.ts";
import type { PresenceLookup } from "origin/presence/lookup.ts";
import type { Sql } from "origin/store/sql.ts";
import type { BusMessage } from "shared/bus/bus.ts";
import { ANNOUNCE, encodeMessage, type Ended, type Received } from "shared/bus/requests.ts";
import type { ConnectionId, DeviceId, UserId } from "shared/ids.ts";
import { addStretch, type Stretch, type Stretches } from "shared/received.ts";
import { Query } from "../../simulation/model/postgres/query.ts";
import type { Intern } from "../engine/intern.ts";
import type { Instance } from "../engine/instance.ts";
import { DORA } from "../world/cast.ts";
import { Calls, type OpenCall } from "./calls.ts";

export type CheckerCall = "statement" | "presence" | "ask";

export type CheckerInput =
  | { do: "beat" }
  /** An edge reports what Dora received. */
  | { do: "heard"; stretch: Stretch }
  /** An edge reports that Dora's connection ended. */
  | { do: "ended" }
  | { do: "answer"; call: "statement"; rows: readonly unknown[]; count?: number }
  | { do: "answer"; call: "presence"; looking: boolean }
  /** Left out: no edge answers. */
  | { do: "answer"; call: "ask"; stretches?: Stretches }
  | { do: "fail"; call: "statement" };

export interface CheckerOutput {
  does: "ask";
  call: CheckerCall;
}

export interface CheckerFacts {
  open: OpenCall<CheckerCall> | undefined;
  /** What it knows that Dora received. */
  known: Stretches;
}

/** What it asks of the database, by the number of the call. */
export type Statements = Map<number, Query>;

export interface CheckerOptions {
  abouts: Intern<unknown>;
  statements: Statements;
  /** Bends the checker, to see whether it is found. */
  bend?(check: LateCheck): void;
}

const LARGE_GROUP = 1_000;
const LOOKING: Presence = {
  state: "online",
  devices: [{ device: "d" as DeviceId, connection: "c" as ConnectionId, foreground: true }],
  partial: false,
};

export class CheckerInstance implements Instance<CheckerInput, CheckerOutput, CheckerFacts> {
  readonly #options: CheckerOptions;
  readonly #calls: Calls<CheckerCall>;
  readonly #handlers = new Map<string, (message: BusMessage) => void>();
  readonly #check: LateCheck;
  #outputs: CheckerOutput[] = [];
  #beat: () => void = () => {};
  #known: Stretches = [];
  /** What the ended check was told and knew, until it uses it. */
  #ended: unknown[] = [];

  constructor(options: CheckerOptions) {
    this.#options = options;
    this.#calls = new Calls(options.abouts);
    this.#check = this.#createCheck();
    options.bend?.(this.#check);
  }

  perform(input: CheckerInput): void {
    switch (input.do) {
      case "beat":
        return this.#beat();
      case "heard":
        return this.#hear(input.stretch);
      case "ended":
        return this.#tell(ANNOUNCE.ended, encodeMessage<Ended>({ replica: "e", users: [DORA] }));
      case "answer":
        return this.#answer(input);
      case "fail":
        return this.#calls.fail(input.call);
    }
  }

  describe(): string {
    const [known, ended] = [this.#known, this.#ended].map((each) => JSON.stringify(each));
    return [known, this.#check, this.#calls, ended].join(" | ");
  }

  facts(): CheckerFacts {
    return { open: this.#calls.open[0], known: this.#known };
  }

  take(): CheckerOutput[] {
    const outputs = this.#outputs;
    this.#outputs = [];
    return outputs;
  }

  #answer(input: CheckerInput & { do: "answer" }): void {
    switch (input.call) {
      case "ask":
        for (const stretch of input.stretches ?? []) this.#known = addStretch(this.#known, stretch);
        return this.#calls.answer("ask", input.stretches ? [received(input.stretches)] : []);
      case "presence":
        return this.#calls.answer("presence", input.looking);
      case "statement":
        if (this.#isEndedReading) this.#ended.push(input.rows, this.#known);
        return this.#calls.answer(
          "statement",
          Object.assign([...input.rows], { count: input.count }),
        );
    }
  }

  #hear(stretch: Stretch): void {
    this.#known = addStretch(this.#known, stretch);
    this.#tell(ANNOUNCE.received, received([stretch]));
  }

  #tell(subject: string, data: Uint8Array): void {
    this.#handlers.get(subject)!({ subject, data, respond() {} });
  }

  #createCheck(): LateCheck {
    return new LateCheck({
      sql: this.#sql(),
      bus: {
        status: "connected",
        subscribe: (subject, handle) => {
          this.#handlers.set(subject, handle);
          return { unsubscribe() {} };
        },
        requestMany: () => this.#await("ask", {}),
        onStatus() {},
      },
      presence: this.#presence(),
      origin: "o",
      largeGroup: LARGE_GROUP,
      nowMs: () => 0,
      wallMs: () => 0,
      every: (beat) => {
        this.#beat = beat;
        return () => {};
      },
      events: { checked() {}, ended() {}, disbelieved() {}, failed() {} },
    });
  }

  #sql(): Sql {
    const run = (query: Query) => {
      const answer = this.#await<unknown>("statement", [query.shape, query.values]);
      this.#options.statements.set(this.#calls.open[0]!.number, query);
      if (!this.#isEndedReading) this.#ended = [];
      return answer;
    };
    return ((strings: TemplateStringsArray, ...values: unknown[]) =>
      new Query(strings, values, run)) as unknown as Sql;
  }

  /** The ended check reads what is recent, and will go on from there. */
  get #isEndedReading(): boolean {
    const [shape] = this.#calls.about("statement") as [string];
    return shape.startsWith("select greatest(checked") || shape.startsWith("select distinct c.");
  }

  #presence(): PresenceLookup {
    return {
      lookup: async (users) => {
        if (users.length === 0) return new Map();
        const looking = await this.#await<boolean>("presence", { users });
        return new Map<UserId, Presence>(looking ? [[DORA, LOOKING]] : []);
      },
    };
  }

  #await<Result>(call: CheckerCall, about: unknown): Promise<Result> {
    this.#outputs.push({ does: "ask", call });
    return this.#calls.make(call, about);
  }
}

/** It asks for the next events. */
export function isReading({ shape }: Query): boolean {
  return shape.startsWith("select e.gsid, e.type");
}

function received(stretches: Stretches): Uint8Array {
  const users: Received["users"] = stretches.map(({ after, upto }) => [DORA, upto, after]);
  return encodeMessage<Received>({ replica: "e", users });
}
