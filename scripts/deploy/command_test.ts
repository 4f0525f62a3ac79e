import assert from "node:assert/strict";
import { join } from "node:path";
import { writeEnvFile } from "../check/testing.ts";
import { runCommand } from "../cli/run.ts";
import { deploy } from "./command.ts";
import type { Outcome } from "./record.ts";
import { timeIn } from "./release.ts";
import { type Repository, testRepository } from "./testing/repository.ts";

const NOWHERE = "127.0.0.1:9";
const COMMON = {
  NATS_URL: `nats://${NOWHERE}`,
  UPSTASH_REDIS_REST_URL: `http://${NOWHERE}`,
  UPSTASH_REDIS_REST_TOKEN: "t",
};
const SECRET = "canary-of-a-secret-that-nobody-is-to-see";
const EDGE = { ...COMMON, TOKEN_SECRET: SECRET };
const ORIGIN = { ...COMMON, API_KEY: SECRET, DATABASE_URL: `postgres://u:${SECRET}@${NOWHERE}/d` };

/** The command as it is typed, in a repository, with its settings in files. */
async function type(
  { root }: Repository,
  args: string[],
  { edge = EDGE, own = {}, origin = ORIGIN, answer = false, isTerminal = false }: {
    edge?: Record<string, string>;
    /** Of single edges. */
    own?: Record<string, Record<string, string>>;
    origin?: Record<string, string>;
    answer?: boolean;
    isTerminal?: boolean;
  } = {},
) {
  const printed: string[] = [], told: string[] = [], asked: string[] = [];
  const at = (name: string) => join(root, ".cache", name);
  await Deno.mkdir(at("edge.d"), { recursive: true });
  for (const [id, values] of Object.entries(own)) {
    await writeEnvFile(at(`edge.d/${id}.env`), values);
  }
  const files = [
    `edge=${await writeEnvFile(at("edge.env"), edge)}`,
    `origin=${await writeEnvFile(at("origin.env"), origin)}`,
  ];
  const terminal = {
    print: (line: string) => void printed.push(line),
    tell: (line: string) => void told.push(line),
    write: (text: string) => void printed.push(text.trimEnd()),
    isTerminal,
    ask: (question: string) => {
      asked.push(question);
      return answer;
    },
    interrupted: new AbortController().signal,
  };
  const command = deploy(terminal, {
    ...{ root, environment: {}, by: "ana@desk", originTask: "" },
    ...{ nowMs: Date.now, elapsedMs: () => performance.now(), readText: Deno.readTextFileSync },
  });
  const all = [...args, ...files.flatMap((file) => ["--env", file]), "--to", at("deploy")];
  const code = await runCommand(command, all, terminal);
  return { code, printed: printed.join("\n"), told: told.join("\n"), asked, folder: at("deploy") };
}

Deno.test("--plan says what would be done, step by step, and does nothing of it", async () => {
  await using repository = await testRepository();
  const { code, printed, folder } = await type(repository, ["--plan"]);
  assert.equal(code, 0);
  for (const step of ["preflight", "stage", "migrate", "origins", "edges", "smoke", "record"]) {
    assert.match(printed, new RegExp(`^  ${step} `, "m"));
  }
  assert.match(printed, /^ {2}origins .*the first origins begin/m);
  assert.match(printed, /^ {2}migrate .*not known yet: /m);
  assert.match(printed, /^1\.2\.3-\d{8}T\d{6}Z-[0-9a-f]{7}\n/);
  assert.ok(!printed.includes(SECRET));
  await assert.rejects(Deno.stat(folder), Deno.errors.NotFound);
});

Deno.test("--plan --json says the same to programs", async () => {
  await using repository = await testRepository();
  const { printed } = await type(repository, ["--plan", "--json", "--only", "edge"]);
  const { release, steps } = JSON.parse(printed);
  assert.match(release, /^1\.2\.3-/);
  assert.deepEqual(steps.map(({ name }: { name: string }) => name), [
    ...["preflight", "stage", "edges", "smoke", "record"],
  ]);
});

Deno.test("a plan warns of edges that are one user at NATS, and is none without one", async () => {
  await using repository = await testRepository();
  const edge = { ...EDGE, NATS_NKEY_SEED: `${SECRET}-of-all` };
  const shared = await type(repository, ["--plan"], { edge });
  assert.match(shared.printed, /^warning: edge-0 and edge-1 are one user at NATS: /m);
  assert.match(shared.printed, /deno task init \S+\.cache --edges 2, and have the NATS servers/);
  assert.ok(!shared.printed.includes(SECRET));
  const userOf = (id: string) => ({
    NATS_NKEY_SEED: `${SECRET}-${id}`,
    NATS_INBOX_PREFIX: `_INBOX.${id}`,
  });
  const own = { "edge-0": userOf("edge-0"), "edge-1": userOf("edge-1") };
  const apart = await type(repository, ["--plan", "--json"], { edge, own });
  assert.deepEqual(JSON.parse(apart.printed).warnings, []);
  const third = await type(repository, ["--plan", "--edges", "3"], { own });
  assert.equal(third.code, 2);
  assert.match(third.told, /edge-2 has no user at NATS[^]*deno task init \S+ --edges 3/);
});

Deno.test("every fault of the settings is told, at once, and nothing is done", async () => {
  await using repository = await testRepository();
  const { code, told } = await type(repository, ["--yes"], {
    edge: { ...EDGE, TOKEN_SECRET: "short", PORT: "many" },
    origin: { ...ORIGIN, API_KEY: "" },
  });
  assert.equal(code, 2);
  for (const name of ["TOKEN_SECRET", "PORT", "API_KEY"]) assert.match(told, new RegExp(name));
});

