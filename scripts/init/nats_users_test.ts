/** Who is let in to the NATS server of a deployment that init made, and for what: a real server. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { parseEnv } from "node:util";
import {
  connect,
  type NatsConnection,
  nkeyAuthenticator,
  PermissionViolationError,
} from "@nats-io/transport-node";
import { passOverForsakenSockets } from "shared/forsaken_sockets.ts";
import { type TemporaryDirectory, temporaryDirectory } from "testing/temporary_directory.ts";
import { runCommand } from "../cli/run.ts";
import { type RunningNatsServer, startNatsServer } from "../services/nats_server.ts";
import { waitUntil } from "../services/wait_until.ts";
import { initCommand } from "./command.ts";

async function init({ path }: TemporaryDirectory, ...args: string[]): Promise<void> {
  const terminal = { print() {}, tell() {} };
  assert.equal(await runCommand(initCommand(terminal), [path, ...args], terminal), 0);
}

function serverOf({ path }: TemporaryDirectory): Promise<RunningNatsServer> {
  return startNatsServer({
    storeDir: join(path, "data"),
    configFile: join(path, "nats.conf"),
    ownStore: true,
    explicit: Deno.env.get("NATS_SERVER"),
  });
}

/** Whoever has that file. */
async function connectWith({ path }: TemporaryDirectory, file: string, { url }: RunningNatsServer) {
  const settings = parseEnv(await Deno.readTextFile(join(path, file)));
  const connection = await connect({
    servers: url,
    reconnect: false,
    authenticator: nkeyAuthenticator(new TextEncoder().encode(settings.NATS_NKEY_SEED)),
    inboxPrefix: settings.NATS_INBOX_PREFIX!,
  });
  return Object.assign(connection, { [Symbol.asyncDispose]: () => connection.close() });
}

/** Whether the server lets this connection hear what goes there. */
async function mayHear(connection: NatsConnection, subject: string): Promise<boolean> {
  const refused = Promise.withResolvers<boolean>();
  const subscription = connection.subscribe(subject, {
    callback: (error) => refused.resolve(!(error instanceof PermissionViolationError)),
  });
  // What is refused is told before the first flush is answered, and read before the second.
  await connection.flush();
  await connection.flush();
  refused.resolve(true);
  subscription.unsubscribe();
  return await refused.promise;
}

Deno.test("a stolen edge of a deployment that init made hears its own answers, and no other edge's", async () => {
  await using folder = await temporaryDirectory("init");
  await init(folder, "--edges", "2", "--shared-key");
  await using server = await serverOf(folder);
  for (const [name, own] of [["edge-0", 0], ["edge-1", 1], ["edge", 2]] as const) {
    await using stolen = await connectWith(folder, `edge.d/${name}.env`, server);
    const inboxes = ["_INBOX.edge-0.a.b", "_INBOX.edge-1.a.b", "_INBOX.edge.a.b"];
    for (const [nth, inbox] of [...inboxes, "_INBOX.>", "_INBOX.origin.a", ">"].entries()) {
      assert.equal(await mayHear(stolen, inbox), nth === own, `${name} hears ${inbox}`);
    }
  }
});

Deno.test("one more edge is let in by a server that reads its users again, and a stolen one is shut out", async () => {
  // Whom the server shuts out it resets.
  using _guard = passOverForsakenSockets(globalThis);
  await using folder = await temporaryDirectory("init");
  await init(folder);
  await using server = await serverOf(folder);
  await using staying = await connectWith(folder, "edge.d/edge-0.env", server);
  await using stolen = await connectWith(folder, "edge.d/edge-1.env", server);
  await Deno.rename(join(folder.path, "edge.d/edge-1.env"), join(folder.path, "stolen.env"));
  await init(folder, "--edges", "3");
  await assert.rejects(connectWith(folder, "edge.d/edge-2.env", server), /Authorization Violation/);

  server.kill("SIGHUP");
  await stolen.closed();
  await assert.rejects(connectWith(folder, "stolen.env", server), /Authorization Violation/);
  for (const name of ["edge-1", "edge-2"]) {
    await using added = await waitUntil(
      () => connectWith(folder, `edge.d/${name}.env`, server).catch(() => undefined),
      { what: `${name} to be let in`, withinMs: 10_000 },
    );
    assert.ok(await mayHear(added, `_INBOX.${name}.a`));
  }
  await staying.flush();
  assert.equal(staying.isClosed(), false, "whoever stays notices nothing");
});
