/**
 * What many runs together must have taken: every fault, and every way that things can go.
 *
 * Invariant: what is expected is written down here, not learnt from what happened, so that a path
 * which is never taken any more is found out.
 *
 * @module
 */

import { CLOSES } from "shared/wire/codes.ts";
import { KEPT_TOKENS } from "./clients/credentials.ts";
import { MESSAGE_FAULTS, MESSAGE_KINDS } from "./schedule/bus_faults.ts";
import { CRASH_POINTS } from "./schedule/process_faults.ts";
import {
  LIES,
  PROVIDER_FAULTS,
  STATEMENT_FAULTS,
  STATEMENT_KINDS,
  STORE_FAULT_NAMES,
} from "./schedule/store_faults.ts";

const product = (ones: readonly string[], others: readonly string[]) =>
  ones.flatMap((one) => others.map((other) => `${one} ${other}`));

const FAULTS = [
  ...product(MESSAGE_KINDS, MESSAGE_FAULTS),
  ...product(STATEMENT_KINDS, STATEMENT_FAULTS),
  ...product(["store"], STORE_FAULT_NAMES),
  ...product(["presence"], LIES),
  ...product(["push"], PROVIDER_FAULTS),
  ...product(["origin crashed"], CRASH_POINTS),
  ...[
    "noise",
    "cut off",
    "cut off for long",
    "deafened",
    "muted",
    "held back",
    "broker down",
    "stream lost",
  ],
  ...["stream read fails", "database down", "database restored", "store wiped", "provider down"],
  ...["issuer unreachable", "edge killed", "edge drained", "edge stood still", "origin killed"],
  ...["origin drained", "origin stood still", "clock set"],
  ...["device cut off", "device moved", "device asleep", "device set back"],
  ...["device started anew"],
].map((fault) => `fault: ${fault}`);

/** By what it is that could go one way or another. */
const OUTCOMES: Record<string, readonly string[]> = {
  // Each effect of `edge/session/step.ts`, by what it leads to.
  "session": [
    ...["token checked", "answered enter", "connected live", "call send", "acked", "shown"],
    ...["hidden", "pinged", "ponged", "refreshed", "ping answered", "error 108", "error 104"],
    ...["connected recovered", "connected not recovered", "error 101", "error 109", "error 100"],
    ...Object.values(CLOSES).map(({ code }) => `closed ${code}`),
  ],
  "hub": [
    ...["handed by live", "handed by digest", "handed by stream", "edge is cut off", "bus lost"],
    ...["group archived", "group woken by copy", "group woken by digest", "group woken by entered"],
  ],
  "ledger": [
    ...["judged: ignore", "judged: gap", "judged: differs", "judged: equal"],
    "judged: foreign epoch",
  ],
  "prover": [
    ...[
      "digest equal",
      "digest mended",
      "digest ignored",
      "digest failed",
      "digest foreign",
      "digest gap",
    ],
    ...["stream read again", "stream not read again"],
  ],
  "presence": [
    ...["presence write failed: users", "presence write failed: whole"],
    ...["presence write failed: beat", "presence lookup answered", "presence lookup failed"],
    "presence lookup skipped",
  ],
  "commit": [
    "sent by two devices",
    ...["batch of one", "batch of many", "append failed: aborted", "append failed: unknown"],
    ...["append failed: refused", "send joined", "send answered", "send answered again"],
    ...["send answered 4001", "send answered 4009", "send answered 100", "group.create"],
    ...["group.add", "group.remove", "group.leave", "group.create answered 4010"],
    "group.add answered 103",
    ...["committed message", "committed alert", "committed group.created"],
    ...["committed group.joined", "committed group.left"],
  ],
  "revocations": [
    ...["user revoked", "device revoked", "revoke failed", "digest of revocations"],
    ...["revoked connection ended 3503", "revoked connection ended 3500"],
    ...product(["refreshed by"], KEPT_TOKENS),
    ...["revoked refresh ended 3500", "revoked refresh ended 3503", "refresh answered 100"],
  ],
  "fan-out": [
    "fan-out published",
    "fan-out skipped",
    "fan-out woke",
    "fan-out pushed",
    "fan-out failed: push",
  ],
  "digest": ["digest of events", "digest of nothing", "digest cut"],
  "late check": [
    ...["late check done", "late_check failed", "pager failed", "position reported"],
    ...["job by fast path", "job by late check", "job by ended report", "job by pager"],
  ],
  "push": [
    ...["push sent", "push to be retried", "push refused", "push pruned a token"],
    ...["push dropped: received", "push dropped: unregistered", "push dropped: no targets"],
    ...["push dead: refused", "push failed to claim", "push failed to record"],
  ],
  "requests": [
    ...["answered catchUp", "answered mend", "answered changes", "answered digest"],
    ...["request failed: enter", "request failed: catchUp", "request failed: mend"],
    ...["request failed: changes", "request failed: digest", "request failed: call"],
    ...["upgrade refused: unreachable", "upgrade refused: draining"],
  ],
};

export class Coverage {
  readonly #counts = new Map<string, number>();

  add(counts: Iterable<readonly [string, number]>): void {
    for (const [kind, count] of counts) {
      this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + count);
    }
  }

  get counts(): ReadonlyMap<string, number> {
    return this.#counts;
  }

  /** What should have happened somewhere, and did not. */
  get missing(): string[] {
    return [...FAULTS, ...Object.values(OUTCOMES).flat()].filter((kind) => !this.#counts.has(kind));
  }

  /** A line for each part of the table. */
  lines(): string[] {
    const count = (kind: string) => this.#counts.get(kind) ?? 0;
    const row = (title: string, kinds: readonly string[]) => {
      const items = kinds.map((kind) => `${kind.replace(/^fault: /, "")} ${count(kind)}`);
      return `${title}: ${items.join(" · ")}`;
    };
    return [
      row("faults", FAULTS),
      ...Object.entries(OUTCOMES).map(([title, kinds]) => row(title, kinds)),
    ];
  }
}
