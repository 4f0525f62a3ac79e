import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { METHODS } from "origin/requests/dispatch.ts";
import { CLOSES, ERRORS, type WireError } from "shared/wire/codes.ts";
import { FRAME_LIMITS } from "shared/wire/codec.ts";
import { jsonCodec } from "shared/wire/json.ts";
import { PARTS } from "../prove/parts.ts";

const ROOT = join(import.meta.dirname!, "../..");
const ADR = ".github/adr";
const read = (path: string) => Deno.readTextFileSync(join(ROOT, path));
const protocol = read("shared/wire/PROTOCOL.md");

/** What a heading of a document stands over. */
function section(document: string, heading: string): string {
  const [, body] = document.split(`\n## ${heading}\n`);
  assert.ok(body, `a section called ${heading}`);
  return body.split("\n## ")[0]!;
}

/** The cells of each row of the first table, without its head. */
function rows(text: string): string[][] {
  const lines = text.split("\n").filter((line) => line.startsWith("|"));
  return lines.slice(2).map((line) =>
    // A bar within a cell is written with a backslash.
    line.slice(1, -1).split(/(?<!\\)\|/).map((cell) => cell.trim())
  );
}

const codeNames = (cell: string) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name!);

Deno.test("PROTOCOL.md lists every error of the table, and no other", () => {
  const errors: WireError[] = Object.values(ERRORS);
  assert.deepEqual(
    rows(section(protocol, "Errors")).map((cells) => cells.slice(0, 3)),
    errors.map(({ code, message, temporary }) => [`${code}`, message, temporary ? "yes" : ""]),
  );
});

Deno.test("PROTOCOL.md lists every close of the table, and no other", () => {
  assert.deepEqual(
    rows(section(protocol, "Closes")).map((cells) => cells.slice(0, 2)),
    Object.values(CLOSES).map(({ code, reason }) => [`${code}`, reason]),
  );
});

Deno.test("PROTOCOL.md lists every method that an origin answers, and no other", () => {
  const listed = rows(section(protocol, "Methods")).flatMap(([method]) => codeNames(method!));
  assert.deepEqual(listed, [...METHODS.keys()]);
});

Deno.test("PROTOCOL.md lists every verb that the codec knows", () => {
  const verbs = rows(section(protocol, "Verbs")).flatMap(([verb]) => codeNames(verb!));
  for (const verb of verbs) {
    const [command] = jsonCodec.decode(`{"id":1,"${verb}":{}}`);
    const served = command?.verb !== "unavailable";
    assert.equal(served, ["connect", "rpc", "send", "refresh", "ping"].includes(verb), verb);
  }
  assert.equal(verbs.length, 12);
});

Deno.test("PROTOCOL.md says the bounds that the codec keeps", () => {
  const { maxBytes, maxCommands, maxDepth } = FRAME_LIMITS;
  const words = `${maxBytes / 1024} KiB and ${maxCommands} commands a frame, ${maxDepth} levels`;
  assert.ok(protocol.includes(words), words);
});

Deno.test("PROTOCOL.md shows frames that the codec reads", () => {
  const said = section(protocol, "Frames").split("\n").filter((line) => line.startsWith("> "));
  const verbs = said.flatMap((line) => jsonCodec.decode(line.slice(2)).map(({ verb }) => verb));
  assert.deepEqual(verbs, ["connect", "rpc", "pong"]);
});

Deno.test("every link of every document leads somewhere", () => {
  const documents = [
    "README.md",
    "shared/wire/PROTOCOL.md",
    ".github/ARCHITECTURE.md",
    ".github/GUARANTEES.md",
    ".github/THREATS.md",
    ".github/BOUNDS.md",
    ".github/SETTINGS.md",
  ]
    .concat(
      "scripts/prove/PROOF.md",
      "scripts/ops/METRICS.md",
      "scripts/ops/RUNBOOK.md",
      "scripts/deploy/DEPLOY.md",
      "scripts/ops/OPERATE.md",
      ".github/CONTRIBUTING.md",
      adrs().map((name) => `${ADR}/${name}`),
      `${ADR}/README.md`,
    );
  for (const document of documents) {
    for (const [, target] of read(document).matchAll(/\]\((?!https?:)([^)\s]+)\)/g)) {
      const [path, anchor] = target!.split("#");
      const file = path ? join(dirname(document), path) : document;
      assert.ok(Deno.statSync(join(ROOT, file)), `${document}: ${target}`);
      if (anchor && file.endsWith(".md")) {
        const heading = new RegExp(`^#+ ${anchor.replaceAll("-", "[ -]")}$`, "im");
        assert.match(read(file), heading, `${document}: ${target}`);
      }
    }
  }
});

function adrs(): string[] {
  const names = [...Deno.readDirSync(join(ROOT, ADR))].map(({ name }) => name);
  return names.filter((name) => name !== "README.md").toSorted();
}

Deno.test("every decision has a number, a date, a status and its three parts", () => {
  adrs().forEach((name, i) => {
    const number = `${i + 1}`.padStart(4, "0");
    assert.match(name, new RegExp(`^${number}-[a-z0-9-]+\\.md$`));
    const text = read(`${ADR}/${name}`);
    assert.match(
      text,
      /^# .+\n\nDate: \d{4}-\d{2}-\d{2}\\\nStatus: (Proposed|Accepted|Superseded by \d{4})\n/,
      name,
    );
    for (const heading of ["Context", "Decision", "Consequences"]) section(text, heading);
    assert.ok(text.split("\n").length <= 60, `${name} is at most a page`);
  });
});

Deno.test("the index of decisions names each of them by its title", () => {
  const index = read(`${ADR}/README.md`);
  const listed = [...index.matchAll(/^- \[(.+)\]\((.+)\)/gm)].map((
    [, title, name],
  ) => [name, title]);
  const titles = adrs().map((name) => [name, /^# (.+)$/m.exec(read(`${ADR}/${name}`))![1]]);
  assert.deepEqual(listed, titles);
});

for (const document of [".github/GUARANTEES.md", ".github/THREATS.md"]) {
  Deno.test(`every line of ${document} names tests, or parts of the proof, that exist`, () => {
    const lines = read(document).split("\n").filter((line) => /^\| (?!-|.*\| held by)/.test(line));
    assert.ok(lines.length > 20);
    lines.forEach(assertHeld);
  });
}

function assertHeld(line: string): void {
  const held = line.split(/(?<!\\)\|/).at(-2)!;
  const links = [...held.matchAll(/\[([^\]]+)\]\(\.\.\/([^)]+)\)/g)];
  const parts = [...held.matchAll(/`prove --part ([^`]+)`/g)].map(([, part]) => part!);
  assert.ok(links.length + parts.length > 0, `nothing holds: ${line}`);
  for (const part of parts) assert.ok(PARTS.some(({ name }) => name === part), part);
  for (const [, name, file] of links) {
    const text = read(file!);
    const isThere = text.includes(`"${name}"`) || text.includes(`\`${name}\``);
    assert.ok(isThere, `${file} has no test "${name}"`);
  }
}
