/**
 * What must not be read by whoever watches: secrets, tokens, what people write. Each is a canary in a
 * whole run with everything that goes wrong; none may turn up where operators look.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { Device } from "testing/client.ts";
import { RawWebSocket } from "testing/raw_websocket.ts";
import { name, TestSystem } from "testing/system.ts";
import { signToken } from "testing/token.ts";
import type { State } from "../dev/state.ts";
import type { System } from "../dev/supervised_system.ts";
import { startSystem } from "../dev/system.ts";
import { waitUntil } from "../services/wait_until.ts";

const ADMIN_KEY = `canary-admin-${"k".repeat(32)}`;
const BODY = "canary-body-of-a-message";
const PUSH_TOKEN = "canary-push-token";
const WRONG_KEY = `canary-wrong-key-${"k".repeat(32)}`;

Deno.test("no secret, token or body is in a log, a metric, an answer of the internal port or a process list", async () => {
  const env = { LOG_LEVEL: "debug", ADMIN_KEY };
  await using system = await startSystem({ origins: 2, env, restart: true });
  const test = new TestSystem(system);
  const canaries = await canariesOf(system);
  const before = await processList();
  for (const token of await talk(test)) canaries.set(`the token ${token.slice(-8)}`, token);
  await misbehave(system.state, canaries);
  await breakEverything(test);
  const places = new Map([
    ...await logsOf(system),
    ...await internalAnswers(system.state),
    ["the process list before", before],
    ["the process list", await processList()],
  ]);
  assert.ok(places.get("log edge-0.log")!.length > 0 && places.get("log origin-0.log")!.length > 0);
  for (const [what, canary] of canaries) {
    for (const [where, text] of places) {
      if (text.includes(canary)) assert.fail(`${what} is in ${where}: ${lineWith(text, canary)}`);
    }
  }
});

async function canariesOf(system: System): Promise<Map<string, string>> {
  const { api_key, token_secret, redis, nats, postgres } = system.state;
  const [line] = (await Deno.readTextFile(join(system.logs, "push_recorder.log"))).split("\n");
  const push: Record<string, string> = JSON.parse(line!).env;
  const { password } = new URL(postgres.url);
  return new Map([
    ["the API key", api_key],
    ["the key of tokens", token_secret],
    ["the token of Redis", redis.token],
    ["the key of administrators", ADMIN_KEY],
    ["a key that was tried", WRONG_KEY],
    ["a message", BODY],
    ["a push token", PUSH_TOKEN],
    ["the key of APNs", linesOf(push.APNS_KEY!)],
    ["the key of FCM", linesOf(JSON.parse(push.FCM_CREDENTIAL!).private_key)],
    ...(password ? [["the password of Postgres", password] as const] : []),
    ...Object.entries(nats.users).map(([id, user]) =>
      [`the seed of ${id}`, user.nkey_seed] as const
    ),
  ]);
}

/** One of the lines that a key consists of. */
function linesOf(pem: string): string {
  return pem.split("\n").find((line) => line.length > 20 && !line.startsWith("-----"))!;
}

/** A conversation, live, resumed and pushed. Gives the tokens that were used. */
async function talk(test: TestSystem): Promise<string[]> {
  const { token_secret } = test.system.state;
  const a = name("ana"), b = name("bob");
  const tokens = await Promise.all([a, b].map((user) => signToken(user, token_secret, 3_600)));
  await using ana = await test.device(a, { edge: 0, token: tokens[0]! });
  await using bob = await test.device(b, { edge: 1, token: tokens[1]!, device: "phone" });
  await bob.rpc("device.register", { platform: "fcm", token: PUSH_TOKEN, app: "chat" });
  await bob.waitForGsid((await say(ana, b)).gsid);
  await bob.disconnect();
  await test.untilOffline(b);
  await say(ana, b);
  await waitUntil(async () => (await test.pushesOf(b)).length > 0 || undefined, {
    what: `${b} to be pushed`,
    withinMs: 20_000,
  });
  return tokens;
}

function say(from: Device, to: string): Promise<{ gsid: number }> {
  return from.send(to, crypto.randomUUID(), { text: BODY });
}

/** What is refused is what is most easily logged. */
async function misbehave(state: State, canaries: Map<string, string>): Promise<void> {
  const [edge, origin] = [state.edges[0]!, state.origins[0]!];
  const wrong = await signToken(name("eve"), WRONG_KEY, 3_600);
  canaries.set("a token that was refused", wrong);
  const hello = (token: string) => JSON.stringify({ id: 1, connect: { token, data: {} } });
  const frames = [hello(wrong), `{"id":1,"connect":{"token":"${wrong}`, `{"${BODY}":1}`];
  for (const frame of frames) {
    const { socket } = await RawWebSocket.open(Number(new URL(edge.url).port));
    using _ = socket;
    await socket.send(frame);
    await socket.read();
  }
  const asked = [
    fetch(`${origin.api}/api/send`, { method: "POST", headers: { "X-API-Key": WRONG_KEY } }),
    fetch(`${origin.api}/api/send`, {
      method: "POST",
      headers: { "X-API-Key": state.api_key, "Content-Type": "application/json" },
      body: `{"body":{"text":"${BODY}"},`,
    }),
    fetch(`${origin.internal}/drain`, { method: "POST", headers: { "X-Admin-Key": WRONG_KEY } }),
  ];
  for (const response of await Promise.all(asked)) {
    const text = await response.text();
    assert.ok(response.status >= 400, text);
    for (const [what, canary] of canaries) assert.ok(!text.includes(canary), `${what}: ${text}`);
  }
}

/** Whatever a program stands on goes away while somebody sends, and comes back. */
async function breakEverything(test: TestSystem): Promise<void> {
  const { system } = test;
  await using ana = await test.device(name("ana"), { edge: 0 });
  for (const id of ["redis", "nats", "postgres"]) {
    await system.kill(id);
    await say(ana, name("cleo")).catch(() => {});
    await system.restart(id);
    await waitUntil(() => say(ana, name("cleo")).then(() => true, () => undefined), {
      what: `a send to succeed after ${id} was killed`,
      withinMs: 30_000,
    });
  }
}

async function logsOf({ logs }: System): Promise<[string, string][]> {
  const programs = [...Deno.readDirSync(logs)].filter(({ name }) => /^(edge|origin)-/.test(name));
  return await Promise.all(programs.map(async ({ name }): Promise<[string, string]> => [
    `log ${name}`,
    await Deno.readTextFile(join(logs, name)),
  ]));
}

async function internalAnswers(state: State): Promise<[string, string][]> {
  const asked = [...state.edges, ...state.origins].flatMap(({ id, internal }) =>
    ["/live", "/ready", "/version", "/metrics"].map(async (path): Promise<[string, string]> => {
      const response = await fetch(`${internal}${path}`);
      return [`${path} of ${id}`, await response.text()];
    })
  );
  return await Promise.all(asked);
}

async function processList(): Promise<string> {
  const { stdout } = await new Deno.Command("ps", { args: ["-axww", "-o", "command"] }).output();
  return new TextDecoder().decode(stdout);
}

function lineWith(text: string, canary: string): string {
  return text.split("\n").find((line) => line.includes(canary))!.slice(0, 300);
}
