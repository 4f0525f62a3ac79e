/**
 * The lint plugin that keeps the tree's rules: imports, effects, topic names, purity.
 *
 * Invariant: each rule looks at one file and says in words what is wrong and where it belongs.
 * The tables are in `tree.ts`. A module whose header claims to be pure is held to it.
 *
 * @module
 */

import { isAbsolute, relative, resolve } from "node:path";
import { faultInImport, isForTests, partOf } from "./tree.ts";

const ROOT = resolve(import.meta.dirname!, "../..");

type Visitor = Deno.lint.LintVisitor;
type Context = Deno.lint.RuleContext;
type Report = (node: Deno.lint.Node, message: string) => void;

const plugin: Deno.lint.Plugin = {
  name: "boundaries",
  rules: {
    imports: { create: (context) => imports(pathOf(context), reporter(context)) },
    effects: { create: (context) => effects(pathOf(context), reporter(context)) },
    topics: { create: (context) => topics(pathOf(context), reporter(context)) },
    pure: { create: (context) => pure(context, reporter(context)) },
  },
};

// The linter loads a plugin by its default export.
export default plugin;

function pathOf({ filename }: Context): string {
  return isAbsolute(filename) ? relative(ROOT, filename).replaceAll("\\", "/") : filename;
}

function reporter(context: Context): Report {
  return (node, message) => context.report({ node, message });
}

function imports(path: string, report: Report): Visitor {
  const check = (node: Deno.lint.Node, source: Deno.lint.Node | null | undefined) => {
    if (source?.type !== "Literal" || typeof source.value !== "string") return;
    const fault = faultInImport(path, source.value);
    if (fault) report(node, `Cannot import "${source.value}" here: ${fault}`);
  };
  return {
    ImportDeclaration: (node) => check(node, node.source),
    ExportAllDeclaration: (node) => check(node, node.source),
    ExportNamedDeclaration: (node) => check(node, node.source),
    ImportExpression: (node) => check(node, node.source),
  };
}

const PROCESS_MEMBERS = ["env", "exit", "exitCode", "addSignalListener", "removeSignalListener"];

/** The process belongs to main.ts, the terminal to the log; scripts and tests may use both. */
function effects(path: string, report: Report): Visitor {
  if (partOf(path) === "scripts" || isForTests(path)) return {};
  return {
    VariableDeclarator(node) {
      if (node.init && globalName(node.init) === "Deno") {
        report(node, "Cannot take Deno apart here: write Deno.<name>, so that its use is seen");
      }
    },
    MemberExpression(node) {
      const owner = globalName(node.object);
      if (owner === "console" && path !== "shared/log.ts") {
        report(node, "Cannot write to the console here: log through shared/log.ts");
      }
      const member = memberName(node);
      if (owner !== "Deno" || !member || !PROCESS_MEMBERS.includes(member)) return;
      if (path.endsWith("/main.ts")) return;
      report(node, `Cannot use Deno.${member} here: it belongs to main.ts, hand its value in`);
    },
  };
}

/** A topic key or subject that is spelled out: kinds alone, such as "user-inbox", are types. */
const SPELLED_TOPIC = /^(chat\.|user-inbox-|group-chat-)/;

function topics(path: string, report: Report): Visitor {
  if (path === "shared/topic.ts" || isForTests(path)) return {};
  const check = (node: Deno.lint.Node, text: unknown) => {
    if (typeof text !== "string" || !SPELLED_TOPIC.test(text)) return;
    report(node, `Cannot spell the topic "${text}" here: shared/topic.ts names and reads topics`);
  };
  return {
    Literal: (node) => check(node, node.value),
    TemplateElement: (node) => check(node, node.cooked),
  };
}

const IMPURE = new Set([
  "Deno",
  "console",
  "crypto",
  "fetch",
  "performance",
  "queueMicrotask",
  "setImmediate",
  "setInterval",
  "setTimeout",
]);

/** A pure module decides: whatever it needs of clock, chance or world is handed in. */
function pure(context: Context, report: Report): Visitor {
  if (isForTests(pathOf(context)) || !saysPure(context)) return {};
  const refuse = (node: Deno.lint.Node, what: string) =>
    report(node, `Cannot use ${what} here: the header says "Pure", so it must be handed in`);
  return {
    ImportDeclaration(node) {
      const { value } = node.source;
      if (node.importKind === "value" && value.startsWith("node:")) refuse(node, value);
    },
    CallExpression(node) {
      const name = globalName(node.callee);
      if (name && IMPURE.has(name)) refuse(node, name);
    },
    MemberExpression(node) {
      const name = globalName(node.object), member = memberName(node);
      if (name && IMPURE.has(name)) refuse(node, name);
      if (name === "Date" && member === "now") refuse(node, "Date.now");
      if (name === "Math" && member === "random") refuse(node, "Math.random");
    },
    NewExpression(node) {
      if (globalName(node.callee) === "Date" && node.arguments.length === 0) {
        refuse(node, "the current date");
      }
    },
  };
}

function saysPure({ sourceCode }: Context): boolean {
  const header = /^\/\*\*.*?\*\//s.exec(sourceCode.text)?.[0] ?? "";
  return /\bPure\b/.test(header);
}

/** `Deno` of `Deno`, and of `globalThis.Deno`. */
function globalName(node: Deno.lint.Node): string | undefined {
  if (node.type === "Identifier") return node.name;
  if (node.type !== "MemberExpression" || node.object.type !== "Identifier") return;
  if (node.object.name === "globalThis") return memberName(node);
}

function memberName(node: Deno.lint.MemberExpression): string | undefined {
  if (node.property.type === "Identifier" && !node.computed) return node.property.name;
  if (node.property.type === "Literal") return String(node.property.value);
}
