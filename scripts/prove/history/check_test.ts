import assert from "node:assert/strict";
import fc from "fast-check";
import { GSID_STEP } from "shared/gsid.ts";
import { randomFrom } from "testing/random.ts";
import { CLOSES, ERRORS } from "shared/wire/codes.ts";
import { check } from "./check.ts";
import { ANOMALIES, type AnomalyName } from "./anomaly_names.ts";
import { drop, last, refuse } from "./testing/entries.ts";
import { Scene } from "./testing/scene.ts";
import type { TrueEvent } from "./truth.ts";

const namesOf = (scene: Scene) =>
  check(scene.history, scene.truth, scene.expect).anomalies.map(({ name }) => name);

/** A bug each, as it would show. */
const PLANTED: [what: string, found: AnomalyName[], plant: (scene: Scene) => void][] = [
  ["an acknowledged message is not there", ["acked-lost", "invented"], (scene) => {
    const { gsid } = scene.send(scene.device("ana"), { user: "ana" });
    scene.truth.events = scene.truth.events.filter((event) => event.gsid !== gsid);
  }],
  ["a message that was refused is there", ["refused-yet-stored", "refused-wrongly"], (scene) => {
    const device = scene.device("ana");
    scene.send(device, { user: "bob" });
    const { id } = last(device, "ok");
    drop(device, last(device, "ok"));
    scene.note(device, { kind: "refused", id, attempt: 1, code: 4001, temporary: false });
  }],
  ["a message to a group is refused for good to one who is in it", ["refused-wrongly"], (scene) => {
    scene.later(30_000);
    refuse(scene, scene.device("ana"), ERRORS.unknownConversation.code);
    scene.later(30_000);
  }],
  ["a stranger is refused for good with the error of a fault", ["refused-wrongly"], (scene) => {
    refuse(scene, scene.device("cleo"), ERRORS.internal.code);
  }],
  ["a send is never answered", ["unanswered"], (scene) => {
    const device = scene.device("ana");
    scene.send(device, { user: "bob" });
    drop(device, last(device, "ok"));
  }],
  ["an id is stored twice", ["acked-lost", "doubled"], (scene) => {
    const first = scene.send(scene.device("ana"), { user: "bob" });
    scene.send(scene.device("ana", 1), { user: "bob" }).id = first.id!;
  }],
  ["an id is answered two gsids", ["doubled"], (scene) => {
    const device = scene.device("ana");
    scene.send(device, { user: "bob" });
    const ok = last(device, "ok");
    scene.note(device, { ...ok, gsid: ok.gsid + GSID_STEP, attempt: 2, duplicate: true });
  }],
  ["a repeat is told that it is new", ["new-twice"], (scene) => {
    const device = scene.device("ana");
    scene.send(device, { user: "bob" });
    scene.note(device, { ...last(device, "ok"), attempt: 2 });
  }],
  ["what is kept of a send names another message", ["doubled"], (scene) => {
    scene.send(scene.device("ana"), { user: "bob" });
    scene.truth.sent.at(-1)!.gsid -= GSID_STEP;
  }],
  ["a message is stored with another body", ["two-bodies"], (scene) => {
    scene.send(scene.device("ana"), { user: "bob" }).sentDigest = "other";
  }],
  ["two clients are shown two bodies", ["two-bodies"], (scene) => {
    scene.send(scene.device("ana"), { user: "bob" });
    const entry = last(scene.device("bob"), "event");
    Object.assign(entry, { content: { ...entry.content, digest: "other" } });
  }],
  ["a push shows another text", ["two-bodies"], (scene) => {
    scene.disconnect(scene.device("cleo"));
    scene.send(scene.device("ana"), { user: "cleo" });
    scene.truth.pushes.at(-1)!.text = "other";
  }],
  ["a message is shown that nobody stored", ["invented"], (scene) => {
    const { content } = last(scene.device("bob"), "event");
    const invented = { ...content, gsid: content.gsid + GSID_STEP };
    scene.note(scene.device("bob"), { kind: "event", content: invented });
  }],
  ["gsids are drawn before the lock", ["inverted"], (scene) => {
    const device = scene.device("ana");
    scene.send(device, { user: "cleo" });
    const { at } = last(device, "send");
    scene.send(device, { user: "bob" });
    // The second was answered before the first was begun.
    Object.assign(last(device, "send"), { at: at - 0.6 });
    Object.assign(last(device, "ok"), { at: at - 0.3 });
  }],
  ["the chain of a conversation has a hole", ["broken-chain", "two-bodies"], (scene) => {
    scene.send(scene.device("ana"), { group: "g" });
    Object.assign(scene.send(scene.device("ana"), { group: "g" }), { prev: 0 });
  }],
  ["an answer names another prev", ["broken-chain"], (scene) => {
    const device = scene.device("ana");
    scene.send(device, { group: "g" });
    Object.assign(last(device, "ok"), { prev: 0 });
  }],
  [
    "a cursor is the own gsid of its event, and one before it is lost",
    ["skipped-by-cursor", "undelivered"],
    (scene) => {
      const device = scene.device("bob");
      scene.send(scene.device("ana"), { user: "bob" });
      drop(device, last(device, "event"));
      const { gsid } = scene.send(scene.device("ana"), { user: "bob" });
      Object.assign(last(device, "event"), { offset: gsid });
    },
  ],
  ["an event comes after the cursor that covers it", ["skipped-by-cursor"], (scene) => {
    const device = scene.device("bob");
    const { gsid } = scene.send(scene.device("ana"), { user: "bob" });
    const entry = last(device, "event");
    drop(device, entry);
    scene.note(device, { kind: "cursor", offset: gsid });
    scene.note(device, entry);
  }],
  [
    "a resume leaves something out and says it is whole",
    ["recovered-lied", "undelivered"],
    (scene) => {
      const device = scene.device("bob");
      scene.disconnect(device);
      scene.send(scene.device("ana"), { user: "bob" });
      scene.send(scene.device("ana"), { user: "bob" });
      scene.connect(device);
      const missing = device.entries.at(-2)!;
      assert.equal(missing.kind, "event");
      drop(device, missing);
    },
  ],
  ["a cursor beyond the head is recovered", ["recovered-lied"], (scene) => {
    const device = scene.device("bob");
    scene.disconnect(device);
    scene.connect(device);
    const beyond = { offset: scene.truth.head + GSID_STEP, epoch: "E" };
    Object.assign(last(device, "connected"), { cursor: beyond, position: beyond });
  }],
  ["a position of another epoch is served", ["cursor-and-epoch-apart"], (scene) => {
    last(scene.device("bob"), "connected").position.epoch = "other";
  }],
  ["a resume begins elsewhere than asked", ["cursor-and-epoch-apart"], (scene) => {
    const device = scene.device("bob");
    scene.disconnect(device);
    scene.connect(device);
    last(device, "connected").position.offset -= GSID_STEP;
  }],
  ["a resume that missed little is not recovered", ["reloaded-needlessly"], (scene) => {
    const device = scene.device("bob");
    scene.disconnect(device);
    scene.send(scene.device("ana"), { user: "bob" });
    scene.connect(device);
    const position = { offset: scene.truth.events.at(-1)!.gsid, epoch: "E" };
    Object.assign(last(device, "connected"), { recovered: false, position });
  }],
  ["a device that did nothing wrong is told not to come back", ["turned-away"], (scene) => {
    const device = scene.device("bob");
    scene.note(device, { kind: "closed", code: CLOSES.badRequest.code });
    scene.connect(device);
  }],
  ["a catch-up is out of order", ["catch-up-out-of-order", "recovered-lied"], (scene) => {
    const device = scene.device("bob");
    scene.disconnect(device);
    for (let i = 0; i < 3; i++) scene.send(scene.device("ana"), { user: "bob" });
    scene.later(20_000);
    scene.connect(device);
    device.entries.push(...device.entries.splice(-3).reverse());
  }],
  ["one who left is shown what came after", ["leaked"], (scene) => {
    scene.change("group.left", ["bob"]);
    const { gsid } = scene.send(scene.device("ana"), { group: "g" });
    const { content } = last(scene.device("ana", 1), "event");
    assert.equal(content.gsid, gsid);
    scene.note(scene.device("bob"), { kind: "event", content });
  }],
  ["one who left is pushed what came after", ["leaked"], (scene) => {
    scene.disconnect(scene.device("bob"));
    scene.disconnect(scene.device("bob", 1));
    const { gsid: before } = scene.send(scene.device("ana"), { group: "g" });
    scene.change("group.left", ["bob"]);
    const { gsid } = scene.send(scene.device("ana"), { group: "g" });
    const push = scene.truth.pushes.findLast((one) => one.gsid === before)!;
    const text = scene.truth.events.at(-1)!.text!;
    scene.truth.pushes.push({ ...push, gsid, text });
  }],
  ["a token of another user is pushed", ["leaked", "unpushed"], (scene) => {
    scene.disconnect(scene.device("cleo"));
    scene.send(scene.device("ana"), { user: "cleo" });
    scene.truth.pushes.at(-1)!.token = "token-of-bob";
  }],
  ["a token is pushed for the one who had it before", ["leaked"], (scene) => {
    scene.disconnect(scene.device("cleo"));
    scene.note(scene.device("bob"), { kind: "registered", token: "token-of-cleo" });
    scene.later(31_000);
    scene.send(scene.device("ana"), { user: "cleo" });
  }],
  ["a token is pushed that its user has given up", ["leaked"], (scene) => {
    scene.note(scene.device("bob"), { kind: "unregistered", token: "token-of-bob" });
    scene.push("bob", scene.send(scene.device("ana"), { user: "bob" }), 31_000);
  }],
  ["a message does not reach a device that is connected", ["undelivered"], (scene) => {
    const device = scene.device("bob", 1);
    scene.send(scene.device("ana"), { user: "bob" });
    drop(device, last(device, "event"));
  }],
  ["a message comes long after its commit", ["late"], (scene) => {
    const device = scene.device("bob", 1);
    scene.send(scene.device("ana"), { user: "bob" });
    const { at: _, ...event } = last(device, "event");
    drop(device, last(device, "event"));
    scene.later(5_000);
    scene.note(device, event);
  }],
  ["one who left writes to the group", ["stranger-wrote"], (scene) => {
    scene.change("group.left", ["bob"]);
    scene.send(scene.device("bob"), { group: "g" });
  }],
  ["the table of members forgets that somebody left", ["membership-apart"], (scene) => {
    scene.change("group.left", ["bob"]);
    delete scene.truth.stays.find(({ user, left }) => user === "bob" && left)!.left;
  }],
  ["one who is offline is never pushed", ["unpushed"], (scene) => {
    scene.disconnect(scene.device("cleo"));
    scene.send(scene.device("ana"), { user: "cleo" });
    scene.truth.pushes.pop();
  }],
  ["a provider that was busy is never asked again", ["unpushed"], (scene) => {
    scene.disconnect(scene.device("cleo"));
    scene.send(scene.device("ana"), { user: "cleo" });
    scene.truth.pushes.at(-1)!.status = 503;
  }],
  ["of two phones one is pushed", ["unpushed"], (scene) => {
    scene.disconnect(scene.device("cleo"));
    scene.note(scene.device("cleo"), { kind: "registered", token: "other-of-cleo" });
    scene.later(60_000);
    scene.send(scene.device("ana"), { user: "cleo" });
  }],
  ["one who is offline is pushed too late", ["unpushed"], (scene) => {
    scene.disconnect(scene.device("cleo"));
    scene.send(scene.device("ana"), { user: "cleo" });
    scene.truth.pushes.at(-1)!.atMs += 21_000;
  }],
  ["one who has acknowledged is pushed", ["pushed-though-received"], (scene) => {
    const event = scene.send(scene.device("ana"), { user: "cleo" });
    scene.ack(scene.device("cleo"));
    scene.push("cleo", event, 10_000);
  }],
  ["one who has received long ago is pushed", ["pushed-though-received"], (scene) => {
    scene.push("cleo", scene.send(scene.device("ana"), { user: "cleo" }), 60_000);
  }],
];

