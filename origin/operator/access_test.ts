import assert from "node:assert/strict";
import { type AccessRules, mayAct, mayLookUp } from "./access.ts";

const KEY = "k".repeat(32);
const locked = { adminKey: KEY, hostname: "0.0.0.0" };
const open = (hostname: string): AccessRules => ({ adminKey: null, hostname });

Deno.test("with an admin key, whoever has it acts and looks up, and nobody else", () => {
  assert.ok(mayAct(locked, { key: KEY, host: "any" }));
  assert.ok(mayLookUp(locked, { key: KEY, host: "any" }));
  for (const key of [undefined, "", "k".repeat(31), KEY.toUpperCase()]) {
    assert.equal(mayAct(locked, { key, host: "127.0.0.1" }), false);
    assert.equal(
      mayLookUp({ ...locked, hostname: "127.0.0.1" }, { key, host: "127.0.0.1" }),
      false,
    );
  }
});

Deno.test("without one nobody acts, whatever they send", () => {
  for (const key of [undefined, "", "null", KEY]) {
    assert.equal(mayAct(open("127.0.0.1"), { key, host: "127.0.0.1:9100" }), false);
  }
});

Deno.test("without one this machine looks up, under a name of its own", () => {
  const may = (hostname: string, host: string | undefined) =>
    mayLookUp(open(hostname), { key: undefined, host });
  for (const host of ["127.0.0.1:9100", "localhost:9100", "localhost", "[::1]:9100"]) {
    assert.ok(may("127.0.0.1", host), host);
    assert.ok(may("::1", host), host);
    assert.equal(may("0.0.0.0", host), false, host);
    assert.equal(may("10.0.0.7", host), false, host);
  }
  for (const host of [undefined, "", "evil.example:9100", "127.0.0.1.evil.example", "10.0.0.7"]) {
    assert.equal(may("127.0.0.1", host), false, String(host));
  }
});
