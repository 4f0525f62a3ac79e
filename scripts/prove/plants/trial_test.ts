import assert from "node:assert/strict";
import { anomaly } from "../part.ts";
import type { Judge } from "./judge.ts";
import { faultsIn, figuresIn } from "./outcome.ts";
import type { Plant } from "./plant.ts";
import { PROMISES } from "./promises.ts";
import type { Verdict } from "./run_judge.ts";
import { markdownOf } from "./table.ts";
import { tryPlants } from "./trial.ts";

const FILE = "shared/version.ts";

/** Red, with its text, when the file says so. */
function judge(name: string, says: string, exitCode = 1): Judge {
  const script = `const text = await Deno.readTextFile("${FILE}");
if (text.includes("planted")) { console.log("${says}"); Deno.exit(${exitCode}); }`;
  return { kind: "test", id: `test: ${name}`, args: ["eval", script], withinMs: 20_000 };
}

const HUNG: Judge = {
  ...judge("hung", ""),
  id: "test: hung",
  args: [
    "eval",
    `if ((await Deno.readTextFile("${FILE}")).includes("planted")) await new Promise((r) => setTimeout(r, 60_000));`,
  ],
  withinMs: 3_000,
};

const PLANT: Plant = {
  name: "planted",
  about: "a constant is another one, and everybody notices",
  promise: PROMISES.stored,
  edits: [{
    file: FILE,
    find: "export const VERSION",
    replace: "/* planted */ export const VERSION",
  }],
  judges: [
    { judge: judge("sees", "ANOMALY skipped"), says: /skipped/ },
    { judge: judge("sees another thing", "ANOMALY leaked"), says: /skipped/ },
    { judge: judge("sees nothing", "", 0), says: /skipped/ },
    { judge: HUNG, says: /skipped/ },
  ],
};

Deno.test("tryPlants() says of each judge whether it found the plant, and that the source is clean", async () => {
  const lines: string[] = [];
  const trial = await tryPlants({
    plants: [PLANT],
    atOnce: 2,
    report: (line) => lines.push(line),
    signal: new AbortController().signal,
  });
  assert.deepEqual(trial.controls.map(({ outcome }) => outcome), [
    "green",
    "green",
    "green",
    "green",
  ]);
  const [tried] = trial.plants;
  assert.deepEqual(tried!.verdicts.map(({ outcome }) => outcome), [
    "found",
    "other",
    "green",
    "hung",
  ]);
  assert.equal(tried!.verdicts[0]!.words, "ANOMALY skipped");
  assert.deepEqual(faultsIn(trial), []);
  assert.match(
    markdownOf(trial),
    /\| `planted` \| .* \| sees, \d+\.\d s; sees another thing: other;/,
  );
  assert.equal(lines.length, 8);
});

Deno.test("tryPlants() tries a plant again that nobody found, a few times", async () => {
  const lucky = (name: string, atLast: number): Judge => ({
    ...judge(name, ""),
    args: [
      "eval",
      `if (!(await Deno.readTextFile("${FILE}")).includes("planted")) Deno.exit(0);
await Deno.writeTextFile("tries", ".", { append: true });
if ((await Deno.readTextFile("tries")).length < ${atLast}) Deno.exit(0);
console.log("ANOMALY skipped"); Deno.exit(1);`,
    ],
  });
  const plants = [2, 4].map((atLast): Plant => ({
    ...PLANT,
    name: `found-by-the-${atLast}th`,
    judges: [{ judge: lucky(`finds at ${atLast}`, atLast), says: /skipped/ }],
  }));
  const signal = new AbortController().signal;
  const trial = await tryPlants({ plants, atOnce: 2, report: () => {}, signal });
  assert.deepEqual(
    trial.plants.map(({ verdicts }) => verdicts.map(({ outcome }) => outcome)),
    [["green", "found"], ["green", "green", "green"]],
  );
  assert.deepEqual(faultsIn(trial).map(({ examples }) => examples), [
    [`found-by-the-4th: ${PLANT.about}`],
  ]);
});

Deno.test("tryPlants() asks nobody after the first who finds it, when it is told where to begin", async () => {
  const signal = new AbortController().signal;
  const [a, b, c] = PLANT.judges;
  const plants = [{ ...PLANT, judges: [a!, b!, c!] }];
  for (const [first, outcomes] of [[0, ["found"]], [4, ["other", "green", "found"]]] as const) {
    const trial = await tryPlants({ plants, atOnce: 1, first, report: () => {}, signal });
    assert.deepEqual(trial.plants[0]!.verdicts.map(({ outcome }) => outcome), outcomes);
  }
});

Deno.test("a trial fails by a plant that nobody found, and by a judge that is red without one", () => {
  const verdict = (name: string, outcome: Verdict["outcome"]): Verdict => ({
    judge: judge(name, ""),
    outcome,
    ms: 1_000,
    words: "words",
  });
  const plants = [{ plant: PLANT, verdicts: [verdict("a", "green"), verdict("b", "other")] }];
  const missed = { controls: [verdict("a", "green"), verdict("b", "green")], plants };
  assert.deepEqual(faultsIn(missed).map(({ name }) => name), ["plant-not-found"]);
  const found = [{ plant: PLANT, verdicts: [verdict("a", "found"), verdict("b", "green")] }];
  const wrong = { controls: [verdict("a", "other"), verdict("b", "green")], plants: found };
  // Who is red anyway has found nothing.
  assert.deepEqual(faultsIn(wrong).map(({ name }) => name), [
    "found-what-is-not-there",
    "plant-not-found",
  ]);
  const { plants_found, verdicts_missed } = figuresIn({ ...wrong, controls: missed.controls });
  assert.deepEqual({ plants_found, verdicts_missed }, { plants_found: 1, verdicts_missed: 1 });
});

Deno.test("what a judge sees where nothing is planted counts as itself", () => {
  const words = "it began\nANOMALY acked-lost, 1 times: m1\nANOMALY late, 2 times: m2";
  const of = (name: string, words: string): Verdict => ({
    ...{ judge: judge(name, ""), outcome: "other", ms: 1, words },
  });
  const controls = [of("a", words), of("b", "Error: it waited for an ANOMALY doubled,")];
  assert.deepEqual(faultsIn({ controls, plants: [] }), [
    anomaly(
      "found-what-is-not-there",
      ...controls.map(({ judge, words }) => `${judge.id}: ${words}`),
    ),
    anomaly("acked-lost", `${controls[0]!.judge.id}: ${words}`),
    anomaly("late", `${controls[0]!.judge.id}: ${words}`),
  ]);
});
