/** No image is built here: its rules are looked at, and what it says is done in a folder. */
import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { temporaryDirectory } from "testing/temporary_directory.ts";
import { waitUntil } from "../../../services/wait_until.ts";
import { startProcess } from "../../../services/process.ts";
import { startWords } from "../words.ts";
import { TASKS } from "./testing/asked.ts";

const ROOT = join(import.meta.dirname!, "../../../..");

/** Word and rest of each instruction, without comments. */
const instructions = Deno.readTextFileSync(join(import.meta.dirname!, "Dockerfile"))
  .split("\n")
  .filter((line) => line !== "" && !line.startsWith("#"))
  .map((line) => {
    const blank = line.indexOf(" ");
    return [line.slice(0, blank), line.slice(blank + 1)] as const;
  });

const all = (word: string) => instructions.filter(([one]) => one === word).map(([, rest]) => rest);

Deno.test("the image stands on this very version of Deno, and takes nothing from elsewhere", () => {
  assert.deepEqual(all("FROM"), [`denoland/deno:${Deno.version.deno}`]);
  assert.deepEqual(all("ADD"), []);
  const known = ["FROM", "WORKDIR", "COPY", "RUN", "USER", "ENV", "EXPOSE", "CMD"];
  assert.deepEqual(instructions.filter(([word]) => !known.includes(word)), []);
});

Deno.test("the image is run by nobody, and by words that no shell reads", () => {
  const last = (word: string) => instructions.findLastIndex(([one]) => one === word);
  assert.deepEqual(all("USER"), ["deno"]);
  assert.ok(last("USER") > last("RUN"));
  const words = JSON.parse(all("CMD").at(-1)!);
  assert.deepEqual(words, startWords("deno", "edge", TASKS, []).map(unnarrowed));
});

/** Where an image will run is not known yet. */
function unnarrowed(word: string): string {
  return word.startsWith("--allow-net") ? "--allow-net" : word;
}

Deno.test("what the Dockerfile says, done in a folder, starts an edge and fetches nothing", async () => {
  await using folder = await temporaryDirectory("image");
  for (const [word, rest] of instructions) {
    if (word === "COPY") {
      const [to, ...from] = rest.split(" ").reverse();
      for (const path of from) await copy(path, join(folder.path, to!));
    } else if (word === "RUN") await run(folder.path, rest);
  }
  const [, ...args] = JSON.parse(all("CMD").at(-1)!) as string[];
  await using edge = startProcess(Deno.execPath(), {
    name: "edge",
    args,
    cwd: folder.path,
    env: {
      NO_COLOR: "1",
      ...{ HOST: "127.0.0.1", PORT: "0", INTERNAL_PORT: "0", NATS_URL: "nats://127.0.0.1:1" },
      ...{ UPSTASH_REDIS_REST_URL: "http://127.0.0.1:1", UPSTASH_REDIS_REST_TOKEN: "token" },
      TOKEN_SECRET: "a secret of more than thirty-two bytes",
    },
    logFile: join(folder.path, "log"),
  });
  await waitUntil(() => {
    if (edge.ended()) throw new Error(`It ended:\n${edge.lastWords()}`);
    return edge.lastWords().includes("Cannot reach NATS") || undefined;
  }, { what: "the edge to look for NATS", withinMs: 60_000, everyMs: 50 });
  assert.doesNotMatch(edge.lastWords(), /Download/);
});

async function copy(path: string, to: string): Promise<void> {
  const source = join(ROOT, path);
  const isFolder = Deno.statSync(source).isDirectory;
  await Deno.mkdir(isFolder ? dirname(to) : to, { recursive: true });
  const { success } = await new Deno.Command("cp", { args: ["-R", source, to] }).output();
  assert.ok(success, path);
}

async function run(folder: string, line: string): Promise<void> {
  const [deno, ...args] = line.split(" ");
  assert.equal(deno, "deno");
  const { success, stderr } = await new Deno.Command(Deno.execPath(), { args, cwd: folder })
    .output();
  assert.ok(success, new TextDecoder().decode(stderr));
}