Deno.test("whoever cannot be asked must have said --yes, and whoever says no is believed", async () => {
  await using repository = await testRepository();
  const unasked = await type(repository, []);
  assert.deepEqual([unasked.code, unasked.asked], [2, []]);
  assert.match(unasked.told, /--yes/);
  const refused = await type(repository, [], { isTerminal: true });
  assert.deepEqual([refused.code, refused.asked.length], [1, 1]);
  assert.match(refused.told, /nothing was done/);
  await assert.rejects(Deno.stat(join(refused.folder, "releases")), Deno.errors.NotFound);
});

Deno.test("what is not committed is refused, and what is tried and fails stops before anything is changed", async () => {
  await using repository = await testRepository();
  const failed = await type(repository, ["--yes"]);
  assert.equal(failed.code, 1);
  assert.match(failed.printed, /preflight {3}FAILED[^]*origin postgres/);
  assert.match(failed.told, /failed at preflight, and nothing was rolled\. Now nothing runs/);
  assert.ok(!(failed.printed + failed.told).includes(SECRET));
  await repository.write("kept.ts", "changed");
  const dirty = await type(repository, ["--yes"]);
  assert.equal(dirty.code, 2);
  assert.match(dirty.told, /kept\.ts is not committed: commit it, or .* --dirty/);
});

Deno.test("--rollback says that there is nothing to go back to", async () => {
  await using repository = await testRepository();
  const { code, told } = await type(repository, ["--rollback", "--yes"]);
  assert.equal(code, 1);
  assert.match(told, /there is no release to go back to/);
  const named = ["--rollback", "0.1.0-20261130T155012Z-74acb41", "--yes"];
  assert.match((await type(repository, named)).told, /is not kept .*these are: none/);
});

Deno.test("--rollback where all was stopped starts nothing, and says what to say instead", async () => {
  await using repository = await testRepository();
  const [old, last, bad] = await writeRecords(repository, "done", "done", "rolled back");
  const { code, told } = await type(repository, ["--rollback", "--yes"]);
  assert.equal(code, 1);
  const kept = `these are kept: ${old}, ${last}, ${bad}`;
  assert.ok(told.includes(`where nothing runs: say --rollback ${last} for the last `), told);
  assert.ok(told.includes(kept), told);
  const edges = await type(repository, ["--rollback", "--yes", "--only", "edge"]);
  assert.ok(edges.told.includes(`: say --rollback ${last} --only edge for the last `), edges.told);
});

Deno.test("--rollback where one program was stopped takes back neither, and says what to say", async () => {
  await using repository = await testRepository();
  const [old, last] = await writeRecords(repository, "done", "done");
  const replicas = [{ slot: "origin-0", kind: "origin", release: last }];
  await repository.write(".cache/deploy/wanted.json", JSON.stringify({ replicas, listen: {} }));
  const { code, told, printed } = await type(repository, ["--rollback", "--plan"]);
  assert.deepEqual([code, printed], [1, ""]);
  assert.ok(told.includes(": say --rollback --only origin for the origins alone, "), told);
  for (const said of [["--rollback", "--only", "origin"], ["--rollback", old!]]) {
    const plan = await type(repository, [...said, "--plan", "--json"]);
    assert.equal(plan.code, 0, plan.told);
    assert.equal(JSON.parse(plan.printed).release, old);
  }
});

/** Of releases of both programs, each a day after the one before. */
async function writeRecords(repository: Repository, ...outcomes: Outcome[]): Promise<string[]> {
  const ids = outcomes.map((_, k) => `0.1.0-2026120${k + 1}T120000Z-74acb41`);
  for (const [k, id] of ids.entries()) {
    const record = {
      ...{ id, at: timeIn(id), outcome: outcomes[k], programs: ["origin", "edge"], previous: {} },
    };
    const folder = `.cache/deploy/releases/${id}`;
    await repository.write(`${folder}/release.json`, JSON.stringify(record));
    await repository.write(
      `${folder}/settings.json`,
      JSON.stringify({ edge: EDGE, origin: ORIGIN }),
    );
  }
  return ids;
}

Deno.test("--stop says with --plan what would end, and ends nothing", async () => {
  await using repository = await testRepository();
  const { code, printed, asked, folder } = await type(repository, ["--stop", "--plan"]);
  assert.deepEqual([code, asked], [0, []]);
  assert.match(printed, /^Would end: nothing, for nothing runs/);
  await assert.rejects(Deno.stat(folder), Deno.errors.NotFound);
});

Deno.test("what cannot be meant together is refused, and so is what no target asked for hears", async () => {
  await using repository = await testRepository();
  const both = await type(repository, ["--stop", "--rollback", "--yes"]);
  assert.equal(both.code, 2);
  assert.match(both.told, /'--stop' cannot be used with .*'--rollback/);
  const host = await type(repository, ["--host", "root@chat1", "--yes"]);
  assert.equal(host.code, 2);
  assert.match(host.told, /--host says nothing to local: say --target ssh/);
  const tokens = await type(repository, ["--smoke-token", "one", "--yes"]);
  assert.equal(tokens.code, 2);
  assert.match(tokens.told, /--smoke-token must be given twice, with tokens of two users/);
});

Deno.test("names in a file of settings that nobody reads are warned of", async () => {
  await using repository = await testRepository();
  const { code, printed } = await type(repository, ["--plan"], {
    edge: { ...EDGE, DRAIN_MSS: "5000" },
  });
  assert.equal(code, 0);
  assert.match(
    printed,
    /warning: .*edge\.env: DRAIN_MSS is no setting of the edge. Is DRAIN_MS meant/,
  );
});
