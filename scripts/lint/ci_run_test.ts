import assert from "node:assert/strict";
import { join } from "node:path";

const RUN = join(import.meta.dirname!, "../../.ci/run");

/** Runs `.ci/run` with an `npx` that fails at one gate, or says `summary` and ends the tests so. */
async function run(
  { summary, status = 0, failing = "none" }: {
    summary: string;
    status?: number;
    failing?: string;
  },
): Promise<{ code: number; last: string }> {
  const bin = await Deno.makeTempDir();
  try {
    const script = `#!/bin/sh
case "$*" in
  *"${failing}"*) exit 1;;
  *"task test"*) echo "${summary}"; exit ${status};;
esac`;
    await Deno.writeTextFile(join(bin, "npx"), script, { mode: 0o755 });
    const PATH = `${bin}:${Deno.env.get("PATH")}`;
    const { code, stdout } = await new Deno.Command(RUN, { env: { PATH } }).output();
    return { code, last: new TextDecoder().decode(stdout).trimEnd().split("\n").at(-1)! };
  } finally {
    await Deno.remove(bin, { recursive: true });
  }
}

Deno.test(".ci/run ends with the counts of Deno's summary, and its exit code says the same", async () => {
  const cases: [Parameters<typeof run>[0], last: string][] = [
    [{ summary: "ok | 12 passed (3 steps) | 0 failed (2s)" }, "12 passed, 0 failed"],
    [
      { summary: "FAILED | 10 passed | 2 failed (1 step) (2s)", status: 1 },
      "10 passed, 2 failed",
    ],
    [{ summary: "ok | 9 passed | 0 failed | 3 ignored (2s)" }, "9 passed, 3 failed"],
    [{ summary: "ok | 9 passed | 0 failed (2s)", status: 1 }, "9 passed, 1 failed"],
    [{ summary: "ok | 0 passed | 0 failed (2s)" }, "0 passed, 1 failed"],
    [{ summary: "error: Module not found", status: 1 }, "0 passed, 1 failed"],
    [{ summary: "ok | 9 passed | 0 failed (2s)", failing: "fmt --check" }, "9 passed, 1 failed"],
    [{ summary: "ok | 9 passed | 0 failed (2s)", failing: "--frozen" }, "9 passed, 1 failed"],
  ];
  for (const [said, last] of cases) {
    const expected = { code: last.endsWith(" 0 failed") ? 0 : 1, last };
    assert.deepEqual(await run(said), expected, JSON.stringify(said));
  }
});
