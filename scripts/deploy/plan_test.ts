import assert from "node:assert/strict";
import { type Intent, type Place, planSteps, planTitle } from "./plan.ts";
import { planTable } from "./table.ts";

const NEW = "0.1.0-20261130T160000Z-bbbbbbb", OLD = "0.1.0-20261130T150000Z-aaaaaaa";

const RUNNING: Place = {
  name: "local",
  where: "here",
  runsTasks: false,
  installed: {
    current: { edge: OLD, origin: OLD },
    records: [],
    replicas: (["edge", "edge", "origin"] as const).map((kind, i) => ({
      ...{ id: `${kind}-${i}`, kind, release: OLD },
    })),
  },
};

function intentOf(change: Partial<Intent>): Intent {
  return {
    ...{ release: NEW, releases: { edge: NEW, origin: NEW }, back: false },
    programs: ["origin", "edge"],
    ...{
      targets: { edge: RUNNING, origin: RUNNING },
      pendingMigrations: [],
      streamChanges: [],
      pushedBy: [],
    },
    ...change,
  };
}

const plan = (change: Partial<Intent>) => planSteps(intentOf(change));

const names = (intent: Partial<Intent>) => plan(intent).map(({ name }) => name);

Deno.test("planSteps() tries everything before it changes anything, and rolls origins first", () => {
  assert.deepEqual(names({}), [
    ...["preflight", "stage", "migrate", "streams", "origins", "edges", "smoke", "record"],
  ]);
});

Deno.test("planSteps() of a roll back rolls the edges first, and touches neither schema nor stream", () => {
  assert.deepEqual(names({ back: true }), ["edges", "origins", "smoke", "record"]);
});

Deno.test("planSteps() of a roll back where no origin runs begins with them, for edges would wait for one", () => {
  const none = { ...RUNNING, installed: { current: {}, records: [], replicas: [] } };
  const edges = { ...RUNNING, installed: { ...RUNNING.installed, current: { edge: OLD } } };
  for (const there of [none, edges]) {
    const targets = { edge: there, origin: there };
    assert.deepEqual(names({ back: true, targets }), ["origins", "edges", "smoke", "record"]);
  }
});

Deno.test("planSteps() of edges alone leaves the database and the stream alone", () => {
  assert.deepEqual(names({ programs: ["edge"] }), [
    ...["preflight", "stage", "edges", "smoke", "record"],
  ]);
});

Deno.test("planSteps() of origins alone tries them by the edges that run, if there are any", () => {
  const steps = ["preflight", "stage", "migrate", "streams", "origins"];
  assert.deepEqual(names({ programs: ["origin"] }), [...steps, "smoke", "record"]);
  const none = { ...RUNNING, installed: { current: {}, records: [], replicas: [] } };
  const targets = { edge: none, origin: none };
  assert.deepEqual(names({ programs: ["origin"], targets }), [...steps, "record"]);
});

Deno.test("planSteps() looks from where tasks run, once the release is there", () => {
  const remote = { ...RUNNING, runsTasks: true, where: "chat1" };
  const steps = plan({ targets: { edge: remote, origin: remote } });
  assert.deepEqual(steps.slice(0, 2).map(({ name }) => name), ["stage", "preflight"]);
  assert.equal(steps.find(({ name }) => name === "migrate")!.where, "Postgres, from chat1");
});

Deno.test("planSteps() says what there is to go back to, and that a first deployment has nothing", () => {
  const [origins, edges] = plan({}).filter(({ name }) => name === "origins" || name === "edges");
  assert.deepEqual([origins!.changes, origins!.undo], [
    ...["1 origin replaced, one at a time", `to ${OLD}`],
  ]);
  assert.equal(edges!.changes, "2 edges replaced, one at a time");
  const empty = { ...RUNNING, installed: { current: {}, records: [], replicas: [] } };
  const [first] = plan({ targets: { edge: empty, origin: empty } })
    .filter(({ name }) => name === "origins");
  assert.deepEqual([first!.changes, first!.undo], ["the first origins begin", "they end"]);
});

Deno.test("planTitle() names the release and what it replaces", () => {
  assert.equal(planTitle(intentOf({})), `${NEW}, in place of ${OLD}`);
  assert.equal(planTitle(intentOf({ back: true })), `Back to ${NEW}, in place of ${OLD}`);
  const apart = intentOf({ back: true, releases: { edge: NEW, origin: OLD } });
  assert.match(
    planTitle(apart),
    new RegExp(`^Back to ${OLD} \\(origins\\) and ${NEW} \\(edges\\)`),
  );
  const empty = { ...RUNNING, installed: { current: {}, records: [], replicas: [] } };
  assert.equal(planTitle(intentOf({ targets: { edge: empty, origin: empty } })), NEW);
});

Deno.test("planSteps() names what is pending, and says so where it cannot know", () => {
  const migrate = (pendingMigrations: Intent["pendingMigrations"]) =>
    plan({ pendingMigrations }).find(({ name }) => name === "migrate")!;
  assert.match(migrate(["0005_x.sql"]).changes, /^0005_x\.sql$/);
  assert.match(migrate([]).changes, /^nothing/);
  assert.match(migrate("it cannot be reached").changes, /^not known yet: it cannot/);
});

Deno.test("planSteps() tells of a smoke test that is left out, and of releases that go", () => {
  const smoke = plan({ pushedBy: ["fcm"] }).find(({ name }) => name === "smoke")!;
  assert.match(smoke.changes, /talk on every edge, fcm is asked$/);
  assert.match(
    plan({ smokeLeftOut: "no tokens" }).find(({ name }) => name === "smoke")!.changes,
    /no tokens/,
  );
  const records = Array.from({ length: 5 }, (_, k) => ({
    ...{ id: `r${k}`, at: `${k}` },
    programs: ["origin", "edge"],
  }));
  const installed = { ...RUNNING.installed, records } as unknown as Place["installed"];
  const crowded = {
    ...RUNNING,
    installed: {
      ...installed,
      records: installed.records.map((one) => ({ ...one, outcome: "done" as const })),
    },
  };
  const clean = plan({ targets: { edge: crowded, origin: crowded } }).at(-1)!;
  assert.deepEqual([clean.name, clean.changes], ["clean", "removed: r0"]);
});

Deno.test("planTable() has a line for each step, with its columns beneath each other", () => {
  const steps = plan({});
  const [head, ...lines] = planTable(steps);
  assert.equal(lines.length, steps.length);
  const at = head!.indexOf("the way back");
  for (const [i, line] of lines.entries()) assert.equal(line.slice(at), steps[i]!.undo);
});
