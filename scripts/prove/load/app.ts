/**
 * An app on a device, as one that is written well behaves: it sends under the same id until it is
 * answered, keeps its cursor, says what it has processed, and resumes.
 *
 * Invariant: everything that it does and learns is in its history. The SDK does the rest.
 *
 * @module
 */

import { directConversation, groupConversation, type GroupId, type UserId } from "shared/ids.ts";
import { Device, type SendResult } from "testing/client.ts";
import { pick, type Random } from "testing/random.ts";
import type { Format } from "testing/sdk.ts";
import type { Cursor, DeviceHistory } from "../history/entry.ts";
import { type DeviceRecorder, sentDigestOf } from "../history/recorder.ts";
import { pause } from "../../services/wait_until.ts";

export interface AppPlace {
  user: string;
  device: string;
  format: Format;
  /** The one to connect to first; then the others, round robin. */
  edges: string[];
  tokenSecret: string;
}

export type Target = { user: string } | { group: string };

/** What the SDK and the edges refuse with. Codes below 100 are the SDK's own: no answer came. */
interface Refusal {
  code: number;
  message: string;
  temporary?: boolean;
}

const RECONNECT_MS = { min: 50, max: 2_000 };
const BACKOFF_MS = [50, 100, 200, 400, 800];
const FIRST_OF_SERVER = 100;

export class App {
  readonly user: string;
  readonly device: string;
  /** Sends and changes that were not answered yet. */
  pending = 0;
  /** Whether it means to be connected. */
  present = false;
  readonly #place: AppPlace;
  readonly #recorder: DeviceRecorder;
  readonly #random: Random;
  #edges: string[];
  #client: Device | undefined;
  #subscribed = false;
  #toAck: number | undefined;
  readonly #closing: Promise<void>[] = [];

  constructor(place: AppPlace, recorder: DeviceRecorder, random: Random) {
    this.user = place.user;
    this.device = place.device;
    this.#place = place;
    this.#edges = place.edges;
    this.#recorder = recorder;
    this.#random = random;
  }

  get history(): DeviceHistory {
    return this.#recorder.history;
  }

  /** Connected, and answered. */
  get live(): boolean {
    return this.#subscribed;
  }

  /** Where it would resume. */
  get cursor(): Cursor | undefined {
    return this.#recorder.cursor;
  }

  /** Starts the app: the first time anew, later with the cursor that it had stored. */
  start(stored = this.cursor): void {
    this.stop();
    const { user, device, format, tokenSecret } = this.#place;
    this.#recorder.started(stored);
    this.#client = new Device(user, {
      ...{
        device,
        format,
        edges: this.#edges,
        tokenSecret,
        reconnectMs: RECONNECT_MS,
        keep: false,
      },
      ...(stored && { since: { gsid: stored.offset, epoch: stored.epoch } }),
      observer: {
        publication: (publication) => {
          this.#recorder.publication(publication);
          this.#toAck = publication.event.gsid ?? this.#toAck;
        },
        subscribed: (subscribed) => {
          this.#subscribed = true;
          this.#toAck = undefined;
          this.#recorder.subscribed(subscribed);
        },
        closed: (close) => {
          this.#subscribed = false;
          this.#recorder.closed(close);
        },
      },
    });
    this.present = true;
    this.#client.centrifuge.connect();
  }

  /** From its next start on it connects to these. */
  moveTo(edges: string[]): void {
    this.#edges = edges;
  }

  /** Goes away, and waits for nobody; `start` and `resume` bring it back. */
  stop(): void {
    this.present = false;
    if (this.#client) this.#closing.push(this.#client.disconnect());
  }

  /** Resolves when it has gone away, and all its sockets are closed. */
  async end(): Promise<void> {
    this.stop();
    await Promise.all(this.#closing);
  }

  /** Comes back as the SDK does after a loss of the network. */
  resume(): void {
    this.present = true;
    this.#client!.centrifuge.connect();
  }

  /** Sends until it is answered or refused for good. */
  async send(target: Target, id: string, body: unknown): Promise<void> {
    const conversation = this.#conversationWith(target);
    const digest = sentDigestOf(conversation, body);
    await this.#untilAnswered(async (attempt) => {
      this.#recorder.note({ kind: "send", id, attempt, conversation, digest });
      try {
        const result = await this.#rpc<SendResult>("send", { to: target, id, body });
        const { gsid, prev, duplicate = false } = result;
        this.#recorder.note({ kind: "ok", id, attempt, gsid, prev, duplicate });
        return true;
      } catch (error) {
        return this.#noteRefusal(id, attempt, error);
      }
    });
  }

  /** Changes a group. Asked again it changes nothing more, so it may be. */
  async change(method: string, group: string, members: string[]): Promise<boolean> {
    let done = false;
    await this.#untilAnswered(async () => {
      this.#recorder.note({ kind: "change", method, group, members });
      try {
        const data = method === "group.leave" ? { group } : { group, members };
        const { gsid } = await this.#rpc<{ gsid: number }>(method, data);
        this.#recorder.note({ kind: "changed", method, group, gsid });
        return done = true;
      } catch (error) {
        const { code, message, temporary } = refusalOf(error);
        const why = `${code} ${message}`;
        this.#recorder.note({ kind: "unchanged", method, group, why });
        return code >= FIRST_OF_SERVER && !temporary;
      }
    });
    return done;
  }

  async register(token: string): Promise<void> {
    await this.#untilAnswered(async () => {
      try {
        await this.#rpc("device.register", { platform: "fcm", token });
      } catch (error) {
        refusalOf(error);
        return false;
      }
      this.#recorder.note({ kind: "registered", token });
      return true;
    });
  }

  /** Says that everything that came is processed. */
  ack(): void {
    const gsid = this.#toAck;
    if (gsid === undefined || !this.live) return;
    this.#toAck = undefined;
    this.#recorder.note({ kind: "ack", gsid });
    this.#client!.say({ type: "ack", gsid });
  }

  // deno-lint-ignore no-explicit-any -- each method has its own result
  #rpc<Result = any>(method: string, data: unknown): Promise<Result> {
    return this.#client!.rpc<Result>(method, data);
  }

  async #untilAnswered(attempt: (number: number) => Promise<boolean>): Promise<void> {
    this.pending++;
    try {
      for (let number = 1; !await attempt(number); number++) {
        await pause(pick(BACKOFF_MS.slice(0, number), this.#random));
      }
    } finally {
      this.pending--;
    }
  }

  /** Whether this is the last word. */
  #noteRefusal(id: string, attempt: number, error: unknown): boolean {
    const { code, message, temporary = false } = refusalOf(error);
    if (code < FIRST_OF_SERVER) {
      this.#recorder.note({ kind: "unknown", id, attempt, why: `${code} ${message}` });
      return false;
    }
    this.#recorder.note({ kind: "refused", id, attempt, code, temporary });
    return !temporary;
  }

  #conversationWith(target: Target): string {
    return "group" in target
      ? groupConversation(target.group as GroupId)
      : directConversation(this.user as UserId, target.user as UserId);
  }
}

/** @throws What is no refusal: a fault of ours, which must not pass for an answer. */
function refusalOf(error: unknown): Refusal {
  const { code } = error as Partial<Refusal>;
  if (typeof code !== "number") throw error;
  return error as Refusal;
}
