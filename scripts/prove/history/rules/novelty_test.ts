import assert from "node:assert/strict";
import { findingsOf } from "../check.ts";
import { type DeviceRecorder, Recorder } from "../recorder.ts";
import { checkNovelty } from "./novelty.ts";

const CONVERSATION = "dm:ana:bob", GSID = 64;

/** Two devices of Ana and one of Bob; what is found says how often a message was called new twice. */
function recorded() {
  let now = 0;
  const recorder = new Recorder({ originMs: 0, now: () => ++now });
  const device = (user: string, name: string) => recorder.device(user, name, "json");
  return {
    phone: device("ana", "phone"),
    tablet: device("ana", "tablet"),
    bob: device("bob", "phone"),
    found() {
      const truth = {
        epoch: "",
        head: 0,
        events: [],
        stays: [],
        sent: [],
        pushes: [],
        replaced: [],
      };
      const expect = { live: new Set<never>() };
      const { anomalies } = findingsOf([checkNovelty], recorder.history, truth, expect);
      return anomalies.map(({ name, count }) => `${name} ${count}`);
    },
  };
}

function begin(device: DeviceRecorder, attempt = 1): void {
  device.note({ kind: "send", id: "m", attempt, conversation: CONVERSATION, digest: "" });
}

function answer(device: DeviceRecorder, duplicate: boolean, attempt = 1): void {
  device.note({ kind: "ok", id: "m", attempt, gsid: GSID, prev: 0, duplicate });
}

Deno.test("checkNovelty() lets every answer be a duplicate, and one of those that overlap be none", () => {
  for (const [one, other] of [[true, true], [true, false], [false, true]] as const) {
    const { phone, tablet, found } = recorded();
    begin(phone);
    begin(tablet);
    answer(phone, one);
    answer(tablet, other);
    begin(phone, 2);
    answer(phone, true, 2);
    assert.deepEqual(found(), []);
  }
});

Deno.test("checkNovelty() finds two answers that are none, of one device or of two", () => {
  const alone = recorded();
  begin(alone.phone);
  answer(alone.phone, false);
  begin(alone.phone, 2);
  answer(alone.phone, false, 2);
  assert.deepEqual(alone.found(), ["new-twice 1"]);
  const { phone, tablet, found } = recorded();
  begin(phone);
  begin(tablet);
  answer(phone, false);
  answer(tablet, false);
  assert.deepEqual(found(), ["new-twice 1"]);
});

Deno.test("checkNovelty() finds a repeat that is none, though the message had been answered", () => {
  const { phone, tablet, found } = recorded();
  begin(phone);
  answer(phone, true);
  begin(tablet);
  answer(tablet, false);
  assert.deepEqual(found(), ["new-twice 1"]);
});

Deno.test("checkNovelty() takes equal ids of two users for two messages", () => {
  const { phone, bob, found } = recorded();
  for (const device of [phone, bob]) {
    begin(device);
    answer(device, false);
  }
  assert.deepEqual(found(), []);
});
