import assert from "node:assert/strict";
import { readEnvFile } from "./environment.ts";

const read = (text: string) => readEnvFile("edge=a.env", () => text).values;

Deno.test("readEnvFile() reads what a shell would, and keys of several lines", () => {
  const key = "-----BEGIN PRIVATE KEY-----\nMIG\n-----END PRIVATE KEY-----";
  const text =
    `# it's one\n\nA=1\r\n export B = 2\nC="${key}"\n   # theirs\nE='x=y'\nNATS_URL=nats://h:4222\n`;
  assert.deepEqual(read(text), {
    ...{ A: "1", B: "2", C: key, E: "x=y", NATS_URL: "nats://h:4222" },
  });
  assert.deepEqual(read(""), {});
});

Deno.test("readEnvFile() names the line that would be left out without a word", () => {
  for (const line of ["NATS_URL", "NATS_URL: nats://h", "1A=2", "\u0000\u0001"]) {
    assert.throws(
      () => read(`A=1\nC="x\ny"\n${line}\nB=2`),
      /^UsedWrongly: Cannot read "a\.env": line 4 is no setting, such as NAME=value$/,
    );
  }
});
