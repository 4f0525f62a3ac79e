/**
 * The tokens of a device's user, as its app keeps them.
 *
 * Invariant: the newest is kept until it is refused or renewed, however often the device connects by
 * it: so old ones are shown to edges again and again. The one before is kept, too, as in a cache that
 * an app asks when it refreshes.
 *
 * @module
 */

import type { DeviceId, UserId } from "shared/ids.ts";
import type { Issued } from "../model/postgres/revocations.ts";
import { tokenOf } from "../real/edge.ts";

/** Longer than any world lasts. */
const TOKEN_MS = 3_600_000;

/** What a connection may be refreshed by, from where the app stands. */
export const KEPT_TOKENS = ["same", "newer", "older"] as const;
export type KeptToken = typeof KEPT_TOKENS[number];

export interface ShownToken {
  token: string;
  issued: Issued;
}

export class Credentials {
  readonly #user: UserId;
  readonly #device: DeviceId | "";
  #issuedMs: number | undefined;
  #beforeMs: number | undefined;

  /** `device`: as which it names itself; "": as none. */
  constructor(user: UserId, device: DeviceId | "") {
    this.#user = user;
    this.#device = device;
  }

  /** Of an issuer whose clock is right. */
  show(nowMs: number): ShownToken {
    return this.#issued(this.#issuedMs ??= Math.floor(nowMs));
  }

  /** To refresh by. */
  pick(which: KeptToken, nowMs: number): ShownToken {
    if (which === "newer") this.renew();
    if (which === "older" && this.#beforeMs !== undefined) return this.#issued(this.#beforeMs);
    return this.show(nowMs);
  }

  /** Its user signs in again. */
  renew(): void {
    this.#beforeMs = this.#issuedMs ?? this.#beforeMs;
    this.#issuedMs = undefined;
  }

  #issued(issuedMs: number): ShownToken {
    const user = this.#user;
    return {
      token: tokenOf({ user, issuedMs, expiresMs: issuedMs + TOKEN_MS }),
      issued: { user, device: this.#device, issuedMs },
    };
  }
}