/** A scene in which everything has happened that may. */
function busy(seed = 7, steps = 60): Scene {
  const scene = new Scene();
  const random = randomFrom(seed);
  for (let i = 0; i < steps; i++) scene.step(random);
  for (const device of scene.history.devices) {
    if (!scene.expect.live.has(device)) scene.connect(device);
  }
  if (!scene.isIn("bob")) scene.change("group.joined", ["bob"]);
  return scene;
}

Deno.test("check() finds nothing in a history that is as it should be", () => {
  assert.deepEqual(namesOf(new Scene()), []);
  const { anomalies, counts } = check(busy().history, busy().truth, busy().expect);
  assert.deepEqual(anomalies, []);
  for (const name of ["deliveries", "resumes", "pushes", "pushes_owed", "repeats"]) {
    assert.ok(counts[name]! > 0, name);
  }
});

for (const [what, found, plant] of PLANTED) {
  Deno.test(`check() finds it when ${what}`, () => {
    for (const scene of [new Scene(), busy()]) {
      plant(scene);
      assert.deepEqual(namesOf(scene).toSorted(), found.toSorted());
    }
  });
}

Deno.test("check() counts an own message whose answer came too late, until it comes by a repeat", () => {
  const plant = (scene: Scene) => {
    const device = scene.device("ana");
    scene.send(device, { user: "bob" });
    const { at: _, ...ok } = last(device, "ok");
    drop(device, last(device, "event"));
    drop(device, last(device, "ok"));
    scene.note(device, { kind: "cursor", offset: ok.gsid });
    return { device, ok };
  };
  const answered = new Scene();
  const { device, ok } = plant(answered);
  answered.note(device, ok);
  assert.deepEqual(namesOf(answered), []);

  const resumed = new Scene();
  const { device: other, ok: answer } = plant(resumed);
  drop(other, last(other, "cursor"));
  resumed.note(other, { kind: "unknown", id: answer.id, attempt: 1, why: "timeout" });
  resumed.disconnect(other);
  resumed.connect(other);
  drop(other, last(other, "event"));
  resumed.note(other, { kind: "cursor", offset: answer.gsid });
  resumed.later(1_000);
  resumed.note(other, answer);
  assert.deepEqual(namesOf(resumed), ["recovered-lied"]);
});

