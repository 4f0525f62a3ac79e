/**
 * Redis's patterns for names: `*`, `?`, `[abc]`, `[^a]`, `[a-z]`, and `\` before any of them.
 *
 * @module
 */

const TOKEN = /\\(.)|\*|\?|\[(\^?)((?:\\.|[^\]\\])*)\]|[^]/gsu;

export function glob(pattern: string): (name: string) => boolean {
  const source = pattern.replace(TOKEN, (token, escaped, negated, members) => {
    if (escaped !== undefined) return literal(escaped);
    if (token === "*") return "[^]*";
    if (token === "?") return "[^]";
    if (members === undefined) return literal(token);
    return `[${negated}${classOf(members)}]`;
  });
  const regexp = new RegExp(`^${source}$`, "u");
  return (name) => regexp.test(name);
}

function literal(character: string): string {
  return `\\u{${character.codePointAt(0)!.toString(16)}}`;
}

function classOf(members: string): string {
  return members.replace(/\\(.)|-|[^]/gsu, (token, escaped, at) => {
    const isRange = token === "-" && at > 0 && at < members.length - 1;
    return isRange ? "-" : literal(escaped ?? token);
  });
}
