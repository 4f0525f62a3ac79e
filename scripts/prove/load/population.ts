/**
 * The users of a stage, their devices and their groups.
 *
 * Invariant: it is drawn from the seed alone: the same seed makes the same users and groups. Half of
 * the devices speak JSON, half Protobuf; each begins at the next edge.
 *
 * @module
 */

import { pick, type Random } from "testing/random.ts";
import { type Format, FORMATS } from "testing/sdk.ts";
import { nameOf } from "../history/evidence.ts";
import type { Recorder } from "../history/recorder.ts";
import { waitUntil } from "../../services/wait_until.ts";
import { App, type AppPlace } from "./app.ts";
import type { LoadSize } from "./size.ts";

export interface Group {
  name: string;
  /** A user that never leaves it. */
  owner: string;
  /** As the last answer to a change has it. */
  members: Set<string>;
}

export interface PopulationOptions {
  size: LoadSize;
  edges: string[];
  tokenSecret: string;
  recorder: Recorder;
  random: Random;
}

const CONNECTED_MS = 60_000;

export class Population implements AsyncDisposable {
  /** Of users that are there. */
  readonly apps: App[] = [];
  /** Those that are offline and wait for pushes, until it is judged whether these came. */
  readonly sleepers: App[] = [];
  /** Those that a part brought: the load leaves them alone. */
  readonly guests: App[] = [];
  readonly groups: Group[] = [];
  readonly #options: PopulationOptions;
  readonly #byUser = new Map<string, App[]>();

  constructor(options: PopulationOptions) {
    this.#options = options;
    const { users, devicesPerUser, sleepers } = options.size;
    for (let i = 0; i < users; i++) {
      for (let k = 0; k < devicesPerUser; k++) {
        this.apps.push(this.#resident(`user-${i}`, `device-${k}`));
      }
    }
    for (let i = 0; i < sleepers; i++) this.sleepers.push(this.#resident(`sleeper-${i}`, "phone"));
  }

  get users(): string[] {
    return [...this.#byUser.keys()];
  }

  get all(): App[] {
    return [...this.apps, ...this.sleepers, ...this.guests];
  }

  appsOf(user: string): App[] {
    return this.#byUser.get(user) ?? [];
  }

  /** One more device, that is yet to be started. */
  guest(user: string, device: string, { edges, format }: Partial<AppPlace> = {}): App {
    const app = this.#app(user, device, edges ?? this.#nextEdges(), format);
    this.guests.push(app);
    return app;
  }

  /** A guest goes away until the end, and comes back to these edges then. */
  putToSleep(guest: App, edges: string[]): void {
    guest.stop();
    guest.moveTo(edges);
    this.guests.splice(this.guests.indexOf(guest), 1);
    this.sleepers.push(guest);
  }

  /** Connects everybody, makes the groups and the push tokens, and sends the sleepers to sleep. */
  async settle(): Promise<void> {
    for (const app of this.all) app.start();
    await this.untilConnected(this.all);
    const { groups } = this.#options.size;
    await Promise.all(Array.from({ length: groups }, (_, i) => this.#makeGroup(i)));
    const phones = this.users.map((user) => this.appsOf(user)[0]!).filter((_, i) => i % 2 === 0);
    const registering = new Set([...phones, ...this.sleepers]);
    await Promise.all([...registering].map((app) => app.register(`token-of-${app.user}`)));
    for (const app of this.sleepers) app.stop();
  }

  async untilConnected(apps: readonly App[]): Promise<void> {
    const missing = () => apps.filter(({ live }) => !live);
    await waitUntil(() => missing().length === 0 || undefined, {
      what: "everybody to be connected",
      withinMs: CONNECTED_MS,
      everyMs: 50,
    }).catch((cause) => {
      const names = missing().slice(0, 5).map(nameOf).join(", ");
      throw new Error(`Cannot connect ${missing().length} devices: ${names}`, { cause });
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.all.map((app) => app.end()));
  }

  #resident(user: string, device: string): App {
    const app = this.#app(user, device, this.#nextEdges());
    this.#byUser.set(user, [...this.appsOf(user), app]);
    return app;
  }

  #app(user: string, device: string, edges: string[], format = this.#nextFormat()): App {
    const { tokenSecret, recorder, random } = this.#options;
    const place = { user, device, format, edges, tokenSecret };
    return new App(place, recorder.device(user, device, format), random);
  }

  /** Of the devices at one edge, and of one user's, half speak either. */
  #nextFormat(): Format {
    const k = this.all.length;
    return FORMATS[(k + (k >> 1)) % FORMATS.length]!;
  }

  /** Each device begins at the next. */
  #nextEdges(): string[] {
    const { edges } = this.#options;
    const first = this.all.length % edges.length;
    return [...edges.slice(first), ...edges.slice(0, first)];
  }

  async #makeGroup(i: number): Promise<void> {
    const { size, random } = this.#options;
    const owner = this.apps[(i * size.devicesPerUser) % this.apps.length]!;
    const members = new Set([owner.user]);
    const most = Math.min(size.membersPerGroup, this.users.length);
    while (members.size < most) members.add(pick(this.users, random));
    const group = { name: `group-${i}`, owner: owner.user, members };
    await owner.change("group.create", group.name, [...members]);
    this.groups.push(group);
  }
}
