import assert from "node:assert/strict";
import fc from "fast-check";
import { commandLine } from "./command_line.ts";

const NASTY = [
  "",
  " ",
  "it's",
  `"; touch /tmp/owned; "`,
  "$(touch /tmp/owned)",
  "`touch /tmp/owned`",
  "$HOME",
  "a\nb",
  "a\\",
  "-rf",
  "*",
  "~",
  "#",
  "!!",
  "PATH=nowhere",
  "ä€🎺",
  "'",
  "''\\'''",
];

/** What a program is given that a shell starts by the line: each word, ended by a NUL. */
function wordsRead(shell: string, line: string): string[] {
  const { stdout, success } = new Deno.Command(shell, { args: ["-c", line] }).outputSync();
  assert.ok(success, line);
  return new TextDecoder().decode(stdout).split("\0").slice(0, -1);
}

Deno.test("commandLine() comes out of a shell as the words that went in", () => {
  for (const shell of ["sh", "bash"]) {
    assert.deepEqual(wordsRead(shell, commandLine(["printf", "%s\\0", ...NASTY])), NASTY);
  }
});

Deno.test("commandLine() keeps any words apart, and each whole", () => {
  const word = fc.string({ unit: fc.constantFrom(...`"'\\$\`\n\t *?~!;&|<>(){}[]=-aé`) });
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 20 }), (words) => {
      assert.deepEqual(wordsRead("sh", commandLine(["printf", "%s\\0", ...words])), words);
    }),
    { numRuns: 30 },
  );
});

Deno.test("commandLine() takes a first word with an equals sign for no variable, and refuses a NUL", () => {
  assert.equal(commandLine(["A=1", "B=2"]), "'A=1' B=2");
  assert.throws(() => commandLine(["a\0b"]), /holds a NUL/);
});
