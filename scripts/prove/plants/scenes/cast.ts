/**
 * Who plays in a scene: a running system, its users' apps, and hands on what happens between them.
 *
 * Invariant: everything that an app does and learns is recorded. What was started is gone when it
 * is disposed of.
 *
 * @module
 */

import type { NatsConnection } from "@nats-io/transport-node";
import postgres from "postgres";
import { ANNOUNCE } from "shared/bus/requests.ts";
import { pick, type Random } from "testing/random.ts";
import { FORMATS } from "testing/sdk.ts";
import type { Link } from "../../../dev/links.ts";
import { connectAs } from "../../../dev/nats_user.ts";
import type { System } from "../../../dev/supervised_system.ts";
import { startSystem, type SystemOptions } from "../../../dev/system.ts";
import { Links } from "../../../faults/links.ts";
import { pause, waitUntil } from "../../../services/wait_until.ts";
import { monotonicClock } from "../../history/clock.ts";
import type { Cursor } from "../../history/entry.ts";
import { Recorder } from "../../history/recorder.ts";
import { App, type Target } from "../../load/app.ts";

const DEADLINE_MS = 10_000;
/** Origins wait for three seconds before they take over. */
const REPEATED_MS = 500;

/** The system that a cast plays on. */
export interface CastOptions {
  readonly system: SystemOptions;
  /** Which links have a proxy. Default: none. */
  readonly links?: (link: Link) => boolean;
}

export interface AppOptions {
  device?: string;
  /** The number of the edge that it connects to, and to no other. */
  edge?: number;
  /** A cursor that it has stored. */
  since?: Cursor;
}

interface CastParts {
  system: System;
  links: Links;
  /** As another origin. */
  bus: NatsConnection;
  random: Random;
  stack: AsyncDisposableStack;
}

export class Cast implements AsyncDisposable {
  readonly system: System;
  readonly links: Links;
  readonly random: Random;
  readonly recorder = new Recorder(monotonicClock);
  readonly apps: App[] = [];
  readonly #bus: NatsConnection;
  readonly #stack: AsyncDisposableStack;
  #messages = 0;

  private constructor({ system, links, bus, random, stack }: CastParts) {
    this.system = system;
    this.links = links;
    this.random = random;
    this.#bus = bus;
    this.#stack = stack;
  }

  static async start(options: CastOptions, random: Random): Promise<Cast> {
    await using stack = new AsyncDisposableStack();
    const links = stack.use(new Links(options.links ?? (() => false)));
    const system = stack.use(await startSystem({ ...options.system, through: links.through }));
    const bus = await connectAs("origin", system.state);
    stack.defer(() => bus.close());
    return new Cast({ system, links, bus, random, stack: stack.move() });
  }

  /** An app that has yet to be started. */
  app(user: string, { device = "phone", edge = 0, since }: AppOptions = {}): App {
    const { edges, token_secret: tokenSecret } = this.system.state;
    const format = FORMATS[this.apps.length % FORMATS.length]!;
    const place = { user, device, format, tokenSecret, edges: [edges[edge]!.ws] };
    const recorder = this.recorder.device(user, device, format);
    if (since) recorder.started(since);
    const app = new App(place, recorder, this.random);
    this.apps.push(app);
    this.#stack.defer(() => app.stop());
    return app;
  }

  /** The same, and its user can be pushed to. */
  async enterWithToken(user: string, options?: AppOptions): Promise<App> {
    const app = await this.enter(user, options);
    await app.register(`token-of-${user}`);
    return app;
  }

  /** Starts an app, and waits until it is connected. */
  async enter(user: string, options?: AppOptions): Promise<App> {
    const app = this.app(user, options);
    await app.start();
    await this.untilLive(app);
    return app;
  }

  async untilLive(...apps: App[]): Promise<void> {
    const names = apps.map(({ user, device }) => `${user}/${device}`);
    await this.until(() => apps.every(({ live }) => live), `${names.join()} to be connected`);
  }

  /** Sends something new, of so many characters at least; resolves when it is answered. */
  say(app: App, target: Target, length = 0): Promise<void> {
    const id = `m${++this.#messages}`;
    return app.send(named(target), id, { text: id.padEnd(length, ".") });
  }

  /** Two devices of a user send the same at once; resolves when both are answered. */
  async sayByBoth(one: App, other: App, target: Target): Promise<void> {
    const id = `m${++this.#messages}`;
    await Promise.all([one, other].map((app) => app.send(named(target), id, { text: id })));
  }

  /** Says one thing after another, each with what comes next, until the time is over. */
  async chat(app: App, targets: readonly Target[], forMs: number): Promise<void> {
    const untilMs = performance.now() + forMs;
    while (performance.now() < untilMs) await this.say(app, pick(targets, this.random));
  }

  /** Waits until an app was shown so many events. */
  async untilShown(app: App, events: number): Promise<void> {
    const shown = () => app.history.entries.filter(({ kind }) => kind === "event").length;
    await this.until(() => shown() >= events, `${app.user} to be shown ${events} events`);
  }

  until(isSo: () => boolean, what: string): Promise<true> {
    return waitUntil(() => isSo() || undefined, { what, withinMs: DEADLINE_MS });
  }

  after(ms: number): Promise<void> {
    return pause(ms);
  }

  /** Resolves when the next digest comes by: the one after it is two seconds away. */
  async untilDigest(): Promise<void> {
    const heard = this.#bus.subscribe(ANNOUNCE.digest, { max: 1 });
    for await (const _ of heard);
  }

  /**
   * From now on no origin makes a digest: each hears from another all the time, which says again
   * what everybody knows.
   */
  async withoutDigests(): Promise<void> {
    const known = Promise.withResolvers<Uint8Array>();
    const heard = this.#bus.subscribe(ANNOUNCE.digest, {
      max: 1,
      callback: (_, { data }) => known.resolve(data.slice()),
    });
    this.#stack.defer(() => heard.unsubscribe());
    const digest = await known.promise;
    const say = () => this.#bus.publish(ANNOUNCE.digest, digest);
    say();
    const timer = setInterval(say, REPEATED_MS);
    this.#stack.defer(() => clearInterval(timer));
  }

  /** A connection to the database. */
  sql(): postgres.Sql {
    const sql = postgres(this.system.state.postgres.url, { max: 1, onnotice: () => {} });
    this.#stack.defer(() => sql.end());
    return sql;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

/** Of an app, its user. */
export function named(target: Target): Target {
  return "group" in target ? { group: target.group } : { user: target.user };
}
