import assert from "node:assert/strict";
import { type BusMessage, MAX_MESSAGE_BYTES } from "shared/bus/bus.ts";
import {
  type Answer,
  type Call,
  type CatchUp,
  decodeMessage,
  encodeMessage,
  type Enter,
  REQUEST,
  type SendAnswers,
  type SendBatch,
} from "shared/bus/requests.ts";
import type { DeviceId, GroupId, UserId } from "shared/ids.ts";
import { Admission } from "shared/admission.ts";
import { testTurns } from "testing/turns.ts";
import { createLanes, type Lane, type Lanes, MAX_WAITING, PATIENCE_MS } from "./lanes.ts";
import type { Handlers } from "./routes.ts";
import { serve } from "./serve.ts";

const SENT = { gsid: 16, at: "", conversation: "dm:ana:ben", prev: 0 };
const CALLER = { user: "ana" as UserId, device: "phone" as DeviceId };

/** Lanes of so many places, and of those that an origin has for the rest. */
function lanesOf(turns: ReturnType<typeof testTurns>, places: Partial<Record<Lane, number>>) {
  const narrow = Object.entries(places).map(([lane, places]) => {
    const maxWaiting = lane === "sends" ? 0 : 10;
    return [lane, new Admission<string>({ places, maxWaiting, turns })];
  });
  return { ...createLanes(12, turns), ...Object.fromEntries(narrow) } as Lanes;
}

function serveWith(handlers: Partial<Handlers>, places: Partial<Record<Lane, number>> = {}) {
  const turns = testTurns();
  const lanes = lanesOf(turns, places);
  const handle = new Map<string, (message: BusMessage) => void>();
  const events: string[] = [];
  const serving = serve({
    bus: {
      maxMessageBytes: MAX_MESSAGE_BYTES,
      subscribe(subject, handler) {
        handle.set(subject, handler);
        const unsubscribe = () => void handle.delete(subject);
        return { unsubscribe, drain: () => Promise.resolve(unsubscribe()) };
      },
    },
    handlers: handlers as Handlers,
    lanes,
    events: {
      answered: (method) => events.push(`answered ${method}`),
      refused: (method) => events.push(`refused ${method}`),
      failed: (method, error) => events.push(`failed ${method} ${(error as Error).message}`),
      oversized: (method, error) => events.push(`oversized ${method} ${(error as Error).message}`),
      poisoned: (method) => events.push(`poisoned ${method}`),
    },
    nowMs: () => 0,
  });
  const ask = (subject: string, data: Uint8Array, sender = "_INBOX.edge") =>
    new Promise<Uint8Array>((respond) => handle.get(subject)!({ subject, data, sender, respond }));
  return { serving, events, ask, handle, turns, lanes };
}

function sends(count: number): Uint8Array {
  return encodeMessage<SendBatch>({ sends: Array(count).fill({ ...CALLER, data: {} }) });
}

Deno.test("serve() answers a batch of sends item by item", async () => {
  const { ask, events } = serveWith({
    send: (items) => Promise.resolve(items.map(() => ({ result: SENT }))),
  });
  const answers = decodeMessage<SendAnswers>(await ask(REQUEST.send, sends(2))).answers;
  assert.deepEqual(answers, [{ result: SENT }, { result: SENT }]);
  assert.deepEqual(events, ["answered send"]);
});

Deno.test("serve() survives what it cannot read, and says so at once", async () => {
  const { ask, events } = serveWith({ call: () => Promise.resolve({ result: {} }) });
  const utf8 = new TextEncoder();
  for (const poison of ["", "nonsense", "null", '{"v":99}', '{"v":1}']) {
    assert.equal((await ask(REQUEST.send, utf8.encode(poison))).length, 0, poison);
  }
  assert.deepEqual(events, Array(5).fill("poisoned send"));
  const call = encodeMessage<Call>({ ...CALLER, method: "history", data: {} });
  assert.deepEqual(decodeMessage<Answer & { v: 1 }>(await ask(REQUEST.call, call)), {
    v: 1,
    result: {},
  });
});

Deno.test("serve() turns a handler that rejects into a temporary error", async () => {
  const { ask, events } = serveWith({
    call: () => Promise.reject(new Error("no database")),
    enter: () => Promise.reject(new Error("no database")),
  });
  const call = encodeMessage<Call>({ ...CALLER, method: "history", data: {} });
  const answer = decodeMessage<{ v: 1; error: unknown }>(await ask(REQUEST.call, call));
  assert.deepEqual(answer.error, { code: 100, message: "internal server error", temporary: true });
  assert.equal((await ask(REQUEST.enter, call)).length, 0);
  assert.deepEqual(events, ["failed call no database", "failed enter no database"]);
});

Deno.test("serve() answers with an error what it has too much to say to", async () => {
  const group = { group: "g".repeat(MAX_MESSAGE_BYTES) as GroupId, membership: 0 };
  const { ask, events } = serveWith({
    enter: () => Promise.resolve({ at: 0, groups: [group] }),
    call: () => Promise.resolve({ result: "x".repeat(MAX_MESSAGE_BYTES) }),
  });
  const enter = encodeMessage<Enter>({ user: CALLER.user });
  assert.equal((await ask(REQUEST.enter, enter)).length, 0);
  const call = encodeMessage<Call>({ ...CALLER, method: "history", data: {} });
  const answer = decodeMessage<{ v: 1; error: { code: number } }>(await ask(REQUEST.call, call));
  assert.equal(answer.error.code, 100);
  assert.match(events[0]!, /^oversized enter Cannot answer rpc\.enter: it is \d+ bytes, and NATS/);
  assert.match(events[1]!, /^oversized call Cannot answer rpc\.call/);
  assert.equal(events.length, 2);
});

