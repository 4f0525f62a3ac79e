import assert from "node:assert/strict";
import { Check } from "typebox/value";
import { testDatabase } from "testing/database.ts";
import { prepareSchema } from "testing/schema.ts";
import { testOrigin } from "../testing.ts";
import { METHODS } from "./methods.ts";

type Result = Record<string, unknown>;

const user = "ana";
const club = { user, group: "club" };

/** Each method once, in an order in which each finds something. */
const calls: [name: string, data: (results: ReadonlyMap<string, Result>) => object][] = [
  ["info", () => ({})],
  ["group.create", () => ({ ...club, name: "The club", members: ["ben"] })],
  ["group.add", () => ({ ...club, members: ["cem"] })],
  ["group.remove", () => ({ ...club, members: ["cem"] })],
  ["group.get", () => club],
  ["group.leave", () => ({ user: "ben", group: "club" })],
  ["send", () => ({ user, to: { group: "club" }, id: "m1", body: { text: "Hello" } })],
  ["alert", () => ({ body: { text: "Hello, all" } })],
  ["history", () => ({ user, conversation: "group:club" })],
  ["conversations", () => ({ user, limit: 1 })],
  ["presence", () => ({ users: [user] })],
  ["devices", () => ({ user })],
  ["trace", (results) => ({ gsid: results.get("send")!.gsid })],
  ["disconnect", () => ({ user })],
  ["revoke", () => ({ user })],
];

Deno.test("each method of the server API answers what its description says, and no more", async () => {
  await using database = await testDatabase({ prepare: prepareSchema });
  await using origin = await testOrigin(database);
  const results = new Map<string, Result>();
  for (const [name, data] of calls) {
    const { result, error } = await origin.api(name, data(results)) as {
      result: Result;
      error?: unknown;
    };
    assert.equal(error, undefined, `${name}: ${JSON.stringify(error)}`);
    const schema = METHODS.find((method) => method.name === name)!.result;
    assert.ok(Check(schema, result), `${name}: ${JSON.stringify(result)}`);
    const { properties } = schema as { properties?: object };
    const told = Object.keys(properties ?? result);
    assert.deepEqual(Object.keys(result).filter((key) => !told.includes(key)), [], name);
    results.set(name, result);
  }
  assert.deepEqual([...results.keys()].sort(), METHODS.map(({ name }) => name).sort());
  // The conversation that the first page had no room for.
  const { next } = results.get("conversations")!;
  const { result } = await origin.api("conversations", { user, after: next }) as { result: Result };
  assert.deepEqual((result.conversations as Result[]).map((one) => one.conversation), [
    "group:club",
  ]);
});
