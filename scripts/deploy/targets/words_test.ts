import assert from "node:assert/strict";
import { startWords, tasksIn, withTexts } from "./words.ts";

const TASKS = tasksIn(`{"tasks":{
  "edge":{"command":"deno run --no-prompt --allow-net --allow-env=PORT edge/main.ts"},
  "origin":{"command":"deno serve origin.ts"}}}`);

Deno.test("startWords() are the task's own, with the network narrowed and nothing fetched", () => {
  assert.deepEqual(startWords("/usr/bin/deno", "edge", TASKS, ["a:1", "b:2"]), [
    ...["/usr/bin/deno", "run", "--cached-only", "--no-prompt", "--allow-net=a:1,b:2"],
    ...["--allow-env=PORT", "edge/main.ts"],
  ]);
  assert.throws(() => startWords("deno", "origin", TASKS, []), /does not begin with deno run/);
});

Deno.test("withTexts() takes the text of a file for its path, and leaves texts as they are", () => {
  const read: string[] = [];
  const readText = (path: string) => (read.push(path), `text of ${path}`);
  const key = "-----BEGIN PRIVATE KEY-----";
  const settings = {
    FCM_CREDENTIAL: "/keys/fcm.json",
    APNS_KEY: key,
    PORT: "1",
    PUSH_CA: undefined,
  };
  assert.deepEqual(withTexts(settings, readText), {
    ...settings,
    FCM_CREDENTIAL: "text of /keys/fcm.json",
  });
  assert.deepEqual(read, ["/keys/fcm.json"]);
});
