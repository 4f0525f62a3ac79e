import assert from "node:assert/strict";
import { systemOfThisFile } from "testing/system.ts";
import { startCommand } from "../dev/program.ts";

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
  const told = environment.filter((one) => /^(DATABASE_URL|API_KEY)=./.test(one));
  assert.deepEqual(told, []);
});

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