Deno.test("serve() refuses with 111 what is over its bound, and takes more when that is done", async () => {
  const go = Promise.withResolvers<void>();
  const { ask, serving } = serveWith({
    send: async (items) => {
      await go.promise;
      return items.map(() => ({ result: SENT }));
    },
  }, { sends: 3 });
  const first = ask(REQUEST.send, sends(3));
  const second = decodeMessage<SendAnswers>(await ask(REQUEST.send, sends(2))).answers;
  assert.equal(second.length, 2);
  assert.ok("error" in second[0]! && second[0].error.code === 111);
  go.resolve();
  await first;
  await serving.stop();
  assert.equal(serving.inFlight, 0);
});

Deno.test("stop() takes no more, and waits for what is under way", async () => {
  const go = Promise.withResolvers<void>();
  const { ask, serving, handle } = serveWith({
    call: async () => {
      await go.promise;
      return { result: {} };
    },
  });
  const asked = ask(REQUEST.call, encodeMessage<Call>({ ...CALLER, method: "x", data: {} }));
  let stopped = false;
  const stopping = serving.stop().then(() => stopped = true);
  assert.equal(handle.size, 0);
  await Promise.resolve();
  assert.equal(stopped, false);
  go.resolve();
  await Promise.all([asked, stopping]);
});

Deno.test("devices that come back all at once keep nobody from sending, nor from calling", async () => {
  const { ask } = serveWith({
    enter: () => new Promise(() => {}),
    catchUp: () => new Promise(() => {}),
    call: () => Promise.resolve({ result: {} }),
    send: (items) => Promise.resolve(items.map(() => ({ result: SENT }))),
  });
  for (let i = 0; i < 2_000; i++) {
    void ask(REQUEST.enter, encodeMessage<Enter>({ user: CALLER.user }));
    void ask(REQUEST.catchUp, encodeMessage<CatchUp>({ user: CALLER.user }));
  }
  const { answers } = decodeMessage<SendAnswers>(await ask(REQUEST.send, sends(1)));
  assert.deepEqual(answers, [{ result: SENT }]);
  const call = encodeMessage<Call>({ ...CALLER, method: "history", data: {} });
  assert.deepEqual(decodeMessage<Answer & { v: 1 }>(await ask(REQUEST.call, call)), {
    v: 1,
    result: {},
  });
});

Deno.test("a read that cannot begin in time is refused, and never begun", async () => {
  let begun = 0;
  const { ask, turns, events, lanes } = serveWith({
    enter: () => (begun++, new Promise(() => {})),
  }, { entering: 1 });
  const enter = encodeMessage<Enter>({ user: CALLER.user });
  void ask(REQUEST.enter, enter);
  const second = ask(REQUEST.enter, enter);
  turns.advance(PATIENCE_MS.entering);
  assert.equal((await second).length, 0);
  assert.deepEqual([begun, events, lanes.entering.waiting], [1, ["refused enter"], 0]);
});

Deno.test("an edge that asks for everything delays another edge's request by one", async () => {
  const done: (() => void)[] = [];
  const { ask } = serveWith({
    call: () => new Promise((resolve) => done.push(() => resolve({ result: {} }))),
  }, { calls: 1 });
  const call = encodeMessage<Call>({ ...CALLER, method: "history", data: {} });
  const order: string[] = [];
  const from = (edge: string) => ask(REQUEST.call, call, edge).then(() => order.push(edge));
  const all = [from("greedy"), from("greedy"), from("greedy"), from("other")];
  for (let i = 0; i < all.length; i++) {
    await new Promise((resolve) => setTimeout(resolve));
    done[i]!();
  }
  await Promise.all(all);
  assert.deepEqual(order, ["greedy", "greedy", "other", "greedy"]);
});

Deno.test("of the sends an origin takes, one edge has half at most", async () => {
  const { ask, lanes } = serveWith({ send: () => new Promise(() => {}) });
  const half = 4_096;
  void ask(REQUEST.send, sends(half), "greedy");
  const refused = decodeMessage<SendAnswers>(await ask(REQUEST.send, sends(1), "greedy"));
  assert.ok("error" in refused.answers[0]! && refused.answers[0].error.code === 111);
  void ask(REQUEST.send, sends(half), "other");
  assert.equal(lanes.sends.inside, 2 * half);
});

Deno.test("what the lanes may do at once leaves connections for fan-out, and is never nothing", async () => {
  for (const [connections, expected] of [[12, [4, 4, 2]], [2, [1, 1, 1]], [60, [20, 20, 10]]]) {
    const lanes = createLanes(connections as number, testTurns());
    const places = (["calls", "entering", "healing"] as const).map((lane) => {
      while (lanes[lane].waiting === 0) lanes[lane].visit("edge");
      return lanes[lane].inside;
    });
    assert.deepEqual(places, expected);
    const { revocations } = lanes;
    while (revocations.waiting < MAX_WAITING / 2) revocations.visit("api", { patienceMs: 1 });
    assert.equal(
      await revocations.visit("api", { patienceMs: 1 }).entered,
      false,
      "the line is full",
    );
    assert.equal(revocations.inside, 1);
  }
});
