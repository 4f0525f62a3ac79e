/**
 * What the store's answers say of users: online, offline, or that it is not known.
 *
 * Invariant: unknown is not offline. A user is offline only when every replica that may live
 * answered, with its marker, and none has the user. Pure: knows no store and no clock.
 *
 * @module
 */

import type { UserId } from "shared/ids.ts";
import { decodeDevices, type PresentDevice } from "shared/presence.ts";
import type { Pulse } from "./beats.ts";

export interface Presence {
  state: "online" | "offline" | "unknown";
  /** The devices known to be connected; with some replica unknown there may be more. */
  devices: readonly PresentDevice[];
  /** A replica that may have more of the user's devices did not say. */
  partial: boolean;
}

/** What one replica's hash said, and what else is known of that replica. */
export interface ReplicaAnswer {
  pulse: Pulse;
  /** Whether the time that it announced for its entries has passed. */
  lapsed: boolean;
  /** The marker and then the field of each user; anything else is a malformed answer. */
  values: unknown;
}

export const UNKNOWN: Presence = { state: "unknown", devices: [], partial: true };
const OFFLINE: Presence = { state: "offline", devices: [], partial: false };

export function interpretPresence(
  users: readonly UserId[],
  answers: readonly ReplicaAnswer[],
): Map<UserId, Presence> {
  const readings = answers.map((answer) => readAnswer(answer, users.length));
  return new Map(users.map((user, index) => [user, combine(readings.map((of) => of(index)))]));
}

/** Whether the store answered, and the hash is not the whole of what its replica has to say. */
export function isIncomplete(values: unknown): boolean {
  return Array.isArray(values) && values[0] === null;
}

/** One replica's word on one user: devices, or that it cannot be told. */
type Word = PresentDevice[] | "unknown";

function readAnswer(answer: ReplicaAnswer, users: number): (index: number) => Word {
  const { pulse, lapsed, values } = answer;
  if (pulse === "silent") return () => [];
  if (!Array.isArray(values) || values.length !== users + 1) return () => "unknown";
  const [marker, ...fields] = values as unknown[];
  if (marker !== null) return (index) => readField(fields[index]);
  // Without its marker a hash is not whole. One that has lapsed, of a replica that nobody hears,
  // is gone; otherwise what is missing has been lost.
  const gone = lapsed && pulse !== "heard";
  return (index) => gone && fields[index] === null ? [] : "unknown";
}

function readField(field: unknown): Word {
  if (field === null) return [];
  if (typeof field !== "string") return "unknown";
  try {
    const devices = decodeDevices(field);
    return devices.length > 0 ? devices : "unknown";
  } catch {
    return "unknown";
  }
}

function combine(words: Word[]): Presence {
  const devices = words.flatMap((word) => word === "unknown" ? [] : word);
  const partial = words.includes("unknown");
  if (devices.length > 0) return { state: "online", devices, partial };
  return partial ? UNKNOWN : OFFLINE;
}
