import assert from "node:assert/strict";
import { join } from "node:path";
import { temporaryDirectory } from "testing/temporary_directory.ts";
import { readState, type State, writeState } from "./state.ts";

const STATE: State = {
  pid: 1,
  edges: [],
  origins: [],
  postgres: {
    url: "postgres://127.0.0.1:5432/fanfare",
    origin_url: "postgres://origin@127.0.0.1:5432/fanfare",
  },
  nats: { url: "nats://127.0.0.1:4222", users: {} },
  redis: { url: "http://127.0.0.1:8079", token: "t", read_only_token: "r" },
  push: { recorder: "http://127.0.0.1:8078" },
  api_key: "k",
  token_secret: "s",
};

Deno.test("a state file is its owner's alone, also after it was written again", async () => {
  await using folder = await temporaryDirectory("state");
  const file = join(folder.path, "deep", "state.json");
  await writeState(file, STATE);
  await writeState(file, { ...STATE, pid: 2 });
  assert.deepEqual(await readState(file), { ...STATE, pid: 2 });
  assert.equal((await Deno.stat(file)).mode! & 0o777, 0o600);
  assert.equal([...Deno.readDirSync(join(folder.path, "deep"))].length, 1);
});

Deno.test("readState() tells a missing file from a broken one", async () => {
  await using folder = await temporaryDirectory("state");
  assert.equal(await readState(join(folder.path, "none.json")), undefined);
  const broken = join(folder.path, "broken.json");
  await Deno.writeTextFile(broken, "{");
  await assert.rejects(readState(broken), /Cannot read the state file/);
});
