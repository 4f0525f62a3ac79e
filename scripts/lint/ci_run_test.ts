import assert from "node:assert/strict";
import { join } from "node:path";

const RUN = join(import.meta.dirname!, "../../.ci/run");

interface Said {
  summary: string;
  status?: number;
  proof?: string;
  proofStatus?: number;
  failing?: string;
}

/** Runs `.ci/run` with an `npx` that fails at one gate, or says `summary` and ends the tests so. */
async function run(
  {
    summary,
    status = 0,
    proof = "prove: 3 passed, 0 failed",
    proofStatus = 0,
    failing = "none",
  }: Said,
): Promise<{ code: number; last: string; end: string }> {
  const bin = await Deno.makeTempDir();
  try {
    const script = `#!/bin/sh
case "$*" in
  *"${failing}"*) exit 1;;
  *"task test"*) echo "${summary}"; exit ${status};;
  *"task prove"*) echo "${proof}"; exit ${proofStatus};;
esac`;
    await Deno.writeTextFile(join(bin, "npx"), script, { mode: 0o755 });
    const PATH = `${bin}:${Deno.env.get("PATH")}`;
    const { code, stdout } = await new Deno.Command(RUN, { env: { PATH } }).output();
    const said = new TextDecoder().decode(stdout).trimEnd();
    return { code, last: said.split("\n").at(-1)!, end: said.split("What failed:\n")[1] ?? "" };
  } finally {
    await Deno.remove(bin, { recursive: true });
  }
}

Deno.test(".ci/run ends with the counts of the tests and the proof, and its exit code says the same", async () => {
  const good = "ok | 9 passed | 0 failed (2s)";
  const cases: [Said, last: string][] = [
    [{ summary: "ok | 12 passed (3 steps) | 0 failed (2s)" }, "15 passed, 0 failed"],
    [
      { summary: "FAILED | 10 passed | 2 failed (1 step) (2s)", status: 1 },
      "13 passed, 2 failed",
    ],
    [{ summary: "ok | 9 passed | 0 failed | 3 ignored (2s)" }, "12 passed, 3 failed"],
    [{ summary: good, status: 1 }, "12 passed, 1 failed"],
    [{ summary: "ok | 0 passed | 0 failed (2s)" }, "3 passed, 1 failed"],
    [{ summary: "error: Module not found", status: 1 }, "3 passed, 1 failed"],
    [{ summary: good, failing: "fmt --check" }, "12 passed, 1 failed"],
    [{ summary: good, failing: "--frozen" }, "12 passed, 1 failed"],
    [
      { summary: good, proof: "prove: 2 passed, 1 failed", proofStatus: 1 },
      "11 passed, 1 failed",
    ],
    [{ summary: good, proofStatus: 1 }, "12 passed, 1 failed"],
    [{ summary: good, proof: "error: no such task", proofStatus: 1 }, "9 passed, 1 failed"],
  ];
  for (const [said, last] of cases) {
    const expected = { code: last.endsWith(" 0 failed") ? 0 : 1, last };
    const { end: _end, ...found } = await run(said);
    assert.deepEqual(found, expected, JSON.stringify(said));
  }
});

Deno.test(".ci/run says at its end what failed, and nothing of what did not", async () => {
  const good = "ok | 9 passed | 0 failed (2s)";
  assert.equal((await run({ summary: good })).end, "");
  const ofTests = [
    " ERRORS ",
    "a => ./a_test.ts:1:6",
    "error: AssertionError: 1 is not 2",
    " FAILURES ",
    "a => ./a_test.ts:1:6",
    "FAILED | 8 passed | 1 failed (2s)",
  ];
  const ofProof = ["kill FAILED", "      seed 1: acked-lost: m1"];
  const { end } = await run({
    summary: ["./a_test.ts => a ... FAILED (2ms)", ...ofTests].join("\n"),
    status: 1,
    failing: "fmt --check",
    proof: [
      "kill                 1 run, 1 FAILED, 2 s",
      "storm                1 run, 1 over limits, 2 s",
      "",
      ...ofProof,
      "",
      "prove: 2 passed, 1 failed",
    ].join("\n"),
    proofStatus: 1,
  });
  assert.deepEqual(end.split("\n"), [
    "gate format: FAILED",
    "task test: ended with 1",
    ...ofTests,
    "task prove: ended with 1",
    ...ofProof,
    "10 passed, 3 failed",
  ]);
});

Deno.test(".ci/run says where a task was that says nothing of why it failed", async () => {
  const good = "ok | 9 passed | 0 failed (2s)";
  const lines = Array.from({ length: 30 }, (_, i) => `test ${i} ... ok`);
  const hung = [...lines, "test 30 ..."];
  const cases: [Said, end: string[]][] = [
    [{ summary: hung.join("\n"), status: 124 }, ["task test: ended with 124", ...hung.slice(-20)]],
    [
      {
        summary: good,
        proof: "error: Cannot run kill: its process ended with 137",
        proofStatus: 1,
      },
      ["task prove: ended with 1", "error: Cannot run kill: its process ended with 137"],
    ],
    [
      { summary: "ok | 9 passed | 0 failed | 2 ignored (2s)" },
      ["task test: ok | 9 passed | 0 failed | 2 ignored (2s)"],
    ],
    [{ summary: "" }, ["task test: nothing was shown"]],
  ];
  for (const [said, end] of cases) {
    assert.deepEqual((await run(said)).end.split("\n").slice(0, -1), end, JSON.stringify(said));
  }
});

Deno.test(".ci/run reads what a task said though some of it is no text", async () => {
  const summary = "\\0000\\0377\nok | 9 passed | 0 failed (2s)";
  assert.deepEqual(await run({ summary }), { code: 0, last: "12 passed, 0 failed", end: "" });
});
