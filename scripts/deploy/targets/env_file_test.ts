import assert from "node:assert/strict";
import fc from "fast-check";
import { join } from "node:path";
import { temporaryDirectory } from "testing/temporary_directory.ts";
import { systemd } from "../../services/systemd.ts";
import { envFile, parseEnvFile } from "./env_file.ts";

const NASTY = {
  EMPTY: "",
  QUOTES: `it's "so" \`called\``,
  DOLLARS: "$HOME ${HOME} $$",
  BACKSLASHES: '\\ \\\\ \\n \\" end\\',
  LINES: "-----BEGIN PRIVATE KEY-----\nMIIE\n\tindented\n-----END PRIVATE KEY-----",
  SIGNS: "# ; % = ! ~ * ä€🎺",
  BLANKS: "  kept  ",
  JSON: JSON.stringify({ private_key: "a\nb", type: "service_account" }),
};

Deno.test("parseEnvFile() reads what envFile() wrote", () => {
  const value = fc.string({ unit: fc.constantFrom(...`"'\\$\`\n\r =#AB_é`) });
  fc.assert(fc.property(value, value, (A, B_2) => {
    assert.deepEqual(parseEnvFile(envFile({ A, B_2 })), { A, B_2 });
  }));
});

Deno.test("a shell reads from envFile() the very values", () => {
  const names = Object.keys(NASTY);
  const show = names.map((name) => `printf '%s\\0' "$${name}"`).join("\n");
  const { stdout } = new Deno.Command("sh", {
    args: ["-c", `${envFile(NASTY)}\n${show}`],
    clearEnv: true,
  }).outputSync();
  const read = new TextDecoder().decode(stdout).split("\0").slice(0, -1);
  assert.deepEqual(read, Object.values(NASTY));
});

/** Of the files that systemd reads so, this is one that needs no running systemd. */
Deno.test({
  name: "systemd reads from envFile() the very values",
  ignore: Deno.build.os === "darwin",
  async fn() {
    await using folder = await temporaryDirectory("env-file");
    const file = (path: string) => join(folder.path, path);
    await Deno.mkdir(file("etc"));
    await Deno.writeTextFile(file("print.conf"), "f+ /printed - - - - %W\n");
    // An empty one is shown as nothing at all.
    for (const [name, value] of Object.entries(NASTY).filter(([, value]) => value !== "")) {
      await Deno.writeTextFile(file("etc/os-release"), envFile({ ID: "x", VARIANT_ID: value }));
      const root = `--root=${folder.path}`;
      const create = ["--create", root, file("print.conf")];
      const { success, printed } = await systemd("systemd-tmpfiles", ...create);
      assert.ok(success, printed);
      assert.equal(await Deno.readTextFile(file("printed")), value, `${name}: ${printed}`);
    }
  },
});
