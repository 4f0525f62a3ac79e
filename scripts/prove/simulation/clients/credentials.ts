/**
 * The token of a device's user, as its app keeps it.
 *
 * Invariant: it is kept until it is refused, however often the device connects by it: so old ones are
 * shown to edges again and again.
 *
 * @module
 */

import type { DeviceId, UserId } from "shared/ids.ts";
import type { Issued } from "../model/postgres/revocations.ts";
import { tokenOf } from "../real/edge.ts";

/** Longer than any world lasts. */
const TOKEN_MS = 3_600_000;

export class Credentials {
  readonly #user: UserId;
  readonly #device: DeviceId | "";
  #issuedMs: number | undefined;

  /** `device`: as which it names itself; "": as none. */
  constructor(user: UserId, device: DeviceId | "") {
    this.#user = user;
    this.#device = device;
  }

  /** Of an issuer whose clock is right. */
  show(nowMs: number): { token: string; issued: Issued } {
    const issuedMs = this.#issuedMs ??= Math.floor(nowMs);
    const user = this.#user;
    return {
      token: tokenOf({ user, issuedMs, expiresMs: issuedMs + TOKEN_MS }),
      issued: { user, device: this.#device, issuedMs },
    };
  }

  /** Its user signs in again. */
  renew(): void {
    this.#issuedMs = undefined;
  }
}
