/** The README's first five minutes, run as they stand there: only ports and folders are others. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { cli, run, startDev } from "testing/dev.ts";
import { temporaryDirectory } from "testing/temporary_directory.ts";
import { blocksOf, taskOf } from "./readme.ts";

const ROOT = join(import.meta.dirname!, "../..");
const README = await Deno.readTextFile(join(ROOT, "README.md"));
const TASKS: Record<string, unknown> = JSON.parse(
  await Deno.readTextFile(join(ROOT, "deno.json")),
).tasks;
const commands = blocksOf(README).filter(({ language }) => language === "sh")
  .flatMap(({ text }) => text.split("\n"));

Deno.test("every command of the README is a task, run by this version of Deno", () => {
  assert.ok(commands.length >= 4);
  for (const command of commands) {
    const task = taskOf(command);
    assert.ok(task, `"${command}" is no task`);
    assert.ok(task.name in TASKS, `there is no task "${task.name}"`);
    assert.equal(task.deno, Deno.version.deno);
  }
});

Deno.test("the first five minutes of the README happen as it says", async () => {
  const tasks = commands.map((command) => taskOf(command)!);
  const argsOf = (name: string) => tasks.find((task) => task.name === name)!.args;
  await using folder = await temporaryDirectory("readme");
  await using dev = startDev(folder, [...argsOf("dev"), "--port", "0"]);
  const state = await dev.up();
  const tail = cli(dev, ["tail", ...argsOf("tail"), "--count", "2"]);
  await dev.until(() => tail.told().includes("connected as ben") || undefined, "tail to connect");
  const sent = await cli(dev, ["send", ...argsOf("send")]);
  assert.equal(sent.code, 0);

  const program = blocksOf(README).find(({ language }) => language === "ts")!.text;
  const { printed: token } = await cli(dev, ["token", "ana"]);
  const file = join(ROOT, `.cache/readme-${crypto.randomUUID()}.ts`);
  await Deno.mkdir(join(ROOT, ".cache"), { recursive: true });
  await Deno.writeTextFile(
    file,
    program.replace("ws://127.0.0.1:8000/connection/websocket", state.edges[0]!.ws)
      .replace('"…"', JSON.stringify(token))
      .concat("\nclient.disconnect();\n"),
  );
  try {
    const child = run(["--config", join(ROOT, "deno.json"), file], dev.folder);
    assert.equal((await child.status).code, 0, child.told());
    await child.drained;
  } finally {
    await Deno.remove(file);
  }

  const { code, printed } = await tail;
  assert.equal(code, 0);
  const [gsid] = sent.printed.split(" ");
  const [hello, hi] = printed.split("\n");
  assert.match(hello!, new RegExp(`${gsid} .* ana: Hello, Ben$`));
  assert.match(hi!, / ana: Hi$/);
});
