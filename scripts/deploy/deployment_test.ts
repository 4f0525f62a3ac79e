import assert from "node:assert/strict";
import type { ProgramKind } from "../dev/start_command.ts";
import { runDeployment } from "./deployment.ts";
import type { Intent, Place } from "./plan.ts";
import { planSteps } from "./plan.ts";
import type { ReleaseRecord } from "./record.ts";
import type { SmokeUsers } from "./smoke/users.ts";
import type { EdgeAddress, Installed, Target } from "./target.ts";

const NEW = "0.1.0-20261130T160000Z-bbbbbbb", OLD = "0.1.0-20261130T150000Z-aaaaaaa";

/** A target that writes down what it is asked, and fails where it is told to. */
class Noted implements Target {
  readonly name = "local";
  readonly where = "here";
  readonly runs = ["edge", "origin"] as const;
  readonly asked: string[] = [];
  readonly records: ReleaseRecord[];
  readonly #current: Installed["current"];
  readonly #failing: ReadonlySet<string>;

  constructor(current: Installed["current"], failing: string[], records: ReleaseRecord[] = []) {
    this.#current = { ...current };
    this.#failing = new Set(failing);
    this.records = records;
  }

  inspect(): Promise<Installed> {
    return Promise.resolve({
      current: { ...this.#current },
      records: [...this.records],
      replicas: [],
    });
  }

  replicas = () => [];
  warnings = () => [];
  stage = () => this.#note("stage");
  edges = (): Promise<EdgeAddress[]> => Promise.resolve([]);
  api = () => Promise.resolve(undefined);
  settingsOf = () => Promise.resolve(undefined);
  remove = (id: string) => this.#note(`remove ${id}`);

  async roll(kind: ProgramKind, release: string): Promise<void> {
    await this.#note(`roll ${kind} ${release}`);
    this.#current[kind] = release;
  }

  async stop(kind: ProgramKind): Promise<void> {
    await this.#note(`stop ${kind}`);
    delete this.#current[kind];
  }

  record(record: ReleaseRecord): Promise<void> {
    this.records.push({ ...record });
    return Promise.resolve();
  }

  #note(what: string): Promise<void> {
    this.asked.push(what);
    return this.#failing.has(what) ? Promise.reject(new Error(`no ${what}`)) : Promise.resolve();
  }
}

const BACK = { release: OLD, releases: { edge: OLD, origin: OLD }, back: true };

function recordOf(id: string, outcome: ReleaseRecord["outcome"]): ReleaseRecord {
  return {
    ...{ id, version: "0.1.0", commit: "", dirty: false, by: "ana@desk", outcome },
    ...{ at: "2026-11-30T16:00:00.000Z", programs: ["origin", "edge"] },
    ...{ settings: { edge: [], origin: [] }, migrations: [], previous: {} },
  };
}

async function run(target: Noted, change: Partial<Intent> = {}, smoke?: SmokeUsers) {
  const installed = await target.inspect();
  const place: Place = { name: "local", where: "here", runsTasks: false, installed };
  const intent: Intent = {
    ...{ release: NEW, releases: { edge: NEW, origin: NEW }, back: false },
    programs: ["origin", "edge"],
    ...{
      targets: { edge: place, origin: place },
      pendingMigrations: [],
      streamChanges: [],
      pushedBy: [],
    },
    ...{ smokeLeftOut: "there is no edge here", ...change },
  };
  const steps = planSteps(intent).filter(({ name }) =>
    !["preflight", "stage", "migrate", "streams"].includes(name)
  );
  return await runDeployment({
    ...{ intent, steps, targets: { edge: target, origin: target } },
    ...{ record: recordOf(intent.release, "failed"), settings: {}, users: [], readable: [] },
    ...(smoke && { smoke }),
    migrate: () => Promise.resolve([]),
    deps: { nowMs: () => 0, elapsedMs: () => 0, readText: () => "" },
    reporter: { begin() {}, line() {}, end() {}, fail() {} },
    signal: new AbortController().signal,
    by: "ben@lap",
  });
}

