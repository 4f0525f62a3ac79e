/**
 * A list of words as one line for the shell of another machine.
 *
 * Invariant: a POSIX shell reads the line as exactly these words, whatever is in them. It is the only
 * place where anything is quoted for a shell. Pure.
 *
 * @module
 */

const PLAIN = /^[\w@%+=:,./-]+$/;

/** @throws {TypeError} When a word holds what no word can. */
export function commandLine(words: readonly string[]): string {
  return words.map((word, i) => quote(word, i === 0)).join(" ");
}

function quote(word: string, isFirst: boolean): string {
  if (word.includes("\0")) throw new TypeError("Cannot quote a word: it holds a NUL");
  // A bare `NAME=value` in front would set a variable instead of naming a program.
  if (PLAIN.test(word) && !(isFirst && word.includes("="))) return word;
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
