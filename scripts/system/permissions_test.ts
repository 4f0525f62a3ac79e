import assert from "node:assert/strict";
import postgres from "postgres";
import { systemOfThisFile } from "testing/system.ts";
import { startCommand } from "../dev/start_command.ts";

const running = systemOfThisFile({ edges: 1 });

Deno.test("no program may do everything, run others, write, or call foreign code", () => {
  for (const kind of ["edge", "origin"] as const) {
    const forbidden = startCommand(kind).filter((flag) =>
      /^(-A|--allow-all|--allow-run|--allow-write|--allow-ffi|--allow-sys)(=|$)/.test(flag)
    );
    assert.deepEqual(forbidden, [], kind);
  }
});

Deno.test("an edge cannot reach Postgres; an origin can", async () => {
  const { system: { state } } = await running();
  const [edge] = state.edges, [origin] = state.origins;
  assert.equal(await tryToReach(state.postgres.url, edge!.pid), "NotCapable");
  assert.equal(await tryToReach(state.postgres.url, origin!.pid), "reached");
  assert.equal(await tryToReach(state.nats.url, edge!.pid), "reached");
});

Deno.test("an edge is not told where the database is, nor the key of the server API", async () => {
  const { system: { state } } = await running();
  const environment = await readProcess(state.edges[0]!.pid, "environ");
  const told = environment.filter((one) =>
    /^(DATABASE_URL|DATABASE_OWNER_URL|API_KEY)=./.test(one)
  );
  assert.deepEqual(told, []);
});

const INSUFFICIENT_PRIVILEGE = "42501";
/** What somebody would do who knows an origin's DATABASE_URL, by what it would be. */
const FORBIDDEN: Record<string, readonly string[]> = {
  "whoever has taken an origin cannot change the schema": [
    "create table mine ()",
    "create temporary table mine ()",
    "create schema mine",
    "create function mine() returns int language sql as 'select 1'",
    "create or replace function lock_log() returns void language sql as ''",
    "create index on events (type)",
    "create trigger mine after insert on events execute function lock_log()",
    "drop table events",
    "drop function lock_log",
    "drop database fanfare",
    "alter table events add column mine int",
    "alter table events owner to current_user",
    "truncate push_jobs",
    "select 1; lock table events in access exclusive mode",
    "comment on table events is 'mine'",
    "reindex table events",
  ],
  "whoever has taken an origin changes nothing that was said, and no epoch": [
    "update events set fields = '{}'",
    "delete from events",
    "delete from inbox",
    "delete from sent",
    "update sent set digest = ''",
    "update members set role = 'owner'",
    "delete from members",
    "update conversations set kind = 'group'",
    "delete from conversations",
    "update log set epoch = 'mine'",
    "update log set shard = 1",
    "insert into log values (true, 'mine', 0, 0)",
    "delete from log",
    "insert into audit values (true, 0)",
    "delete from migrations",
    "insert into migrations values ('0999_mine.sql', '')",
    "select begin_epoch()",
  ],
  "whoever has taken an origin reads nothing but its tables, and runs nothing": [
    "select * from elsewhere.secrets",
    "select * from pg_authid",
    "select pg_read_file('postgresql.conf')",
    "select pg_ls_dir('.')",
    "select lo_import('/etc/passwd')",
    "copy events to '/tmp/mine'",
    "copy push_jobs from program 'id'",
    "alter system set fsync = off",
    "select pg_reload_conf()",
    "select pg_switch_wal()",
    "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'postgres'",
    "create role mine",
    "alter role current_user superuser",
    "set role fanfare_owner",
    "set session authorization fanfare_owner",
  ],
};

for (const [name, statements] of Object.entries(FORBIDDEN)) {
  Deno.test(name, async () => {
    const test = await running();
    await using owner = test.sql();
    await owner`create schema if not exists elsewhere`;
    await owner`create table if not exists elsewhere.secrets ()`;
    const before = await owner`select * from log`;
    const environment = await readProcess(test.system.state.origins[0]!.pid, "environ");
    const [, url] = environment.join(" ").match(/\bDATABASE_URL=(\S+)/)!;
    const origin = postgres(url!, { max: 1, onnotice: () => {} });
    try {
      await origin`select from events limit 1`;
      for (const statement of statements) {
        const said = await origin.unsafe(statement).then(() => "done", ({ code }) => code);
        assert.equal(said, INSUFFICIENT_PRIVILEGE, statement);
      }
    } finally {
      await origin.end();
    }
    assert.deepEqual([...await owner`select * from log`], [...before]);
  });
}

/** Connects with the very permissions that a running program has. */
async function tryToReach(url: string, pid: number): Promise<string> {
  const { hostname, port } = new URL(url);
  const probe = `try {
    (await Deno.connect({ hostname: "${hostname}", port: ${port} })).close();
    console.log("reached");
  } catch (error) { console.log(error.name); }`;
  const [command, ...args] = await readProcess(pid, "cmdline");
  assert.match(args.at(-1)!, /^(edge|origin)\/main\.ts$/);
  const { stdout } = await new Deno.Command(command!, {
    args: [...args.slice(0, -1), `data:application/javascript,${encodeURIComponent(probe)}`],
    env: { NO_COLOR: "1" },
    stderr: "inherit",
  }).output();
  return new TextDecoder().decode(stdout).trim();
}

/** A program's words, by `/proc` or, where there is none, by `ps`; none of them holds a blank. */
async function readProcess(pid: number, what: "cmdline" | "environ"): Promise<string[]> {
  const ps = what === "cmdline" ? "ps -ww -o command=" : "ps eww -o command=";
  const { stdout } = await new Deno.Command("sh", {
    args: ["-c", `tr '\\0' ' ' </proc/${pid}/${what} 2>/dev/null || ${ps} -p ${pid}`],
    stderr: "inherit",
  }).output();
  return new TextDecoder().decode(stdout).trim().split(" ");
}
