import assert from "node:assert/strict";
import { join } from "node:path";
import { temporaryDirectory } from "testing/temporary_directory.ts";
import { sshHosts } from "./hosts.ts";

const SSH = join(import.meta.dirname!, "testing/ssh.ts");

/** Hosts behind a program that is called as ssh is. */
async function hostsIn(folder: string) {
  const ssh = join(folder, "ssh");
  const script = `#!/bin/sh\nexec '${Deno.execPath()}' run -A '${SSH}' "$@"\n`;
  await Deno.writeTextFile(ssh, script, { mode: 0o755 });
  return sshHosts(ssh);
}

Deno.test("run() hands over words and input as they are, and resolves to how it ended", async () => {
  await using folder = await temporaryDirectory("ssh");
  const hosts = await hostsIn(folder.path);
  const nasty = ["it's", "$HOME `id`", "a\nb", "", "*"];
  const script = 'printf "%s|" "$@"; cat; echo why >&2; exit 3';
  const input = new Blob(["from here"]).stream();
  assert.deepEqual(await hosts.run("ana@chat1", ["sh", "-c", script, "sh", ...nasty], input), {
    code: 3,
    stdout: `${nasty.join("|")}|from here`,
    stderr: "why\n",
  });
});

Deno.test("run() does not mind who reads none of its input", async () => {
  await using folder = await temporaryDirectory("ssh");
  const hosts = await hostsIn(folder.path);
  const much = new Blob([new Uint8Array(1_000_000)]).stream();
  assert.equal((await hosts.run("chat1", ["true"], much)).code, 0);
  const { readable: endless } = new TransformStream<Uint8Array, Uint8Array>();
  assert.equal((await hosts.run("chat1", ["true"], endless)).code, 0);
});

Deno.test("run() says of a host that cannot be reached why, and takes no option for one", async () => {
  await using folder = await temporaryDirectory("ssh");
  const hosts = await hostsIn(folder.path);
  await assert.rejects(hosts.run("nowhere", ["true"]), /Cannot reach nowhere: .*refused/);
  await assert.rejects(hosts.run("-oProxyCommand=id", ["true"]), /it is no host/);
});

Deno.test("reach() leads to a port of the host, until it is disposed of", async () => {
  await using folder = await temporaryDirectory("ssh");
  const hosts = await hostsIn(folder.path);
  await using server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    () => new Response("here"),
  );
  let url = "";
  {
    await using reached = await hosts.reach("chat1", server.addr.port);
    url = `http://127.0.0.1:${reached.port}`;
    assert.equal(await (await fetch(url, { headers: { connection: "close" } })).text(), "here");
  }
  await assert.rejects(fetch(url), TypeError);
  await assert.rejects(hosts.reach("nowhere", 1), /Cannot reach port 1 of nowhere: .*refused/);
});
