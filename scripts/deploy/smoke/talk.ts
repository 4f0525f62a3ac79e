/**
 * Two users talk through edges, by the official SDK: live, after an absence, and until one is gone.
 *
 * Invariant: it throws when anything of what every client counts on does not come in time, and says
 * what; it leaves nobody connected.
 *
 * @module
 */

import { Device, type SendResult } from "testing/client.ts";
import { waitUntil } from "../../services/wait_until.ts";
import type { EdgeAddress } from "../target.ts";
import type { SmokeUser, SmokeUsers } from "./users.ts";

const CONNECT_MS = 10_000;
/**
 * Live takes milliseconds. What was lost on the way is found and delivered later, by the digest: an
 * edge that lives by that alone is not let into service, and a slow moment alone keeps none out.
 */
const LIVE_MS = 1_500, LIVE_TRIES = 4;
const CAUGHT_UP_MS = 8_000;
const PATIENCE_MS = 10_000;
/** Codes below are the SDK's own: no answer came. */
const FIRST_OF_SERVER = 100;

/** What the SDK rejects with. */
interface Refusal {
  code?: number;
  message?: string;
  temporary?: boolean;
}

export interface Talk {
  /** Where the one connects who sends. */
  from: EdgeAddress;
  to: EdgeAddress;
  users: SmokeUsers;
}

/** @throws {Error} Says what did not come. */
export async function talk({ from, to, users: [one, other] }: Talk): Promise<void> {
  await using ana = device(one, from);
  await using ben = device(other, to);
  await step("nobody can connect", Promise.all([ana.connect(CONNECT_MS), ben.connect(CONNECT_MS)]));
  await heardLive(ana, ben);
  await ben.disconnect();
  const missed = await step("a message is not accepted", send(ana, ben));
  await step("whoever comes back is not let in", ben.connect(CONNECT_MS));
  await step("what was missed does not come", ben.waitForGsid(missed.gsid, CAUGHT_UP_MS));
  if (ben.subscriptions.at(-1)?.recovered !== true) throw new Error("a resume is not recovered");
  const times = ben.received.filter(({ event }) => event.gsid === missed.gsid).length;
  if (times !== 1) throw new Error(`what was missed comes ${times} times`);
  await ben.disconnect();
  await step("whoever has left stays online", untilOffline(ana, ben.user));
}

async function heardLive(ana: Device, ben: Device): Promise<void> {
  for (let tries = 1;; tries++) {
    const { gsid } = await step("a message is not accepted", send(ana, ben));
    try {
      await ben.waitForGsid(gsid, LIVE_MS);
      return;
    } catch (error) {
      if (tries === LIVE_TRIES) {
        throw new Error(`a message does not come live: ${wordsOf(error)}`, { cause: error });
      }
    }
  }
}

/** A device of a user, at one edge and no other. */
export function device({ user, token }: SmokeUser, { socket }: EdgeAddress): Device {
  return new Device(user, { edges: [socket], token, tokenSecret: "", device: "smoke" });
}

/** As an app does: under the same id until it is answered. */
export function send(from: Device, to: Device): Promise<SendResult> {
  const id = crypto.randomUUID();
  const body = { text: "A smoke test of this deployment" };
  return patiently("an answer", () => from.send(to.user, id, body));
}

export async function untilOffline(asking: Device, user: string): Promise<void> {
  await patiently(`${user} to be offline`, async () => {
    const presence = await asking.rpc("presence", { users: [user] });
    return presence[user].online ? undefined : true;
  });
}

/** Asks again while there is no answer, or one that says that it will be another later. */
async function patiently<T>(what: string, ask: () => Promise<T | undefined>): Promise<T> {
  let last = "";
  try {
    return await waitUntil(() =>
      ask().catch((error: Refusal) => {
        last = ` (${wordsOf(error)})`;
        const { code = 0, temporary } = error;
        if (code >= FIRST_OF_SERVER && !temporary) throw error;
        return undefined;
      }), { what, withinMs: PATIENCE_MS, everyMs: 100 });
  } catch (error) {
    throw new Error(`${wordsOf(error)}${last}`, { cause: error });
  }
}

/** What fails is told in the words of whoever counts on it. */
export async function step<T>(failing: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw new Error(`${failing}: ${wordsOf(error)}`, { cause: error });
  }
}

function wordsOf(error: unknown): string {
  if (error instanceof Error) return error.message;
  const { code, message } = error as Refusal;
  return `${message} (${code})`;
}