Deno.test("a push is replaced by a newer one that was made, and only where the database says so", () => {
  const found = (said: boolean, pushed: boolean) => {
    const scene = new Scene();
    scene.disconnect(scene.device("cleo"));
    const { gsid } = scene.send(scene.device("ana"), { user: "cleo" });
    scene.truth.pushes.pop();
    if (said) scene.truth.replaced.push({ user: "cleo", gsid });
    if (pushed) scene.send(scene.device("ana"), { user: "cleo" });
    return namesOf(scene);
  };
  assert.deepEqual(found(true, true), []);
  assert.deepEqual(found(false, true), ["unpushed"]);
  assert.deepEqual(found(true, false), ["unpushed"]);
});

Deno.test("a push ends when it is taken, when there is no such token, and when the message is there", () => {
  const found = (end: (scene: Scene, event: TrueEvent) => void) => {
    const scene = new Scene();
    scene.disconnect(scene.device("cleo"));
    const event = scene.send(scene.device("ana"), { user: "cleo" });
    scene.truth.pushes.at(-1)!.status = 503;
    scene.later(25_000);
    end(scene, event);
    return namesOf(scene);
  };
  const answered = (status: number) => (scene: Scene, event: TrueEvent) => {
    scene.push("cleo", event);
    scene.truth.pushes.at(-1)!.status = status;
  };
  assert.deepEqual([200, 410, 404, 400].map((status) => found(answered(status))), [[], [], [], []]);
  assert.deepEqual([429, 500, 503].map((status) => found(answered(status))), [
    ["unpushed"],
    ["unpushed"],
    ["unpushed"],
  ]);
  assert.deepEqual(found((scene) => scene.connect(scene.device("cleo"))), []);
  const giveUp = (scene: Scene) =>
    scene.note(scene.device("cleo"), { kind: "unregistered", token: "token-of-cleo" });
  assert.deepEqual(found(giveUp), []);
});

