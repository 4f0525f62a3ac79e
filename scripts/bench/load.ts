/**
 * The load process: hundreds of clients, each with so many messages in flight.
 *
 * Invariant: every message is followed until it was acknowledged and has reached every member; a
 * sender's next one goes only then, so that the rate is what the system carries, not what it
 * queues. Started by the bench with one argument, a `LoadOrder`.
 *
 * @module
 */

import process from "node:process";
import { signToken } from "testing/token.ts";
import { pause } from "../services/wait_until.ts";
import { latencyOf } from "./quantiles.ts";
import {
  type LoadFigures,
  type LoadOrder,
  type LoadReport,
  type LoadTotals,
  membersOf,
  userOf,
} from "./scenario.ts";
import { type LoadSocket, openSocket } from "./websocket.ts";

const CONNECTS_AT_ONCE = 50;
const CONNECT_MS = 20_000;
const SETTLE_MS = 10_000;
const TOKEN_TTL_S = 3600;
const MEMBERS_PER_CALL = 100;
/** Every so many deliveries of a group one is timed: timing must not be what is measured. */
const TIMED_SHARE = 16;
const BODY_PADDING = "x".repeat(100);

interface Client {
  index: number;
  socket: LoadSocket;
  /** The last membership event that it heard. */
  joined: number;
  replies: Map<number, (reply: Reply) => void>;
  lastCommand: number;
}

interface Reply {
  id: number;
  error?: { code: number; message: string };
  rpc?: { data: { gsid: number } };
}

/** A message, from its sending to its last copy, which may come late. */
interface Flight {
  sentMs: number;
  sender: Client;
  gsid: number;
  /** For each client whether it was told, the sender by its acknowledgement. */
  told: Uint8Array;
  /** Clients that have yet to be told. */
  left: number;
}

export class Load {
  readonly #order: LoadOrder;
  readonly #clients: Client[] = [];
  /** By the number of the message, which is its id. */
  readonly #flights: Flight[] = [];
  #flying = 0;
  readonly #totals: LoadTotals = { acks: 0, deliveries: 0, repeats: 0, failures: 0, lost: 0 };
  #ackMs: number[] = [];
  #deliveryMs: number[] = [];
  #sending = false;

  constructor(order: LoadOrder) {
    this.#order = order;
  }

