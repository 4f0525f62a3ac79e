/**
 * One history, with what the origins publish and answer of it, as numbers of inputs.
 *
 * Invariant: what is published is what the real fan-out decides, and what is answered is what the
 * real requests read; each is worked out once. Knows nothing of the state of anything else.
 *
 * @module
 */

import { answerDigest } from "origin/audit/read_digest.ts";
import { membersReader } from "origin/fan_out/audience.ts";
import { decide, type Publication } from "origin/fan_out/decide.ts";
import { catchUp } from "origin/requests/catch_up.ts";
import { changes } from "origin/requests/changes.ts";
import { enter } from "origin/requests/enter.ts";
import { mend } from "origin/requests/mend.ts";
import { BUS_VERSION, type CatchUp, type Changes, type Mend } from "shared/bus/requests.ts";
import type { GroupState } from "shared/bus/requests.ts";
import type { Gsid } from "shared/gsid.ts";
import type { DeviceId, UserId } from "shared/ids.ts";
import { inboxTopic, type TopicKey } from "shared/topic.ts";
import { Incomplete } from "../engine/search.ts";
import type { OpenCall } from "../real/calls.ts";
import type { FeedInput } from "../real/feed.ts";
import type { HubInput } from "../real/hub.ts";
import { DORA, nameOfTopic, OTTO, SAM, TEAM, TEAM_CONVERSATION } from "./cast.ts";
import { type Calendar, History, type HistoryOptions, type Kind } from "./history.ts";

/** Numbers for inputs. */
export interface InputNumbers {
  hub(input: HubInput): number;
  feed(input: FeedInput): number;
}

export interface ChapterOptions extends HistoryOptions {
  /** What may be committed at each place. */
  events: readonly (readonly Kind[])[];
  /** `events` are sends, each of one kind, and each sent when the one before is answered. */
  sends?: boolean;
  /** A send that is stored may be stored again. */
  again?: boolean;
  /** What an origin publishes, bent to see whether it is found. */
  published?(publication: Publication): Publication;
}

/** What an origin published, on its way to the edge. */
export interface OnItsWay {
  readonly place: number;
  /** Which publication of this event it is. */
  readonly which: number;
  readonly topic: TopicKey;
  readonly input: number;
  /** Only Otto's own connection listens to it. */
  readonly ottos: boolean;
  readonly name: string;
}

/** Heads fit in so many bits. */
const HEADS = 8;
const LIMITS = { largeGroup: 1_000 };

export class Chapter {
  readonly history: History;
  /** The chapters that follow, one for each kind of event. */
  readonly next: { kind: Kind; send?: number; number: number }[] = [];
  /** Places as bits: what Dora is to get, and what she is to be pushed unless she got it. */
  readonly forDora: number;
  readonly messages: number;
  /** Of all events so far. */
  readonly published: readonly OnItsWay[];
  /** By head: as it was then. */
  readonly #past: readonly Chapter[];
  readonly #options: ChapterOptions;
  readonly #numbers: InputNumbers;
  readonly #digests: (number | undefined)[] = [];
  readonly #hubAnswers: (number | undefined)[] = [];
  readonly #feedAnswers: (number | undefined)[] = [];

  private constructor(
    history: History,
    past: readonly Chapter[],
    published: readonly OnItsWay[],
    { options, numbers }: Pen,
  ) {
    this.history = history;
    this.#past = [...past, this];
    this.published = [...past.at(-1)?.published ?? [], ...published];
    this.#options = options;
    this.#numbers = numbers;
    const places = Array.from({ length: history.head }, (_, i) => i + 1);
    const bits = (wanted: (place: number) => boolean) =>
      places.filter(wanted).reduce((sum, place) => sum | (1 << place), 0);
    this.forDora = bits((place) => history.isForDora(place));
    this.messages = bits((place) => history.isMessageToDora(place));
  }

  static async write(history: History, past: readonly Chapter[], pen: Pen): Promise<Chapter> {
    const published = history.head === 0 ? [] : await publish(history, pen);
    return new Chapter(history, past, published, pen);
  }

  /** All that are sent, where sends are told apart. */
  get sends(): number[] {
    return this.#options.sends ? this.#options.events.map((_, i) => i + 1) : [];
  }

  get calendar(): Calendar {
    return this.#options.calendar;
  }

  digest(after: number, upto: number): number {
    const known = this.#digests[after * HEADS + upto];
    if (known !== undefined) return known;
    throw new Incomplete(async () => {
      const { sql } = this.#past[upto]!.history;
      const digest = await answerDigest(
        sql,
        this.#versioned({ after: this.calendar.gsidOf(after) }),
      );
      this.#digests[after * HEADS + upto] = this.#numbers.hub({ do: "judge", digest });
    });
  }

  /** The answer to the hub's open call, read when the head was `head`. */
  answerHub({ name, about, number }: OpenCall<string>, head: number): number {
    const known = this.#hubAnswers[number * HEADS + head];
    if (known !== undefined) return known;
    throw new Incomplete(async () => {
      const input = await this.#hubAnswer(name, about, this.#past[head]!.history);
      this.#hubAnswers[number * HEADS + head] = this.#numbers.hub(input);
    });
  }

