import assert from "node:assert/strict";
import { waitUntil } from "../../scripts/services/wait_until.ts";
import { testDatabase } from "testing/database.ts";
import { prepareSchema } from "testing/schema.ts";
import { ANNOUNCE, type Beat, type Drain } from "shared/bus/requests.ts";
import { decodeMessage, encodeMessage } from "shared/bus/requests.ts";
import { decodeLive } from "shared/bus/live.ts";
import type { UserId } from "shared/ids.ts";
import { type LogFields, SILENT_LOG } from "shared/log.ts";
import { inboxTopic, subjectOf, SYSTEM_ALERTS } from "shared/topic.ts";
import { testOrigin } from "../testing.ts";
import { reportOf } from "./testing/replicas.ts";

const KEY = "k".repeat(32);
const HEADERS = { "x-admin-key": KEY, "x-operator": encodeURIComponent("Käthe") };

/** An origin with an admin key, or none, and what it logs. */
async function scene(adminKey: string | null = KEY) {
  await using parts = new AsyncDisposableStack();
  const database = parts.use(await testDatabase({ prepare: prepareSchema }));
  const logged: [string, LogFields | undefined][] = [];
  const internal = { hostname: "127.0.0.1", port: 0, adminKey };
  const origin = parts.use(
    await testOrigin(database, {
      config: { internal },
      deps: { log: { ...SILENT_LOG, info: (words, fields) => void logged.push([words, fields]) } },
    }),
  );
  const url = `http://127.0.0.1:${origin.internalPort}/operator`;
  const page = async (path = "") => await (await fetch(`${url}${path}`)).text();
  const post = async (path: string, data: unknown, headers: Record<string, string> = HEADERS) => {
    const body = JSON.stringify(data);
    const response = await fetch(`${url}/${path}`, { method: "POST", headers, body });
    return { status: response.status, text: await response.text() };
  };
  const until = (words: string | RegExp) =>
    waitUntil(async () => (await page("/live")).match(words) ?? undefined, {
      what: `the page to say ${words}`,
      withinMs: 15_000,
    });
  const owned = parts.move();
  return {
    ...{ origin, url, logged, page, post, until },
    beat: (beat: Omit<Beat, "v">) =>
      origin.bus.publish(`${ANNOUNCE.beat}.${beat.replica}`, encodeMessage<Beat>(beat)),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

Deno.test("the page shows who is heard, to whoever reaches the port, and loads nothing else", async () => {
  await using test = await scene();
  await test.until(/id="replica-origin-\w+"/);
  test.beat({
    replica: "edge-9-abc",
    report: reportOf({
      name: "<script>alert(1)</script>",
      faults: [["bus", "not connected"]],
      trouble: [{ at: Date.now(), level: "error", words: "Something <b>failed</b>", times: 2 }],
    }),
  });
  await test.until(/id="replica-edge-9-abc" data-state="not ready"/);
  const response = await fetch(test.url);
  const html = await response.text();
  assert.match(html, /bus: not connected/);
  assert.match(html, /Something &lt;b&gt;failed&lt;\/b&gt;.*2 times/);
  assert.doesNotMatch(html, /<script>alert/);
  const policy = response.headers.get("content-security-policy")!;
  assert.match(policy, /^default-src 'none'; script-src 'self'; style-src 'self';/);
  assert.equal(response.headers.get("cache-control"), "no-store");
  const addresses = [...html.matchAll(/(?:src|href)="([^#"][^"]*)"/g)].map(([, one]) => one!);
  assert.ok(addresses.length >= 3);
  for (const address of addresses) {
    const part = await fetch(new URL(address, test.url));
    await part.body?.cancel();
    assert.equal(part.status, 200, address);
    assert.ok(address.startsWith("operator/"), address);
  }
});

Deno.test("without the key nothing is looked up and nothing done", async () => {
  await using test = await scene();
  for (const headers of [{}, { "x-admin-key": "k".repeat(31) }] as Record<string, string>[]) {
    for (const path of ["key", "look-up/user", "look-up/message", "act/drain", "act/kick"]) {
      assert.equal((await test.post(path, { user: "ana", gsid: 1 }, headers)).status, 401, path);
    }
  }
  assert.equal((await test.post("key", {})).status, 204);
  assert.deepEqual(test.logged, []);
});

Deno.test("where no key is set, users are looked up from this machine and nothing is done", async () => {
  await using test = await scene(null);
  const { status, text } = await test.post("look-up/user", { user: "ana" }, {});
  assert.equal(status, 200);
  assert.match(text, /ana.*offline.*None is connected/s);
  assert.doesNotMatch(text, /data-act/);
  assert.equal((await test.post("act/kick", { user: "ana" })).status, 401);
  assert.match(await test.page(), /read-only: no ADMIN_KEY is set/);
});

Deno.test("a user is found with devices and conversations, and without a word of theirs", async () => {
  await using test = await scene();
  const { api } = test.origin;
  await api("send", {
    user: "ana",
    to: { user: "ben" },
    id: "m1",
    body: { text: "a private word" },
  });
  const { text } = await test.post("look-up/user", { user: "ana" });
  assert.match(text, /dm:ana:ben.*data-look-up-message="\d+"/s);
  assert.doesNotMatch(text, /private/);
  assert.match((await test.post("look-up/user", { user: "" })).text, /class="fault">user must be/);
  assert.match((await test.post("look-up/user", [])).text, /class="fault">user must be/);
  assert.match((await test.post("look-up/message", { gsid: "x" })).text, /class="fault"/);
  assert.equal((await test.post("look-up/else", { gsid: 1 })).status, 404);
});

Deno.test("a message is found with what became of it, and without its body", async () => {
  await using test = await scene();
  const body = { text: "a private word" };
  const sent = await test.origin.api("send", { user: "ana", to: { user: "ben" }, id: "m1", body });
  const { gsid } = (sent as { result: { gsid: number } }).result;
  const { text } = await test.post("look-up/message", { gsid });
  assert.match(text, /dm:ana:ben.*ana, as m1.*waiting.*ben.*offline.*none: no targets/s);
  assert.doesNotMatch(text, /private/);
  const { text: none } = await test.post("look-up/message", { gsid: 16 });
  assert.match(none, /class="fault">gsid names no event/);
});

Deno.test("a user named as no user should be is looked up like any other", async () => {
  await using test = await scene();
  for (const user of ["error", "__proto__", "<i>"]) {
    const { text } = await test.post("look-up/user", { user });
    assert.match(text, /offline/, user);
    assert.doesNotMatch(text, /<i>/);
  }
});

Deno.test("an operator drains, kicks and tells everybody, and the log says who and what", async () => {
  await using test = await scene();
  const { bus } = test.origin;
  const said: unknown[] = [];
  const hear = (subject: string, read: (data: Uint8Array) => unknown) =>
    bus.subscribe(subject, ({ data }) => void said.push(read(data)));
  hear(ANNOUNCE.drain, (data) => decodeMessage<Drain>(data).replica);
  hear(subjectOf(inboxTopic("ana" as UserId)), (data) => decodeLive(data)!.data);
  hear(subjectOf(SYSTEM_ALERTS), (data) => JSON.parse(decodeLive(data)!.data).body);
  await bus.flush();
  test.beat({ replica: "edge-9-abc", report: reportOf({ name: "edge-9" }) });
  await test.until(/replica-edge-9-abc/);

  const drained = await test.post("act/drain", { replica: "edge-9-abc" });
  assert.match(drained.text, /^{"said":"edge-9 is told to drain/);
  const unheard = await test.post("act/drain", { replica: "edge-8" });
  assert.deepEqual(unheard.text, '{"error":"Cannot drain edge-8: it is not heard"}');
  await test.post("act/kick", { user: "ana", device: "phone" });
  const body = { text: "We are back" };
  const alert = await test.post("act/alert", { id: "a1", body });
  assert.equal((await test.post("act/alert", { id: "a1", body })).text, alert.text, "the same one");
  assert.match((await test.post("act/alert", { id: "a2", body: "text" })).text, /"error"/);
  for (const act of ["else", "constructor", "__proto__"]) {
    assert.equal((await test.post(`act/${act}`, {})).status, 404, act);
  }

  await waitUntil(() => said.length >= 3 || undefined, { what: "all to be told", withinMs: 5_000 });
  assert.deepEqual(said, ["edge-9-abc", '{"type":"disconnect","device":"phone"}', body]);
  const who = { operator: "Käthe", from: "127.0.0.1" };
  const { gsid } = JSON.parse(JSON.stringify(test.logged[2]![1]));
  assert.deepEqual(test.logged.slice(0, 3), [
    ["An operator drains a replica", { ...who, replica: "edge-9-abc" }],
    ["An operator kicked a user", { ...who, user: "ana", device: "phone" }],
    ["An operator told everybody", { ...who, gsid }],
  ]);
});

Deno.test("an origin that is told to drain ends, and another that is named does not", async () => {
  await using test = await scene();
  const [, id] = await test.until(/id="replica-(origin-\w+)" data-state="ready"/);
  const { bus, ended } = test.origin;
  let over = false;
  ended.then(() => over = true);
  bus.publish(ANNOUNCE.drain, encodeMessage<Drain>({ replica: "origin-0" }));
  await bus.flush();
  assert.match(await test.page("/live"), /data-state="ready"/);
  assert.equal(over, false);
  assert.equal((await test.post("act/drain", { replica: id })).status, 200);
  await ended;
});