  async connect(): Promise<void> {
    const { scenario: { clients }, run } = this.#order;
    for (let from = 0; from < clients; from += CONNECTS_AT_ONCE) {
      const some = Array.from(
        { length: Math.min(CONNECTS_AT_ONCE, clients - from) },
        (_, k) => this.#connect(from + k),
      );
      await withDeadline(Promise.all(some), CONNECT_MS, "the clients to connect");
    }
    if (this.#order.scenario.kind === "group") await this.#gather(`${run}-group`);
  }

  start(): void {
    this.#sending = true;
    const { senders, inFlight } = this.#order.scenario;
    for (let n = 0; n < inFlight; n++) {
      for (let sender = 0; sender < senders; sender++) this.#send(this.#clients[sender]!);
    }
  }

  async measure(ms: number): Promise<LoadFigures> {
    const before = { ...this.#totals };
    this.#ackMs = [];
    this.#deliveryMs = [];
    const cpu = process.cpuUsage(), startMs = performance.now();
    await pause(ms);
    const { user, system } = process.cpuUsage(cpu);
    return {
      ms: performance.now() - startMs,
      acks: this.#totals.acks - before.acks,
      deliveries: this.#totals.deliveries - before.deliveries,
      ack: latencyOf(this.#ackMs),
      delivery: latencyOf(this.#deliveryMs),
      loadCpuUs: user + system,
    };
  }

  /** Sends nothing more, and waits until what is on its way has arrived. */
  async finish(): Promise<LoadTotals> {
    this.#sending = false;
    const deadlineMs = performance.now() + SETTLE_MS;
    while (this.#flying > 0 && performance.now() < deadlineMs) await pause(20);
    this.#totals.lost = this.#flying;
    await Promise.all(this.#clients.map(({ socket }) => socket.close()));
    return this.#totals;
  }

  async #connect(index: number): Promise<void> {
    const { run, edges, tokenSecret } = this.#order;
    const token = await signToken(userOf(run, index), tokenSecret, TOKEN_TTL_S);
    const onText = (text: string) => {
      for (const line of text.split("\n")) this.#hear(client, line);
    };
    const socket = await openSocket(edges[index % edges.length]!, onText);
    const client: Client = { index, socket, joined: 0, replies: new Map(), lastCommand: 0 };
    this.#clients[index] = client;
    await this.#command(client, { connect: { token, data: {} } });
  }

  /** Everybody becomes a member, and has heard so: from here on each gets every message. */
  async #gather(group: string): Promise<void> {
    const owner = this.#clients[0]!;
    const others = this.#clients.slice(1).map(({ index }) => userOf(this.#order.run, index));
    await this.#rpc(owner, "group.create", { group });
    let gsid = 0;
    for (let from = 0; from < others.length; from += MEMBERS_PER_CALL) {
      const members = others.slice(from, from + MEMBERS_PER_CALL);
      gsid = (await this.#rpc(owner, "group.add", { group, members })).rpc!.data.gsid;
    }
    const told = async () => {
      while (!this.#clients.every(({ joined }) => joined >= gsid)) await pause(10);
    };
    await withDeadline(told(), CONNECT_MS, "the members to be told");
  }

  #send(sender: Client): void {
    const { scenario, run } = this.#order;
    const number = this.#flights.length;
    const to = scenario.kind === "group"
      ? { group: `${run}-group` }
      : { user: userOf(run, sender.index ^ 1) };
    const told = new Uint8Array(scenario.clients);
    const left = membersOf(scenario);
    const flight: Flight = { sentMs: performance.now(), sender, gsid: 0, told, left };
    this.#flights.push(flight);
    this.#flying++;
    this.#rpc(sender, "send", { to, id: String(number), body: { text: BODY_PADDING } }).then(
      (reply) => {
        this.#totals.acks++;
        this.#ackMs.push(performance.now() - flight.sentMs);
        this.#told(sender, number, reply.rpc!.data.gsid);
      },
      () => {
        this.#totals.failures++;
        this.#land(flight);
      },
    );
  }

  /** Looks for what it needs instead of parsing: these are the hottest lines of the process. */
  #hear(client: Client, line: string): void {
    if (line === "{}") return client.socket.send("{}");
    if (!line.startsWith('{"push"')) return this.#answer(client, JSON.parse(line));
    const number = numberAfter(line, '"id":"');
    const gsid = numberAfter(line, '"gsid":');
    if (!Number.isNaN(number)) this.#told(client, number, gsid);
    else if (!Number.isNaN(gsid)) client.joined = gsid;
  }

  #told(client: Client, number: number, gsid: number): void {
    const flight = this.#flights[number];
    if (!flight) throw new Error(`Cannot tell what "${number}" is: nobody sent it`);
    if (flight.told[client.index]) {
      // Its own message comes twice by right: by the reply and, it may be, by the inbox.
      if (client !== flight.sender || flight.gsid !== gsid) this.#totals.repeats++;
      return;
    }
    flight.told[client.index] = 1;
    flight.gsid ||= gsid;
    if (flight.gsid !== gsid) this.#totals.repeats++;
    const deliveries = ++this.#totals.deliveries;
    const timed = this.#order.scenario.kind === "direct" || deliveries % TIMED_SHARE === 0;
    if (client !== flight.sender && timed) {
      this.#deliveryMs.push(performance.now() - flight.sentMs);
    }
    if (--flight.left === 0) this.#land(flight);
  }

  #land({ sender }: Flight): void {
    this.#flying--;
    if (this.#sending) this.#send(sender);
  }

  #rpc(client: Client, method: string, data: unknown): Promise<Reply> {
    return this.#command(client, { rpc: { method, data } });
  }

  #command(client: Client, verb: Record<string, unknown>): Promise<Reply> {
    const id = ++client.lastCommand;
    const reply = Promise.withResolvers<Reply>();
    client.replies.set(id, ({ error, ...rest }) => {
      if (error) reply.reject(new Error(`${error.code} ${error.message}`));
      else reply.resolve(rest);
    });
    client.socket.send(JSON.stringify({ ...verb, id }));
    return reply.promise;
  }

  #answer(client: Client, reply: Reply): void {
    client.replies.get(reply.id)?.(reply);
    client.replies.delete(reply.id);
  }
}

function numberAfter(text: string, marker: string): number {
  const at = text.indexOf(marker);
  return at < 0 ? NaN : Number.parseInt(text.slice(at + marker.length, at + marker.length + 16));
}

async function withDeadline<T>(work: Promise<T>, ms: number, what: string): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`Cannot wait for ${what}: not in ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

if (import.meta.main) {
  const order: LoadOrder = JSON.parse(Deno.args[0]!);
  const report = (one: LoadReport) => console.log(JSON.stringify(one));
  const load = new Load(order);
  await load.connect();
  load.start();
  await pause(order.warmMs);
  report({ phase: "measuring" });
  report({ phase: "measured", figures: await load.measure(order.measureMs) });
  report({ phase: "done", totals: await load.finish() });
  Deno.exit(0);
}
