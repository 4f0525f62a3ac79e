import assert from "node:assert/strict";
import postgres from "postgres";
import { join } from "node:path";
import { temporaryDirectory } from "testing/temporary_directory.ts";
import { startPostgres } from "./postgres.ts";
import { type Manner, settlePostgres } from "./postgres_binaries.ts";

const isRoot = Deno.uid() === 0;

Deno.test("startPostgres() keeps what was committed, over a crash and a stale lock file", async () => {
  await using directory = await temporaryDirectory("postgres");
  const options = { dataDir: join(directory.path, "data"), durable: true };
  {
    await using server = await startPostgres(options);
    await query(server.url, "create table kept as select 7 as number");
    Deno.kill(server.pid, "SIGKILL");
    await server.status;
  }
  {
    await using server = await startPostgres(options);
    assert.deepEqual(await query(server.url, "select number from kept"), [{ number: 7 }]);
  }
  // A pid that is alive, but no Postgres's.
  const { directory: home } = await settlePostgres(options.dataDir);
  const lock = join(home, "cluster/postmaster.pid");
  await Deno.writeTextFile(lock, `${Deno.pid}\n${home}/cluster\n`);
  if (isRoot) await Deno.chown(lock, 65534, 65534);
  await using server = await startPostgres(options);
  assert.deepEqual(await query(server.url, "select number from kept"), [{ number: 7 }]);
});

Deno.test("startPostgres() says which port is taken", async () => {
  await using directory = await temporaryDirectory("postgres");
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  await assert.rejects(
    startPostgres({ dataDir: join(directory.path, "data"), durable: false, port }),
    { message: `Cannot start Postgres: port ${port} is taken` },
  );
});

Deno.test("startPostgres() stops though clients are connected", async () => {
  await using directory = await temporaryDirectory("postgres");
  const server = await startPostgres({ dataDir: join(directory.path, "data"), durable: false });
  const sql = postgres(server.url, { max: 1 });
  await sql`select 1`;
  await server[Symbol.asyncDispose]();
  assert.equal((await server.status).code, 0);
  await sql.end();
});

Deno.test("startPostgres() works below a directory that only its owner may enter", async () => {
  await using directory = await temporaryDirectory("postgres");
  await Deno.chmod(directory.path, 0o700);
  await using server = await startPostgres({
    dataDir: join(directory.path, "data"),
    durable: false,
  });
  assert.deepEqual(await query(server.url, "select 1 as one"), [{ one: 1 }]);
});

Deno.test("startPostgres() works in every manner that this machine allows", async () => {
  const manners: Manner[] = isRoot ? ["nobody", "namespace", "moved"] : ["self", "namespace"];
  const worked: Manner[] = [];
  for (const manner of manners) {
    await using directory = await temporaryDirectory("postgres");
    const dataDir = join(directory.path, "data");
    if (!await settlePostgres(dataDir, [manner]).catch(refused)) continue;
    await using server = await startPostgres({ dataDir, durable: false, manners: [manner] });
    assert.deepEqual(await query(server.url, "select 1 as one"), [{ one: 1 }]);
    worked.push(manner);
  }
  assert.ok(worked.includes("moved") || !isRoot);
  assert.notEqual(worked.length, 0);
});

Deno.test("data moves only to where nobody else may have put it", async () => {
  if (!isRoot) return;
  await using directory = await temporaryDirectory("postgres");
  const home = await settlePostgres(join(directory.path, "one"), ["moved"]);
  const place = join(home.native, "..");
  await Deno.remove(home.directory, { recursive: true });
  await Deno.chown(place, 4321, 4321);
  try {
    await assert.rejects(
      settlePostgres(join(directory.path, "other"), ["moved"]),
      /belongs to another user/,
    );
  } finally {
    await Deno.remove(place, { recursive: true });
  }
});

function refused(error: Error): undefined {
  assert.match(error.message, /Cannot run Postgres/);
}

async function query(url: string, text: string): Promise<unknown> {
  const sql = postgres(url, { max: 1 });
  try {
    return [...await sql.unsafe(text)];
  } finally {
    await sql.end();
  }
}
