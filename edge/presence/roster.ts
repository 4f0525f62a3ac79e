/**
 * Which devices of which users are connected to this edge.
 *
 * Invariant: an entry belongs to one connection, so that an old connection of a device that ends
 * late never takes away a newer one's. Knows nothing of where the entries are published.
 *
 * @module
 */

import type { ConnectionId, UserId } from "shared/ids.ts";
import type { PresentDevice } from "shared/presence.ts";

export class Roster {
  readonly #devices = new Map<UserId, Map<ConnectionId, PresentDevice>>();
  readonly #publish: (user: UserId, devices: PresentDevice[]) => Promise<void>;

  /** `publish` resolves when others can see it; an empty list takes the user away. */
  constructor(publish: (user: UserId, devices: PresentDevice[]) => Promise<void>) {
    this.#publish = publish;
  }

  get users(): number {
    return this.#devices.size;
  }

  has(user: UserId): boolean {
    return this.#devices.has(user);
  }

  /** Adds the connection's device, or says anew whether it is in the foreground. */
  set(user: UserId, device: PresentDevice): Promise<void> {
    const devices = this.#devices.get(user) ?? new Map<ConnectionId, PresentDevice>();
    this.#devices.set(user, devices.set(device.connection, device));
    return this.#publish(user, [...devices.values()]);
  }

  async remove(user: UserId, connection: ConnectionId): Promise<void> {
    const devices = this.#devices.get(user);
    if (!devices?.delete(connection)) return;
    if (devices.size === 0) this.#devices.delete(user);
    await this.#publish(user, [...devices.values()]);
  }
}
