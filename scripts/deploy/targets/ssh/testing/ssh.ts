/**
 * An `ssh` whose every host is this machine: it takes the arguments that the real one takes, and does
 * with them what its server does.
 *
 * @module
 */

const args = [...Deno.args];
const end = args.indexOf("--");
const options = args.slice(0, end), [host, ...words] = args.slice(end + 1);

if (host === "nowhere") {
  console.error("ssh: connect to host nowhere port 22: Connection refused");
  Deno.exit(255);
}
const forward = options[options.indexOf("-L") + 1];
if (options.includes("-L")) await serve(...forward!.split(":") as [string, string, string, string]);
// It joins the words with blanks, and the server hands that to the user's shell.
const child = new Deno.Command("sh", { args: ["-c", words.join(" ")] }).spawn();
Deno.exit((await child.status).code);

async function serve(hostname: string, port: string, toHost: string, toPort: string) {
  for await (const client of Deno.listen({ hostname, port: Number(port) })) {
    const server = await Deno.connect({ hostname: toHost, port: Number(toPort) });
    client.readable.pipeTo(server.writable).catch(() => {});
    server.readable.pipeTo(client.writable).catch(() => {});
  }
}
