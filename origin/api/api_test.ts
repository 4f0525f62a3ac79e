import assert from "node:assert/strict";
import { waitUntil } from "../../scripts/services/wait_until.ts";
import { Refused } from "shared/admission.ts";
import type { Answer } from "shared/bus/requests.ts";
import type { DeviceId, UserId } from "shared/ids.ts";
import { systemTurns } from "shared/turns.ts";
import { createApi, MAX_REQUEST_BYTES, REQUESTS } from "./api.ts";
import type { ApiDeps } from "./method.ts";
import { METHODS } from "./methods.ts";
import { MAX_BATCH } from "./openapi.ts";

const KEY = "k".repeat(32);
const SENT = { gsid: 16, at: "", conversation: "dm:ana:ben", prev: 0 };
const MESSAGE = { user: "ana", to: { user: "ben" }, id: "m1", body: { text: "hello" } };

function apiWith(deps: Partial<ApiDeps>) {
  const answered: string[] = [];
  const faults: [string, unknown][] = [];
  const api = createApi({
    key: KEY,
    deps: deps as ApiDeps,
    turns: systemTurns,
    events: {
      answered: (method) => answered.push(method),
      failed: (method, error) => faults.push([method, error]),
    },
  });
  const post = async (
    method: string,
    body: unknown,
    headers: Record<string, string> = { "x-api-key": KEY },
  ) => {
    const response = await api.request(`/api/${method}`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
    return { status: response.status, answer: await response.json() as Answer };
  };
  return { api, post, faults, answered };
}

Deno.test("send acts for the user that it names", async () => {
  const { post } = apiWith({
    send(sends) {
      assert.deepEqual(sends, [{
        user: "ana",
        data: { to: { user: "ben" }, id: "m1", body: { text: "hello" } },
      }]);
      return Promise.resolve([{ result: SENT }]);
    },
  });
  assert.deepEqual(await post("send", MESSAGE), { status: 200, answer: { result: SENT } });
});

Deno.test("group.create and history are the client's methods, for the user named", async () => {
  const { post } = apiWith({
    call: (call) => Promise.resolve({ result: call as never }),
  });
  const { answer } = await post("group.create", { user: "ana", group: "club", members: ["ben"] });
  assert.deepEqual(answer, {
    result: {
      user: "ana",
      device: "api",
      method: "group.create",
      data: { group: "club", members: ["ben"] },
    },
  });
});

Deno.test("conversations go on after a gsid: what is none is refused, and named", async () => {
  const { post } = apiWith({});
  const { answer } = await post("conversations", { user: "ana", after: "dm:ana:ben" });
  assert.deepEqual(answer, { error: { code: 107, message: "after must be integer" } });
});

Deno.test("disconnect tells the user's inbox topic", async () => {
  const published: unknown[] = [];
  const { post } = apiWith({ publish: (topic, live) => void published.push(topic, live) });
  assert.deepEqual((await post("disconnect", { user: "ana", device: "tab" })).answer, {
    result: {},
  });
  assert.deepEqual(published, ["user-inbox-ana", {
    kind: "control",
    gsid: 0,
    membership: 0,
    data: '{"type":"disconnect","device":"tab"}',
  }]);
});

Deno.test("revoke names the user, the device and the moment, and refuses what is none", async () => {
  const revoked: unknown[] = [];
  const { post } = apiWith({
    revoke(revoke) {
      revoked.push(revoke);
      return Promise.resolve({ result: { before: 17.5 } });
    },
  });
  assert.deepEqual((await post("revoke", { user: "ana" })).answer, { result: { before: 17.5 } });
  await post("revoke", { user: "ana", device: "tab", before: 17.5 });
  assert.deepEqual(revoked, [{ user: "ana" }, { user: "ana", device: "tab", before: 17.5 }]);
  for (
    const [data, words] of [
      [{ device: "tab" }, "user is missing"],
      [
        { user: "ana", device: "" },
        "device must be 1 to 128 bytes of UTF-8 without control characters",
      ],
      [{ user: "ana", before: "now" }, "before must be number"],
      [{ user: "ana", before: 0 }, "before must be >= 1"],
      [{ user: "ana", until: 1 }, "until is not known"],
    ] as const
  ) {
    const { answer } = await post("revoke", data);
    assert.deepEqual(answer, { error: { code: 107, message: words } });
  }
  assert.equal(revoked.length, 2);
});

Deno.test("presence shows what is known, and what is not", async () => {
  const { post } = apiWith({
    presence: () =>
      Promise.resolve(
        new Map([
          ["ana" as UserId, {
            state: "online",
            partial: false,
            devices: [{ device: "d" as DeviceId, connection: "c" as never, foreground: true }],
          }],
          ["ben" as UserId, { state: "unknown", partial: true, devices: [] }],
        ]),
      ),
  });
  assert.deepEqual((await post("presence", { users: ["ana", "ben"] })).answer, {
    result: {
      ana: { online: true, devices: [{ device: "d", foreground: true }] },
      ben: { online: false, unknown: true, devices: [] },
    },
  });
});

Deno.test("the key is needed, and compared whole", async () => {
  const { post, api } = apiWith({ info: () => Promise.resolve({}) });
  for (const key of [undefined, "", "k".repeat(31), "k".repeat(33), KEY.toUpperCase()]) {
    const { status, answer } = await post(
      "info",
      {},
      key === undefined ? {} : { "x-api-key": key },
    );
    assert.equal(status, 401);
    assert.ok("error" in answer && answer.error.code === 101);
  }
  assert.equal((await api.request("/api/info")).status, 401);
});

Deno.test("what is no request is refused with a code and words", async () => {
  const { post, api } = apiWith({});
  assert.equal((await post("send", "{")).status, 400);
  assert.equal((await post("nothing", {})).status, 404);
  assert.equal(
    (await post("send", MESSAGE, { "x-api-key": KEY, "content-type": "text/plain" })).status,
    415,
  );
  assert.equal((await post("send", `"${"x".repeat(MAX_REQUEST_BYTES)}"`)).status, 413);
  assert.equal((await api.request("/api/send", { headers: { "x-api-key": KEY } })).status, 405);
  assert.equal((await api.request("/else")).status, 404);
});

Deno.test("a body that breaks off is refused, and is no fault of ours", async () => {
  const { api, faults } = apiWith({});
  const response = await api.request("/api/send", {
    method: "POST",
    headers: { "content-type": "application/json", "x-api-key": KEY, "content-length": "9" },
    body: new ReadableStream({ pull: (part) => part.error(new Error("the client went away")) }),
  });
  assert.equal(response.status, 400);
  assert.equal((await response.json()).error.code, 107);
  assert.deepEqual(faults, []);
});

const BAD: [string, unknown, RegExp][] = [
  ["send", null, /^data must be object/],
  ["send", [], /^data must/],
  ["send", { ...MESSAGE, user: "" }, /^user must be 1 to 128 bytes/],
  ["send", { ...MESSAGE, user: "a\u0000" }, /^user must be/],
  ["send", { ...MESSAGE, user: "ü".repeat(65) }, /^user must be/],
  ["send", { ...MESSAGE, to: {} }, /^to\.user is missing$/],
  ["send", { ...MESSAGE, to: { user: "a", group: "b" } }, /^to/],
  ["send", { ...MESSAGE, body: "text" }, /^body must be object/],
  ["send", { ...MESSAGE, from: "ana" }, /^from is not known$/],
  ["group.add", { user: "ana", group: "g", members: [] }, /^members must/],
  ["history", { user: "ana", conversation: "system", limit: 201 }, /^limit must be <= 200/],
];

for (const [method, data, expected] of BAD) {
  Deno.test(`${method} refuses ${JSON.stringify(data)?.slice(0, 60)}`, async () => {
    const { status, answer } = await apiWith({}).post(method, data);
    assert.equal(status, 200);
    assert.ok("error" in answer && answer.error.code === 107);
    assert.match(answer.error.message, expected);
  });
}

Deno.test("a method that throws says nothing of why", async () => {
  const { post, faults, answered } = apiWith({
    info: () => Promise.reject(new Error("a secret")),
  });
  const { answer } = await post("info", {});
  assert.deepEqual(answer, {
    error: { code: 100, message: "internal server error", temporary: true },
  });
  assert.equal(faults.length, 1);
  assert.deepEqual(answered, ["info"], "it is timed all the same");
});

Deno.test("batch runs its commands in order, and each fails alone", async () => {
  const order: string[] = [];
  const { post } = apiWith({
    async send(sends) {
      const id = (sends[0]!.data as { id: string }).id;
      order.push(`${id} begins`);
      await Promise.resolve();
      order.push(`${id} ends`);
      return [{ result: SENT }];
    },
  });
  const commands = ["a", "b"].map((id) => ({ method: "send", data: { ...MESSAGE, id } }));
  const { answer } = await post("batch", { commands: [...commands, { method: "no" }] });
  assert.deepEqual(order, ["a begins", "a ends", "b begins", "b ends"]);
  const { replies } = (answer as { result: { replies: Answer[] } }).result;
  assert.deepEqual(replies.map((reply) => "error" in reply ? reply.error.code : 0), [0, 0, 104]);
  order.length = 0;
  await post("batch", { commands, parallel: true });
  assert.deepEqual(order.slice(0, 2), ["a begins", "b begins"]);
});

Deno.test("batch refuses what is none", async () => {
  const { post } = apiWith({});
  const tooMany = Array(MAX_BATCH + 1).fill({ method: "info" });
  for (const data of [null, 5, {}, { commands: {} }, { commands: [null] }, { commands: tooMany }]) {
    assert.equal((await post("batch", data)).status, 400, JSON.stringify(data)?.slice(0, 40));
  }
});

Deno.test("/api/openapi.json describes every method, without a key", async () => {
  const document = await (await apiWith({}).api.request("/api/openapi.json")).json();
  assert.equal(document.openapi, "3.1.0");
  assert.deepEqual(
    Object.keys(document.paths).sort(),
    [...METHODS.map(({ name }) => `/api/${name}`), "/api/batch"].sort(),
  );
  const send = document.paths["/api/send"].post.requestBody.content["application/json"].schema;
  assert.deepEqual(send.required, ["user", "to", "id", "body"]);
});

Deno.test("of many requests at once the API reads some, and the others wait unread", async () => {
  const go = Promise.withResolvers<void>();
  let begun = 0;
  const { post } = apiWith({
    async send() {
      begun++;
      await go.promise;
      return [{ result: SENT }];
    },
  });
  const { places, maxWaiting } = REQUESTS;
  const asked = Array.from({ length: places + maxWaiting }, () => post("send", MESSAGE));
  await waitUntil(() => begun >= places || undefined, { what: "requests", withinMs: 5_000 });
  const { status, answer } = await post("send", MESSAGE);
  assert.deepEqual([status, "error" in answer && answer.error.code], [503, 111]);
  assert.equal(begun, places);
  go.resolve();
  for (const one of asked) assert.equal((await one).status, 200);
});

Deno.test("what the origin has no room for is answered with 111, as an edge is", async () => {
  const { post, faults } = apiWith({ call: () => Promise.reject(new Refused("too much")) });
  const { status, answer } = await post("history", { user: "ana", conversation: "dm:ana:ben" });
  assert.deepEqual([status, "error" in answer && answer.error.code], [200, 111]);
  assert.deepEqual(faults, []);
});
