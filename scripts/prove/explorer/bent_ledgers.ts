/**
 * Ledgers that break one rule each, for the explorer to find.
 *
 * @module
 */

import { type Judgement, Ledger } from "edge/hub/ledger.ts";
import type { Digest } from "shared/bus/requests.ts";
import type { Gsid } from "shared/gsid.ts";
import type { TopicKey } from "shared/topic.ts";

/** Proves what a digest says as soon as it is heard. */
export class HastyLedger extends Ledger {
  override judge(digest: Digest): Judgement {
    const judgement = super.judge(digest);
    if (judgement.kind === "differs") this.prove(judgement.upto);
    return judgement;
  }
}

/** Takes a digest for good though it does not join on to what is proven. */
export class JumpingLedger extends Ledger {
  override judge(digest: Digest): Judgement {
    const judgement = super.judge(digest);
    if (judgement.kind !== "gap" || digest.after <= this.proven) return judgement;
    this.prove(digest.after);
    return super.judge(digest);
  }
}

/** Believes that of a topic entered inside a digest's interval nothing is missing. */
export class TrustingLedger extends Ledger {
  readonly #enteredAt = new Map<string, Gsid>();

  override enter(key: string, topic: TopicKey): void {
    super.enter(key, topic);
    this.#enteredAt.set(key, this.proven);
  }

  override judge(digest: Digest): Judgement {
    const judgement = super.judge(digest);
    if (judgement.kind !== "differs") return judgement;
    const topics = judgement.topics.filter(({ key }) => this.#enteredAt.get(key)! < digest.after);
    return topics.length > 0 ? { ...judgement, topics } : { kind: "equal", upto: digest.upto };
  }

  override toString(): string {
    return `${super.toString()} ${JSON.stringify([...this.#enteredAt])}`;
  }
}

/** Knows what it was handed by the last gsid alone. */
export class ForgetfulLedger extends Ledger {
  readonly #last = new Map<string, Gsid>();

  override hand(key: string, gsid: Gsid): boolean {
    const isNew = super.hand(key, gsid) && gsid > (this.#last.get(key) ?? 0);
    if (isNew) this.#last.set(key, gsid);
    return isNew;
  }

  override leave(key: string): void {
    super.leave(key);
    this.#last.delete(key);
  }

  override toString(): string {
    return `${super.toString()} ${JSON.stringify([...this.#last])}`;
  }
}
