import assert from "node:assert/strict";
import { Command } from "commander";
import { runCommand } from "./run.ts";
import { tokenCommand } from "./token.ts";

const SECRET = "s".repeat(32);

Deno.test("token signs what --check finds good", async () => {
  const signed = await token(["ana", "--ttl", "15m"]);
  assert.equal(signed.code, 0);
  const checked = await token(["--check", signed.printed]);
  assert.equal(checked.code, 0);
  assert.match(checked.printed, /^good: user ana, until /);
});

Deno.test("token --check says why a token is refused, and exits 1", async () => {
  const signed = await token(["ana"]);
  const other = await token(["--check", signed.printed], { TOKEN_SECRET: "o".repeat(32) });
  assert.equal(other.code, 1);
  assert.match(other.told, /refused: signature verification failed\n.*"sub":"ana"/);
  const garbage = await token(["--check", "hello"]);
  assert.deepEqual([garbage.code, garbage.printed], [1, ""]);
  assert.match(garbage.told, /refused: it is no JWT$/);
});

Deno.test("token prints one JSON object with --json", async () => {
  const { printed } = await token(["ana", "--json", "--ttl", "60"]);
  const { user, ttl, token: jwt } = JSON.parse(printed);
  assert.deepEqual([user, ttl, jwt.split(".").length], ["ana", 60, 3]);
});

Deno.test("token exits 2 when used wrongly, and says how", async () => {
  for (const args of [[], ["ana", "--check", "x"], ["ana", "--ttl", "soon"], ["ana", "--nope"]]) {
    const { code, printed, told } = await token(args);
    assert.deepEqual([code, printed], [2, ""], args.join(" "));
    assert.match(told, /^error: /);
  }
});

Deno.test("token says that nothing runs when there is no secret to be had", async () => {
  const { code, told } = await token(["ana", "--state", "/nonexistent/state.json"], {});
  assert.equal(code, 1);
  assert.match(told, /Start it with: deno task dev/);
});

async function token(
  args: string[],
  environment: Record<string, string> = { TOKEN_SECRET: SECRET },
): Promise<{ code: number; printed: string; told: string }> {
  const printed: string[] = [], told: string[] = [];
  const terminal = {
    print: (line: string) => void printed.push(line),
    tell: (line: string) => void told.push(line),
    environment,
    interrupted: new Promise<void>(() => {}),
  };
  const commands = new Command("deno task").addCommand(tokenCommand(terminal));
  const code = await runCommand(commands, ["token", ...args], terminal);
  return { code, printed: printed.join("\n"), told: told.join("\n") };
}
