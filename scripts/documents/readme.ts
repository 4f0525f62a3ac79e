/**
 * What the README asks a person to type.
 *
 * Invariant: every fenced block of a shell or of TypeScript is given, in order.
 *
 * @module
 */

export interface Block {
  language: string;
  text: string;
}

export function blocksOf(markdown: string): Block[] {
  return [...markdown.matchAll(/^```(\w+).*\n([\s\S]*?)^```$/gm)].map(([, language, text]) => ({
    language: language!,
    text: text!.trim(),
  }));
}

/** `npx -y deno@… task NAME ARGUMENTS`, as NAME and ARGUMENTS; `undefined` for anything else. */
export function taskOf(line: string): { deno: string; name: string; args: string[] } | undefined {
  const [, deno, name, rest] = /^npx -y deno@([\d.]+) task (\w+)(.*)$/.exec(line) ?? [];
  if (!deno || !name) return;
  const args = [...(rest ?? "").matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, word]) =>
    quoted ?? word!
  );
  return { deno, name, args };
}
