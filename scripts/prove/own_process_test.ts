import assert from "node:assert/strict";
import { join } from "node:path";
import { temporaryDirectory } from "testing/temporary_directory.ts";
import { runInOwnProcess } from "./own_process.ts";
import { PARTS } from "./parts.ts";

const [part] = PARTS;

async function run(program: string, signal = new AbortController().signal) {
  await using folder = await temporaryDirectory("prove");
  const main = join(folder.path, "main.ts");
  await Deno.writeTextFile(main, program);
  const printed: string[] = [], told: string[] = [];
  const passed = await runInOwnProcess({ part: part!, seed: 7 }, {
    ...{ scoreboard: "board.json", atOnce: 2, untimed: true, signal, main },
    print: (line) => printed.push(line),
    tell: (line) => told.push(line),
  });
  return { passed, printed, told };
}

Deno.test("a run in its own process is told its part and seed, and tells under its name", async () => {
  const { passed, printed, told } = await run(`
    console.log(JSON.stringify(Deno.args));
    console.error("  one\\n\\n  two");
  `);
  assert.equal(passed, true);
  assert.deepEqual(JSON.parse(printed[0]!), [
    ...["--part", part!.name, "--seed", "7", "--scoreboard", "board.json", "--untimed"],
    ...["--at-once", "2", "--json"],
  ]);
  assert.deepEqual(told, [`${part!.name}: one`, `${part!.name}: two`]);
});

Deno.test("a run in its own process fails by the exit code 1; by any other it came to no run", async () => {
  assert.equal((await run("Deno.exit(1)")).passed, false);
  await assert.rejects(run("Deno.exit(2)"), /Cannot run .*: its process ended with 2/);
});

Deno.test("a run in its own process that is interrupted has ended when that is thrown", async () => {
  const interrupted = new AbortController();
  const program = `
    Deno.addSignalListener("SIGINT", () => Deno.exit(130));
    console.error("up");
    setInterval(() => {}, 1000);
  `;
  await using folder = await temporaryDirectory("prove");
  const main = join(folder.path, "main.ts");
  await Deno.writeTextFile(main, program);
  const running = runInOwnProcess({ part: part!, seed: 7 }, {
    ...{ scoreboard: "board.json", atOnce: 2, signal: interrupted.signal, main },
    print() {},
    tell: () => interrupted.abort(new Error("enough")),
  });
  await assert.rejects(running, /enough/);
});
