import assert from "node:assert/strict";
import { join } from "node:path";
import postgres from "postgres";
import { readMigrations } from "origin/store/schema.ts";
import { createSql } from "origin/store/sql.ts";
import { assertUsable } from "origin/store/usable.ts";
import { postgresOfThisFile } from "testing/database.ts";
import { temporaryDirectory } from "testing/temporary_directory.ts";
import { runCommand } from "../cli/run.ts";
import { asRole, ensureRoles, ORIGIN_ROLE, OWNER_ROLE } from "../services/database_roles.ts";
import { migrateCommand } from "./command.ts";
import type { MigrationPlan, MigrationResult } from "./migration.ts";

const server = postgresOfThisFile({
  async prepare(url) {
    const sql = postgres(url, { max: 1 });
    await ensureRoles(sql).finally(() => sql.end());
  },
});

/** An empty database that belongs to a role which is nothing special. */
async function scene() {
  const database = await server.database();
  const name = new URL(database.url).pathname.slice(1);
  const sql = postgres(database.url, { max: 1, onnotice: () => {} });
  await sql.unsafe(`alter database ${name} owner to ${OWNER_ROLE}`);
  return {
    sql,
    name,
    ownerUrl: asRole(database.url, OWNER_ROLE),
    originUrl: asRole(database.url, ORIGIN_ROLE),
    async [Symbol.asyncDispose]() {
      await sql.end();
      await database[Symbol.asyncDispose]();
    },
  };
}

/** The command as it is typed. */
async function migrate(args: string[], environment: Record<string, string>) {
  const printed: string[] = [], told: string[] = [];
  const terminal = {
    print: (line: string) => void printed.push(line),
    tell: (line: string) => void told.push(line),
    environment,
    readText: Deno.readTextFileSync,
  };
  const code = await runCommand(migrateCommand(terminal), args, terminal);
  return { code, printed: printed.join("\n"), told: told.join("\n") };
}

async function usable(url: string): Promise<void> {
  const sql = createSql(url, { name: "origin", maxConnections: 1 });
  await readMigrations().then((known) => assertUsable(sql, known)).finally(() => sql.end());
}

Deno.test("an empty database is planned, migrated once, and then what an origin needs", async () => {
  await using on = await scene();
  const environment = { DATABASE_OWNER_URL: on.ownerUrl };
  const names = (await readMigrations()).map(({ name }) => name);
  const plan = await migrate(["--plan", "--json"], environment);
  assert.equal(plan.code, 0);
  assert.deepEqual((JSON.parse(plan.printed) as MigrationPlan).pending, names);
  assert.deepEqual([...await on.sql`select from pg_tables where schemaname = 'public'`], []);

  const first = await migrate(["--json"], environment);
  assert.equal(first.code, 0, first.told);
  const { ran, granted } = JSON.parse(first.printed) as MigrationResult;
  assert.deepEqual(ran, names);
  assert.ok(granted.includes(`revoke temporary on database ${on.name} from public`));
  assert.ok(granted.includes("revoke execute on function begin_epoch() from public"));
  assert.ok(granted.includes("grant select, insert on events to fanfare_origin"));
  await usable(on.originUrl);

  const again = await migrate([], environment);
  assert.deepEqual([again.code, again.printed], [0, "The database is as this release needs it"]);
  assert.equal((await migrate(["--plan"], environment)).printed, "nothing to do");
});

Deno.test("what is missing is granted again; what is too much goes once the release before is gone", async () => {
  await using on = await scene();
  const environment = { DATABASE_OWNER_URL: on.ownerUrl };
  await migrate([], environment);
  await on.sql`revoke insert on events from fanfare_origin`;
  await on.sql`revoke delete on push_jobs from fanfare_origin`;
  await on.sql`grant truncate, update on log to fanfare_origin`;
  await on.sql`grant execute on function begin_epoch to fanfare_origin`;

  const missing = [
    "would do     grant insert on events to fanfare_origin",
    "would do     grant delete on push_jobs to fanfare_origin",
  ];
  assert.deepEqual((await migrate(["--plan"], environment)).printed.split("\n"), missing);
  const tooMuch = [
    "would do     revoke truncate on log from fanfare_origin",
    "would do     revoke update on log from fanfare_origin",
    "would do     revoke execute on function begin_epoch() from fanfare_origin",
    "would do     grant update(last) on log to fanfare_origin",
  ];
  const plan = (await migrate(["--plan", "--contract"], environment)).printed.split("\n");
  assert.deepEqual(plan.toSorted(), [...tooMuch, ...missing].sort());
  const { printed } = await migrate(["--contract"], environment);
  assert.ok(printed.includes("did          grant update(last) on log to fanfare_origin"), printed);
  await usable(on.originUrl);
  assert.equal((await migrate(["--plan", "--contract"], environment)).printed, "nothing to do");
});

Deno.test("an edited migration is refused, by the plan too", async () => {
  await using on = await scene();
  const environment = { DATABASE_OWNER_URL: on.ownerUrl };
  await migrate([], environment);
  await on.sql`update migrations set checksum = 'x' where name = '0001_core.sql'`;
  for (const args of [["--plan"], []]) {
    const { code, told } = await migrate(args, environment);
    assert.deepEqual(
      [code, told],
      [1, "error: Cannot migrate: 0001_core.sql has changed since it ran in this database"],
    );
  }
});

Deno.test("nothing runs for a role that is not there: its making is told", async () => {
  await using on = await scene();
  const environment = { DATABASE_OWNER_URL: on.ownerUrl, DATABASE_ORIGIN_ROLE: "nobody_here" };
  const { code, told } = await migrate([], environment);
  assert.equal(code, 1);
  assert.match(told, /"nobody_here": there is no such role\. .*create role "nobody_here" login/);
  assert.deepEqual([...await on.sql`select from pg_tables where schemaname = 'public'`], []);
});

Deno.test("settings come from the environment, and from a file before it; without them it exits 2", async () => {
  await using on = await scene();
  await using directory = await temporaryDirectory("migrate");
  const file = join(directory.path, "owner.env");
  await Deno.writeTextFile(file, `DATABASE_OWNER_URL=${on.ownerUrl}\n`, { mode: 0o600 });
  const environment = { DATABASE_OWNER_URL: "postgres://127.0.0.1:1/none" };
  assert.equal((await migrate(["--plan", "--env", file], environment)).code, 0);
  const unreachable = await migrate(["--plan"], environment);
  assert.equal(unreachable.code, 1);
  assert.match(
    unreachable.told,
    /^error: Cannot use the database at 127\.0\.0\.1:1 as its owner: /,
  );
  const notOurs = await migrate([], { DATABASE_OWNER_URL: on.originUrl });
  assert.equal(notOurs.code, 1);
  assert.match(notOurs.told, /as its owner: permission denied for schema public$/);
  const without = await migrate([], {});
  assert.equal(without.code, 2);
  assert.match(without.told, /DATABASE_OWNER_URL must be set/);
});
