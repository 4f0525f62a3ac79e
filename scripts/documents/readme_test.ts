/** The README's commands, run as they stand there: only ports and folders are others. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { cli, run, runTask, startDev } from "testing/dev.ts";
import { temporaryDirectory } from "testing/temporary_directory.ts";
import { HostClient } from "../deploy/targets/local/host_client.ts";
import { claimPorts } from "../services/claimed_ports.ts";
import { waitUntil } from "../services/wait_until.ts";
import { blocksOf, taskOf } from "./readme.ts";

const ROOT = join(import.meta.dirname!, "../..");
const README = await Deno.readTextFile(join(ROOT, "README.md"));
const DEPLOY = await Deno.readTextFile(join(ROOT, "scripts/deploy/DEPLOY.md"));
const TASKS: Record<string, unknown> = JSON.parse(
  await Deno.readTextFile(join(ROOT, "deno.json")),
).tasks;
const commandsIn = (document: string) =>
  blocksOf(document).filter(({ language }) => language === "sh")
    .flatMap(({ text }) => text.split("\n"));
const commands = commandsIn(README);
/** What DEPLOY.md says of one edge more. */
const furtherCommands = commandsIn(DEPLOY).filter((command) => command.includes("--edges 3"));

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

Deno.test("the way to a deployment of one's own leads there", async () => {
  await using home = await temporaryDirectory("home");
  const argsOf = (name: string, typed = commands) =>
    typed.map((command) => taskOf(command)!).findLast((task) => task.name === name)!.args
      .map((word) => word.replaceAll("$HOME", home.path));
  const done = async (name: string, more: string[] = [], typed = commands) => {
    const child = runTask(name, [...argsOf(name, typed), ...more]);
    const { code } = await child.status;
    await child.drained;
    assert.equal(code, 0, `${name}: ${child.printed()}${child.told()}`);
    return child.printed();
  };

  assert.match(await done("init"), /edge\.env .* to fill in/);
  using ports = claimPorts(5);
  await onOwnPorts(join(home.path, "fanfare"), ports.ports);
  const services = runTask("services", argsOf("services"));
  try {
    await waitUntil(() => services.printed().includes("The services are up") || undefined, {
      what: "the services to be up",
      withinMs: 60_000,
    });
    assert.match(await done("migrate"), /as this release needs it/);
    assert.match(await done("check"), /edge-1 nats [^]*, 0 warnings, 0 failures$/m);
    const to = join(home.path, "deploy"), here = ["--to", to, "--yes"];
    const few = [...here, "--origins", "1", "--dirty"];
    try {
      const first = await done("deploy", ["--edges", "1", ...few]);
      assert.match(first, /is in service$/m);
      assert.doesNotMatch(first, /one user at NATS/);
      const tail = runTask("tail", [...argsOf("tail"), "--count", "1"]);
      await waitUntil(() => tail.told().includes("connected as ben") || undefined, {
        what: "tail to connect",
        withinMs: 60_000,
      });
      await done("send");
      assert.equal((await tail.status).code, 0, tail.told());
      await tail.drained;
      assert.match(tail.printed(), / ana: Hello, Ben$/m);
      await done("init", [], furtherCommands);
      assert.match(await done("deploy", few, furtherCommands), /is in service$/m);
      const { replicas } = await (await HostClient.find(to))!.state();
      const edges = replicas.filter(({ kind, inService }) => kind === "edge" && inService);
      assert.deepEqual(edges.map(({ slot }) => slot), ["edge-0", "edge-1", "edge-2"]);
    } finally {
      await done("deploy", [...here, "--stop"]);
    }
  } finally {
    services.kill("SIGINT");
  }
  assert.equal((await services.status).code, 0, services.told());
  await services.drained;
});

/** The usual ones may be taken here. */
async function onOwnPorts(folder: string, ports: readonly number[]): Promise<void> {
  const usual = [4222, 5432, 8079];
  for (const name of ["edge.env", "origin.env", "owner.env"]) {
    const file = join(folder, name);
    const text = usual.reduce(
      (text, port, i) => text.replaceAll(`127.0.0.1:${port}`, `127.0.0.1:${ports[i]}`),
      await Deno.readTextFile(file),
    );
    const port = { "edge.env": ports[3], "origin.env": ports[4] }[name];
    const program = port ? `HOST=127.0.0.1\nPORT=${port}\nINTERNAL_PORT=0\n` : "";
    await Deno.writeTextFile(file, text + program);
  }
}