  /** The same for a feed. `at`: the database's clock, as far as it matters. */
  answerFeed({ name, about, number }: OpenCall<string>, head: number, at: number): number {
    const key = (number * HEADS + head) * HEADS + (name === "enter" ? at : 0);
    const known = this.#feedAnswers[key];
    if (known !== undefined) return known;
    throw new Incomplete(async () => {
      const input = await this.#feedAnswer(name, about, this.#past[head]!.history, at);
      this.#feedAnswers[key] = this.#numbers.feed(input);
    });
  }

  /** Otto's groups now. */
  get ottos(): GroupState[] {
    const { tables } = this.history;
    if (tables.roleIn(TEAM_CONVERSATION, OTTO) === undefined) return [];
    const { membership, last } = tables.conversations.get(TEAM_CONVERSATION)!;
    return [{ group: TEAM, membership, last }];
  }

  async #hubAnswer(name: string, about: unknown, { sql }: History): Promise<HubInput> {
    switch (name) {
      case "mend":
        return {
          do: "answer",
          call: "mend",
          page: await mend(sql, about as Omit<Mend, "v">, LIMITS),
        };
      case "digest": {
        const digest = await answerDigest(sql, this.#versioned(about as { after: Gsid }));
        return { do: "answer", call: "digest", digest };
      }
      case "changes": {
        const page = await changes(sql, about as Omit<Changes, "v">);
        return { do: "answer", call: "changes", changes: page.events };
      }
      default:
        return { do: "answer", call: name as "grace" | "pause" };
    }
  }

  async #feedAnswer(
    name: string,
    about: unknown,
    { sql }: History,
    at: number,
  ): Promise<FeedInput> {
    switch (name) {
      case "enter": {
        const device = "phone" as DeviceId;
        const { groups } = await enter(sql, { user: DORA, device, issued: 0 }, LIMITS);
        return { do: "answer", call: "enter", entered: this.#versioned({ at, groups }) };
      }
      case "catch up": {
        const page = await catchUp(sql, about as Omit<CatchUp, "v">, LIMITS);
        return { do: "answer", call: "catch up", page };
      }
      default:
        return { do: "answer", call: name as "flush" | "pause" | "room" };
    }
  }

  #versioned<Body>(body: Body): Body & { v: typeof BUS_VERSION } {
    return { v: BUS_VERSION, ...body };
  }
}

/** What every chapter is written with. */
interface Pen {
  options: ChapterOptions;
  numbers: InputNumbers;
}

/** All histories that are allowed, by number; 0 is the empty one. */
export async function writeChapters(
  options: ChapterOptions,
  numbers: InputNumbers,
): Promise<Chapter[]> {
  const chapters: Chapter[] = [];
  const pen = { options, numbers };
  const add = async (history: History, past: readonly Chapter[]): Promise<number> => {
    const chapter = await Chapter.write(history, past, pen);
    const number = chapters.push(chapter) - 1;
    for (const { kind, send } of following(history, options)) {
      const number = await add(history.with(kind, send), [...past, chapter]);
      chapter.next.push({ kind, number, ...(send !== undefined && { send }) });
    }
    return number;
  };
  await add(new History(options), []);
  return chapters;
}

function following(history: History, { events, sends, again }: ChapterOptions) {
  if (!sends) {
    const kinds = events[history.head] ?? [];
    return kinds.filter((kind) => history.allows(kind)).map((kind) => ({ kind, send: undefined }));
  }
  const all = events.map(([kind], i) => ({ kind: kind!, send: i + 1 }));
  const last = history.sends.at(-1) ?? 0;
  const isRoom = history.head < events.length;
  return all.filter(({ send }) => isRoom && (send === last + 1 || (again && send === last)));
}

/** What the fan-out publishes of the last event, to people of whom nothing is known. */
async function publish(history: History, { options, numbers }: Pen): Promise<OnItsWay[]> {
  const { published = (publication) => publication } = options;
  const { tables, sql, head: place } = history;
  const row = tables.events.at(-1)!;
  const { conversation, membership } = row;
  const isGroups = conversation === TEAM_CONVERSATION;
  const { members, woke } = tables.conversations.get(conversation)!;
  const audience: UserId[] = isGroups ? await membersReader(sql)(conversation, membership) : [];
  const addressed = [{ event: { ...row, members, woke }, audience }];
  const { publications } = decide(addressed, new Map());
  return publications.map(published)
    .map(({ topic, live }, which) => ({
      place,
      which,
      topic,
      ottos: topic === inboxTopic(OTTO),
      name: `${live.kind === "wake" ? `${place}, a wake copy` : place}, on ${nameOfTopic(topic)}`,
      input: numbers.hub({ do: "hear", topic, live }),
    }))
    // Sam is on another edge.
    .filter(({ topic }) => topic !== inboxTopic(SAM));
}