Deno.test("a token that a provider called none, or that moved on, is owed nothing more", () => {
  const scene = new Scene();
  scene.disconnect(scene.device("cleo"));
  scene.send(scene.device("ana"), { user: "cleo" });
  scene.truth.pushes.at(-1)!.status = 410;
  scene.later(1_000);
  scene.send(scene.device("ana"), { user: "cleo" });
  scene.truth.pushes.pop();
  scene.disconnect(scene.device("bob"));
  scene.disconnect(scene.device("bob", 1));
  scene.note(scene.device("ana"), { kind: "registered", token: "token-of-bob" });
  scene.later(1_000);
  scene.send(scene.device("ana"), { user: "bob" });
  scene.truth.pushes.pop();
  assert.deepEqual(namesOf(scene), []);
});

Deno.test("every anomaly has been planted", () => {
  const planted = new Set(PLANTED.flatMap(([, found]) => found));
  assert.deepEqual(ANOMALIES.filter((name) => !planted.has(name)), []);
});

Deno.test("check() takes it for right that a stranger is refused, and who has just come or gone", () => {
  const scene = new Scene();
  refuse(scene, scene.device("cleo"), ERRORS.unknownConversation.code);
  scene.later(30_000);
  scene.change("group.left", ["bob"]);
  refuse(scene, scene.device("bob"), ERRORS.unknownConversation.code);
  scene.change("group.joined", ["bob"]);
  assert.deepEqual(namesOf(scene), []);
});

Deno.test("check() finds nothing in any history that is as it should be", () => {
  fc.assert(fc.property(fc.nat(), fc.nat(200), (seed, steps) => {
    assert.deepEqual(namesOf(busy(seed, steps)), []);
  }));
});

Deno.test("check() counts all and keeps some of each anomaly in words", () => {
  const scene = new Scene();
  for (let i = 0; i < 50; i++) scene.send(scene.device("ana"), { user: "bob" });
  scene.truth.events.splice(-50);
  const { anomalies } = check(scene.history, scene.truth, scene.expect);
  const lost = anomalies.find(({ name }) => name === "acked-lost")!;
  assert.deepEqual([lost.count, lost.examples.length], [50, 20]);
});