Deno.test("a deployment rolls origins, then edges, and is written down as done", async () => {
  const target = new Noted({ edge: OLD, origin: OLD }, []);
  const result = await run(target);
  assert.deepEqual(target.asked, [`roll origin ${NEW}`, `roll edge ${NEW}`]);
  assert.deepEqual([result.outcome, result.runs], ["done", { origin: NEW, edge: NEW }]);
  assert.deepEqual(target.records.map(({ id, outcome, why }) => [id, outcome, why]), [
    [NEW, "failed", "it was not brought to an end"],
    [NEW, "done", undefined],
  ]);
});

Deno.test("what was rolled goes back, the edges first, when a later step fails", async () => {
  const target = new Noted({ edge: OLD, origin: OLD }, [`roll edge ${NEW}`]);
  const result = await run(target);
  assert.deepEqual(target.asked.slice(2), [`roll edge ${OLD}`, `roll origin ${OLD}`]);
  assert.equal(result.outcome, "rolled back");
  assert.deepEqual(result.runs, { origin: OLD, edge: OLD });
  const { outcome, why } = target.records.at(-1)!;
  assert.deepEqual([outcome, why], ["rolled back", `edges: no roll edge ${NEW}`]);
});

Deno.test("what never was rolled is left alone", async () => {
  const target = new Noted({ edge: OLD, origin: OLD }, [`roll origin ${NEW}`]);
  await run(target);
  assert.deepEqual(target.asked, [`roll origin ${NEW}`, `roll origin ${OLD}`]);
});

Deno.test("a first deployment that fails leaves nothing running", async () => {
  const target = new Noted({}, [`roll edge ${NEW}`]);
  const result = await run(target);
  assert.deepEqual(target.asked.slice(2), ["stop edge", "stop origin"]);
  assert.deepEqual([result.outcome, result.runs], ["rolled back", {}]);
});

Deno.test("what cannot be taken back is told, and the rest still goes back", async () => {
  const target = new Noted({ edge: OLD, origin: OLD }, [`roll edge ${NEW}`, `roll edge ${OLD}`]);
  const result = await run(target);
  assert.deepEqual(target.asked.slice(2), [`roll edge ${OLD}`, `roll origin ${OLD}`]);
  assert.equal(result.outcome, "failed");
  assert.match(result.stuck!, /Cannot take the edges back: no roll edge/);
});

Deno.test("a roll back rolls the edges first, and is written down with what it ended", async () => {
  const target = new Noted({ edge: NEW, origin: NEW }, [], [recordOf(NEW, "done")]);
  const result = await run(target, BACK);
  assert.deepEqual(target.asked, [`roll edge ${OLD}`, `roll origin ${OLD}`]);
  assert.equal(result.outcome, "done");
  const { id, outcome, why } = target.records.at(-1)!;
  assert.deepEqual([id, outcome, why], [NEW, "rolled back", `by ben@lap, to ${OLD}`]);
});

Deno.test("what an operator goes back to stays, whatever the smoke test says of it then", async () => {
  const target = new Noted({ edge: NEW, origin: NEW }, [], [recordOf(NEW, "done")]);
  const smoke = [{ user: "a", token: "" }, { user: "b", token: "" }] as const;
  const result = await run(target, BACK, smoke);
  assert.deepEqual([result.failed!.name, result.outcome], ["smoke", "done"]);
  assert.deepEqual(result.runs, { origin: OLD, edge: OLD });
  assert.equal(target.records.at(-1)!.outcome, "rolled back");
});

Deno.test("old releases go when the new one is in service, and one that cannot fails nothing", async () => {
  const old = Array.from({ length: 6 }, (_, k) => ({
    ...recordOf(`old${k}`, "done"),
    at: `2026-11-0${k + 1}`,
  }));
  const target = new Noted({ edge: OLD, origin: OLD }, ["remove old0"], old);
  const result = await run(target);
  assert.equal(result.outcome, "done");
  assert.deepEqual(target.asked.slice(2), ["remove old0", "remove old1"]);
  assert.equal(result.steps.at(-1)!.says, "could not remove old0: no remove old0, removed old1");
});
