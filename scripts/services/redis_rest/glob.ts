/**
 * Redis's patterns for names: `*`, `?`, `[abc]`, `[^a]`, `[a-z]`, and `\` before any of them.
 *
 * Follows Redis to the byte, in its oddities too: `?` is one byte of UTF-8, and a class that is not
 * closed reaches to the end of the pattern.
 *
 * @module
 */

const [STAR, ANY, OPEN, CLOSE, NOT, TO, ESCAPE] = [..."*?[]^-\\"].map((c) => c.charCodeAt(0));

export function glob(pattern: string): (name: string) => boolean {
  const utf8 = new TextEncoder();
  const bytes = utf8.encode(pattern);
  return (name) => matches(bytes, utf8.encode(name));
}

function matches(pattern: Uint8Array, name: Uint8Array): boolean {
  let p = 0, n = 0;
  while (p < pattern.length) {
    if (pattern[p] === STAR) return matchesStar(pattern.subarray(p + 1), name.subarray(n));
    if (n === name.length) return false;
    if (pattern[p] === OPEN) {
      const { found, next } = matchClass(pattern, p + 1, name[n]!);
      if (!found) return false;
      p = next;
    } else {
      const any = pattern[p] === ANY;
      if (pattern[p] === ESCAPE && p + 1 < pattern.length) p++;
      if (!any && pattern[p] !== name[n]) return false;
      p++;
    }
    n++;
  }
  return n === name.length;
}

function matchesStar(rest: Uint8Array, name: Uint8Array): boolean {
  for (let from = 0; from <= name.length; from++) {
    if (matches(rest, name.subarray(from))) return true;
  }
  return false;
}

/** `at` is behind the bracket; `next` will be behind the one that closes it. */
function matchClass(
  pattern: Uint8Array,
  at: number,
  byte: number,
): { found: boolean; next: number } {
  const negated = pattern[at] === NOT;
  if (negated) at++;
  let found = false;
  while (at < pattern.length && pattern[at] !== CLOSE) {
    if (pattern[at] === ESCAPE && at + 1 < pattern.length) {
      found ||= pattern[at + 1] === byte;
      at += 2;
    } else if (pattern[at + 1] === TO && at + 2 < pattern.length) {
      const [low, high] = [pattern[at]!, pattern[at + 2]!].sort((a, b) => a - b);
      found ||= low! <= byte && byte <= high!;
      at += 3;
    } else {
      found ||= pattern[at] === byte;
      at++;
    }
  }
  return { found: found !== negated, next: at + 1 };
}
