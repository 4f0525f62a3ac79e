import assert from "node:assert/strict";
import type { BusMessage } from "shared/bus/bus.ts";
import {
  type Answer,
  type Call,
  decodeMessage,
  encodeMessage,
  type Enter,
  REQUEST,
  type SendAnswers,
  type SendBatch,
} from "shared/bus/requests.ts";
import type { DeviceId, UserId } from "shared/ids.ts";
import { type Handlers, type Kind, serve } from "./serve.ts";

const SENT = { gsid: 16, at: "", conversation: "dm:ana:ben", prev: 0 };
const CALLER = { user: "ana" as UserId, device: "phone" as DeviceId };

function serveWith(handlers: Partial<Handlers>, limits?: Record<Kind, number>) {
  const handle = new Map<string, (message: BusMessage) => void>();
  const events: string[] = [];
  const serving = serve({
    bus: {
      subscribe(subject, handler) {
        handle.set(subject, handler);
        const unsubscribe = () => void handle.delete(subject);
        return { unsubscribe, drain: () => Promise.resolve(unsubscribe()) };
      },
    },
    handlers: handlers as Handlers,
    events: {
      answered: (method) => events.push(`answered ${method}`),
      refused: (method) => events.push(`refused ${method}`),
      failed: (method, error) => events.push(`failed ${method} ${(error as Error).message}`),
      poisoned: (method) => events.push(`poisoned ${method}`),
    },
    nowMs: () => 0,
    ...(limits && { limits }),
  });
  const ask = (subject: string, data: Uint8Array) =>
    new Promise<Uint8Array>((respond) => handle.get(subject)!({ subject, data, respond }));
  return { serving, events, ask, handle };
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

Deno.test("serve() refuses with 111 what is over its bound, and takes more when that is done", async () => {
  const go = Promise.withResolvers<void>();
  const { ask, serving } = serveWith({
    send: async (items) => {
      await go.promise;
      return items.map(() => ({ result: SENT }));
    },
  }, { commands: 3, entering: 0, healing: 0 });
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

Deno.test("devices that come back all at once keep nobody from sending", async () => {
  const { ask } = serveWith({
    enter: () => new Promise(() => {}),
    send: (items) => Promise.resolve(items.map(() => ({ result: SENT }))),
  }, { commands: 1, entering: 1, healing: 1 });
  const enter = encodeMessage<Enter>({ user: CALLER.user });
  void ask(REQUEST.enter, enter);
  assert.equal((await ask(REQUEST.enter, enter)).length, 0);
  const answers = decodeMessage<SendAnswers>(await ask(REQUEST.send, sends(1))).answers;
  assert.deepEqual(answers, [{ result: SENT }]);
});
