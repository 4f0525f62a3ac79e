import assert from "node:assert/strict";
import { runCommand } from "../cli/run.ts";
import { devCommand, type DevOptions } from "./options.ts";

Deno.test("dev starts two edges and an origin, the first edge on port 8000, unless told", async () => {
  assert.deepEqual((await parse([])).options, {
    edges: 2,
    origins: 1,
    port: 8000,
    fresh: false,
    state: ".cache/dev/state.json",
    restart: true,
  });
});

Deno.test("dev takes every option that is documented", async () => {
  const args = "--edges 3 --origins 2 --port 0 --fresh --state s.json --no-restart".split(" ");
  assert.deepEqual((await parse(args)).options, {
    edges: 3,
    origins: 2,
    port: 0,
    fresh: true,
    state: "s.json",
    restart: false,
  });
});

Deno.test("dev refuses what it cannot do, and exits 2", async () => {
  const wrong = [["--edges", "0"], ["--port", "65536"], ["--port", "http"], ["--edge"], ["now"]];
  for (const args of wrong) {
    const { code, options, told } = await parse(args);
    assert.deepEqual([code, options], [2, undefined], args.join(" "));
    assert.match(told, /^error: /);
  }
});

async function parse(args: string[]) {
  let options: DevOptions | undefined;
  const told: string[] = [];
  const command = devCommand().action((given: DevOptions) => void (options = given));
  const code = await runCommand(command, args, {
    print: () => {},
    tell: (line) => void told.push(line),
  });
  return { code, options, told: told.join("\n") };
}
