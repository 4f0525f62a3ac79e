import assert from "node:assert/strict";
import { atOfGsid } from "shared/gsid.ts";
import { contentOf, Recorder, sentDigestOf } from "./recorder.ts";

const EPOCH = "E", EDGE = "ws://edge-0";

function recorded() {
  let now = 0;
  const recorder = new Recorder({ originMs: 1_000, now: () => ++now });
  const [ana, bob] = ["ana", "bob"].map((user) => recorder.device(user, "d", "json"));
  return { recorder, ana: ana!, bob: bob! };
}

const message = (gsid: number, text = "hello") => ({
  event: { type: "message", gsid, conversation: "dm:ana:bob", prev: 0, body: { text } },
  offset: gsid - 16,
});
const subscribed = (offset: number, recovered: boolean) => ({
  ...{ edge: EDGE, recovered, wasRecovering: recovered, position: { offset, epoch: EPOCH } },
});

Deno.test("DeviceRecorder writes down what the app learns, in order, with the cursor it asks for", () => {
  const { ana } = recorded();
  ana.started();
  ana.subscribed(subscribed(16, false));
  ana.publication(message(64));
  ana.publication({ event: { type: "cursor" }, offset: 64 });
  ana.closed({ code: 1 });
  ana.subscribed(subscribed(64, true));
  const { entries } = ana.history;
  assert.deepEqual(entries.map(({ at }) => at), [1, 2, 3, 4, 5, 6]);
  const kinds = ["started", "connected", "event", "cursor", "closed", "connected"];
  assert.deepEqual(entries.map(({ kind }) => kind), kinds);
  assert.deepEqual(entries[5], {
    ...{ at: 6, kind: "connected" },
    ...subscribed(64, true),
    cursor: { offset: 64, epoch: EPOCH },
  });
  assert.ok(!("cursor" in entries[1]!), "it asked for nothing at first");
});

Deno.test("DeviceRecorder keeps the cursor that was asked for, whatever comes after", () => {
  const { ana } = recorded();
  ana.started({ offset: 16, epoch: EPOCH });
  ana.subscribed(subscribed(16, true));
  ana.publication(message(64));
  const [started, connected] = ana.history.entries;
  assert.deepEqual(started, { at: 1, kind: "started", since: { offset: 16, epoch: EPOCH } });
  assert.ok(connected?.kind === "connected");
  assert.deepEqual([connected.cursor!.offset, connected.position.offset], [16, 16]);
  assert.deepEqual(ana.cursor, { offset: 48, epoch: EPOCH });
});

Deno.test("Recorder keeps equal contents once, and contents that differ apart", () => {
  const { recorder, ana, bob } = recorded();
  for (const device of [ana, bob]) {
    device.started();
    device.subscribed(subscribed(16, false));
    device.publication(message(64));
  }
  bob.publication(message(64, "other"));
  const contents = recorder.history.devices.flatMap(({ entries }) =>
    entries.flatMap((entry) => entry.kind === "event" ? entry.content : [])
  );
  assert.equal(contents.length, 3);
  assert.equal(contents[0], contents[1]);
  assert.notEqual(contents[1]!.digest, contents[2]!.digest);
});

Deno.test("contentOf() is the same however the fields are ordered, and tells every field", () => {
  const fields = {
    type: "message",
    gsid: 64,
    conversation: "c",
    prev: 0,
    at: atOfGsid(64),
    id: "m",
  };
  const reversed = Object.fromEntries(Object.entries(fields).reverse()) as typeof fields;
  assert.deepEqual(contentOf(reversed), contentOf(fields));
  for (const name of Object.keys(fields)) {
    const changed = { ...fields, [name]: "other" } as typeof fields;
    assert.notEqual(contentOf(changed).digest, contentOf(fields).digest, name);
  }
  assert.notEqual(sentDigestOf("c", { text: "a" }), sentDigestOf("c", { text: "b" }));
});
