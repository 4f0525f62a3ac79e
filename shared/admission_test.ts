import assert from "node:assert/strict";
import fc from "fast-check";
import { testTurns } from "testing/turns.ts";
import { Admission, type AdmissionOptions, Refused, type Visit } from "./admission.ts";

function scene(options: Partial<AdmissionOptions> = {}) {
  const turns = testTurns();
  const told: string[] = [];
  const admission = new Admission<string>({
    places: 2,
    maxWaiting: 100,
    turns,
    events: {
      entered: (waitedMs) => told.push(`entered ${waitedMs}`),
      refused: (why) => told.push(`refused ${why}`),
    },
    ...options,
  });
  const entered: string[] = [];
  const visit = (name: string, patienceMs = Infinity, places = 1) => {
    const visit = admission.visit(name.split(" ")[0]!, { patienceMs, places });
    visit.entered.then((inside) => entered.push(inside ? name : `not ${name}`));
    return visit;
  };
  return { admission, turns, told, entered, visit, settle: () => Promise.resolve() };
}

Deno.test("visit() lets in as many as there are places, and the next when one is given back", async () => {
  const { visit, entered, settle, admission } = scene();
  const [first] = ["ana 1", "ben 1", "cleo 1"].map((name) => visit(name));
  await settle();
  assert.deepEqual(entered, ["ana 1", "ben 1"]);
  assert.deepEqual([admission.inside, admission.waiting], [2, 1]);
  first!.end();
  first!.end();
  await settle();
  assert.deepEqual(entered, ["ana 1", "ben 1", "cleo 1"]);
  assert.deepEqual([admission.inside, admission.waiting], [2, 0]);
});

Deno.test("visit() goes round the keys, so that a flood of one delays another by one place", async () => {
  const { visit, entered, settle } = scene({ places: 1 });
  const visits = ["ana 1", "ana 2", "ana 3", "ana 4", "ben 1"].map((name) => visit(name));
  for (const one of [0, 1, 4, 2, 3]) {
    visits[one]!.end();
    await settle();
  }
  assert.deepEqual(entered, ["ana 1", "ana 2", "ben 1", "ana 3", "ana 4"]);
});

Deno.test("visit() gives one key no more than its places, though others stand empty", async () => {
  const { visit, entered, settle } = scene({ places: 3, placesPerKey: 2 });
  const visits = ["ana 1", "ana 2", "ana 3", "ben 1"].map((name) => visit(name));
  await settle();
  assert.deepEqual(entered, ["ana 1", "ana 2", "ben 1"]);
  visits[3]!.end();
  await settle();
  assert.equal(entered.length, 3, "ben's place is not ana's");
  visits[0]!.end();
  await settle();
  assert.equal(entered.at(-1), "ana 3");
});

Deno.test("visit() refuses at once when too many wait, of all or of one key", async () => {
  const { visit, entered, settle, told, admission } = scene({
    places: 1,
    maxWaiting: 3,
    maxWaitingPerKey: 2,
  });
  for (const name of ["ana 1", "ana 2", "ana 3", "ana 4", "ben 1", "cleo 1"]) visit(name, 1000);
  await settle();
  assert.equal(admission.isFull, true);
  assert.deepEqual(entered, ["ana 1", "not ana 4", "not cleo 1"]);
  assert.deepEqual(told, ["entered 0", "refused full", "refused full"]);
});

Deno.test("visit() refuses when patience ends, and who has none but time is not counted", async () => {
  const { visit, entered, settle, told, turns, admission } = scene({ places: 1, maxWaiting: 1 });
  const first = visit("ana 1");
  visit("ben 1");
  visit("cleo 1", 500);
  turns.advance(499);
  assert.equal(admission.waiting, 2);
  turns.advance(1);
  await settle();
  assert.deepEqual(entered, ["ana 1", "not cleo 1"]);
  first.end();
  await settle();
  assert.equal(entered.at(-1), "ben 1");
  assert.deepEqual(told, ["entered 0", "refused late", "entered 500"]);
});

