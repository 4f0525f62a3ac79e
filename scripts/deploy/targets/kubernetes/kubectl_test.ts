import assert from "node:assert/strict";
import { join } from "node:path";
import { temporaryDirectory } from "testing/temporary_directory.ts";
import { kubectlOf } from "./kubectl.ts";

/** A program that tells what it was given. */
async function echoIn(folder: string): Promise<string> {
  const file = join(folder, "kubectl");
  await Deno.writeTextFile(file, `#!/bin/sh\nprintf '%s|' "$@"; cat; echo why >&2; exit 4\n`, {
    mode: 0o755,
  });
  return file;
}

Deno.test("run() says where in which cluster, and hands over words and input as they are", async () => {
  await using folder = await temporaryDirectory("kubectl");
  const where = { namespace: "chat", context: "blue" };
  const kubectl = kubectlOf(where, await echoIn(folder.path));
  assert.deepEqual(await kubectl.run(["apply", "--filename", "-"], "a: b\n"), {
    code: 4,
    stdout: "--namespace|chat|--context|blue|apply|--filename|-|a: b\n",
    stderr: "why\n",
  });
});

Deno.test("run() says that there is no kubectl", async () => {
  await using folder = await temporaryDirectory("kubectl");
  const kubectl = kubectlOf({ namespace: "chat" }, join(folder.path, "nothing"));
  await assert.rejects(kubectl.run(["version"]), /there is no .*nothing on the PATH/);
});
