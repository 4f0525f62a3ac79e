import assert from "node:assert/strict";
import postgres from "postgres";
import { postgresOfThisFile } from "testing/database.ts";
import { asOrigin } from "testing/schema.ts";
import { ensureRoles } from "../../services/database_roles.ts";
import { ownerIn, planMigrations, runMigrations } from "./migrate.ts";

const server = postgresOfThisFile({
  async prepare(url) {
    const sql = postgres(url, { max: 1 });
    await ensureRoles(sql).finally(() => sql.end());
  },
});

/** As an origin of a release that is to come reaches it, in an empty database. */
async function scene() {
  const { url, [Symbol.asyncDispose]: dispose } = await server.database();
  const database = { url: asOrigin(url), maxConnections: 6 };
  return { url, database, [Symbol.asyncDispose]: dispose };
}

Deno.test("the owner's word is what a deployment migrates by, for the role that its origins have", async () => {
  await using on = await scene();
  assert.equal(ownerIn({}, on.database), undefined);
  const owner = ownerIn({ DATABASE_OWNER_URL: on.url }, on.database);
  assert.deepEqual(owner, { ownerUrl: on.url, originRole: "fanfare_origin" });
  const group = { DATABASE_OWNER_URL: on.url, DATABASE_ORIGIN_ROLE: "origins" };
  assert.equal(ownerIn(group, on.database)!.originRole, "origins");

  const planned = await planMigrations(on.database, owner);
  assert.ok(planned.includes("0001_core.sql"));
  const ran = await runMigrations(on.database, owner);
  assert.deepEqual(planned.filter((name) => name.endsWith(".sql")), ran);
  assert.deepEqual(await planMigrations(on.database, owner), []);
  assert.deepEqual(await runMigrations(on.database, owner), []);
});

Deno.test("without the owner's word a deployment goes on only where somebody has migrated before", async () => {
  await using on = await scene();
  const says = /Cannot use the database: 0001_core\.sql has not run; .* deno task migrate/;
  await assert.rejects(planMigrations(on.database, undefined), says);
  await assert.rejects(runMigrations(on.database, undefined), says);
  await runMigrations(on.database, ownerIn({ DATABASE_OWNER_URL: on.url }, on.database));
  assert.deepEqual(await planMigrations(on.database, undefined), []);
  assert.deepEqual(await runMigrations(on.database, undefined), []);
});

Deno.test("a migration is seen as the release's origins will see it: what is granted to others stops it", async () => {
  await using on = await scene();
  const sql = postgres(on.url, { max: 1, onnotice: () => {} });
  await sql`create role somebody_else`.finally(() => sql.end());
  const others = { ownerUrl: on.url, originRole: "somebody_else" };
  await assert.rejects(
    runMigrations(on.database, others),
    /Cannot use the database: the role "fanfare_origin" is not granted select on migrations/,
  );
});
