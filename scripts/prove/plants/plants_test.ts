/** A plant that no longer fits the source would be found by nobody: here it is noticed at once. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { copyProject, readProjectFile } from "./copy.ts";
import { edited, filesOf } from "./plant.ts";
import { PLANTS } from "./plants.ts";
import { PROMISES } from "./promises.ts";
import { SCENES } from "./scenes/scenes.ts";

Deno.test("every plant fits the source: each of its edits finds its text once, and changes it", async () => {
  for (const plant of PLANTS) {
    for (const [file, edits] of filesOf(plant)) {
      const source = await readProjectFile(file);
      assert.notEqual(edited(source, edits), source, plant.name);
    }
  }
});

Deno.test("the types of every plant fit: it goes wrong by what it does", async () => {
  await using copy = await copyProject();
  const variants: string[] = [];
  for (const plant of PLANTS) {
    for (const [file, edits] of filesOf(plant)) {
      if (!file.endsWith(".ts")) continue;
      // Beside the original, so that it imports what that imports.
      const variant = join(copy.path, file.replace(/\.ts$/, `.${plant.name}.ts`));
      await Deno.writeTextFile(variant, edited(await readProjectFile(file), edits));
      variants.push(variant);
    }
  }
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["check", "--quiet", ...variants],
    cwd: copy.path,
    env: { NO_COLOR: "1" },
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
});

Deno.test("every plant has a name of its own, says what it does, and has judges", () => {
  const names = PLANTS.map(({ name }) => name);
  assert.deepEqual(names, [...new Set(names)]);
  for (const { name, about, judges } of PLANTS) {
    assert.match(name, /^[a-z]+(-[a-z]+)*$/);
    assert.match(about, /^[^|\n]{20,110}[^.|\n]$/, name);
    assert.ok(judges.length > 0, `${name} has no judge`);
    const ids = judges.map(({ judge }) => judge.id);
    assert.deepEqual(ids, [...new Set(ids)], name);
  }
});

Deno.test("every promise that a plant breaks is one of GUARANTEES.md, and a plant breaks each", async () => {
  const guarantees = await readProjectFile(".github/GUARANTEES.md");
  const promised = guarantees.split("\n## Promised\n")[1]!.split("\n## ")[0]!.split("\n");
  for (const promise of Object.values(PROMISES)) {
    assert.equal(promised.filter((row) => row.startsWith(`| ${promise}`)).length, 1, promise);
    assert.ok(PLANTS.some((plant) => plant.promise === promise), `nothing breaks: ${promise}`);
  }
});

Deno.test("every judge is there, and every scene is somebody's judge", async () => {
  const judges = PLANTS.flatMap((plant) => plant.judges.map(({ judge }) => judge));
  for (const { args } of judges) {
    for (const arg of args.filter((arg) => arg.endsWith(".ts"))) await readProjectFile(arg);
  }
  const played = new Set(
    judges.filter(({ kind }) => kind === "history")
      .map(({ args }) => args.at(-1)!),
  );
  assert.deepEqual([...played].toSorted(), Object.keys(SCENES).toSorted());
});

Deno.test("edited() refuses an edit whose text is not there, or is there twice", () => {
  const edit = (find: string) => ({ file: "a.ts", find, replace: "x" });
  assert.equal(edited("one two", [edit("one"), edit("two")]), "x x");
  assert.throws(() => edited("one two", [edit("three")]), /holds "three" 0 times, not once/);
  assert.throws(() => edited("one one", [edit("one")]), /holds "one" 2 times, not once/);
});