Deno.test("who leaves the line is passed over, and takes no place", async () => {
  const { visit, entered, settle, admission, turns } = scene({ places: 1 });
  const [first, second] = [visit("ana 1"), visit("ben 1", 100)];
  visit("cleo 1", 1000);
  second.end();
  await settle();
  assert.deepEqual([admission.inside, admission.waiting], [1, 1]);
  first.end();
  turns.advance(200);
  await settle();
  assert.deepEqual(entered, ["ana 1", "not ben 1", "cleo 1"]);
});

Deno.test("a visit may take several places, and one end may let in several", async () => {
  const { visit, entered, settle, admission } = scene({ places: 4 });
  const large = visit("ana 1", Infinity, 3);
  ["ben 1", "ben 2", "cleo 1"].forEach((name) => visit(name));
  visit("dan 1", Infinity, 2);
  await settle();
  assert.deepEqual(entered, ["ana 1", "ben 1"]);
  large.end();
  await settle();
  assert.deepEqual(entered.slice(2), ["ben 2", "cleo 1"]);
  assert.deepEqual([admission.inside, admission.waiting], [3, 1]);
});

Deno.test("expectedWaitMs tells how long the line is in time, and is 0 when there is none", async () => {
  const { visit, admission, turns } = scene({ places: 1 });
  const visits = ["ana 1", "ben 1", "cleo 1", "dan 1"].map((name) => visit(name));
  assert.equal(admission.expectedWaitMs, 0, "nobody has waited yet");
  turns.advance(300);
  visits[0]!.end();
  assert.equal(admission.expectedWaitMs, 300);
  turns.advance(200);
  visits[1]!.end();
  assert.equal(admission.expectedWaitMs, 500);
  visits[2]!.end();
  assert.equal(admission.expectedWaitMs, 0, "nobody waits any more");
  await Promise.resolve();
});

Deno.test("run() gives its place back whatever becomes of the task", async () => {
  const { admission } = scene({ places: 1, maxWaiting: 0 });
  assert.equal(await admission.run("ana", () => Promise.resolve(1), { patienceMs: 10 }), 1);
  await assert.rejects(admission.run("ana", () => Promise.reject(new Error("no"))), /no/);
  const open = admission.visit("ben");
  await assert.rejects(admission.run("ana", () => Promise.resolve(1), { patienceMs: 10 }), Refused);
  open.end();
  assert.equal(await admission.run("ana", () => Promise.resolve(2), { patienceMs: 10 }), 2);
});

Deno.test("whatever comes and goes, the bounds hold and nobody is forgotten", async () => {
  const steps = fc.array(
    fc.record({
      key: fc.constantFrom("ana", "ben", "cleo"),
      what: fc.constantFrom("visit", "hurried visit", "end", "wait"),
      which: fc.nat(),
    }),
    { maxLength: 120 },
  );
  await fc.assert(fc.asyncProperty(steps, async (steps) => {
    const bounds = { places: 3, placesPerKey: 2, maxWaiting: 4, maxWaitingPerKey: 3 };
    const { admission, turns } = scene(bounds);
    let open: { visit: Visit; key: string; inside: boolean }[] = [];
    const drop = (visit: Visit) => open = open.filter((one) => one.visit !== visit);
    for (const { key, what, which } of steps) {
      if (what === "wait") turns.advance(50);
      else if (what === "end") {
        const one = open[which % (open.length || 1)];
        if (one) drop(one.visit);
        one?.visit.end();
      } else {
        const options = what === "visit" ? {} : { patienceMs: 100 };
        const visit = admission.visit(key, options);
        const one = { visit, key, inside: false };
        open.push(one);
        visit.entered.then((inside) => inside ? one.inside = true : void drop(visit));
      }
      for (let i = 0; i < 3; i++) await Promise.resolve();
      const inside = open.filter((one) => one.inside);
      assert.equal(admission.inside, inside.length);
      assert.equal(admission.waiting, open.length - inside.length);
      assert(inside.length <= bounds.places);
      for (const key of ["ana", "ben", "cleo"]) {
        const mine = inside.filter((one) => one.key === key).length;
        assert(mine <= bounds.placesPerKey);
        const waits = open.some((one) => one.key === key && !one.inside);
        assert(!waits || mine === bounds.placesPerKey || inside.length === bounds.places);
      }
    }
    for (const { visit } of [...open]) visit.end();
    assert.deepEqual([admission.inside, admission.waiting], [0, 0]);
  }));
});
