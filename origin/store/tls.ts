/**
 * What the address of a database says of TLS, in the words that every client of Postgres knows.
 *
 * Invariant: where an authority is named, nothing is sent to a server that it does not vouch for;
 * that holds for `sslmode=require` too, where other clients look at the authority alone and not at
 * the name. The driver knows no authority of one's own, so it is read here. Where none is named the
 * driver does what `sslmode` says: `verify-full` trusts the system's, `require` whoever answers.
 *
 * @module
 */

export interface DatabaseTls {
  /** Without what the driver would hand on to the server. */
  url: string;
  /** PEM. */
  ca?: string;
}

/** The system's own authorities; the driver knows that word. */
const SYSTEM = "system";

/** @throws {Error} When the authority cannot be read. */
export function tlsOf(url: string, readText: (path: string) => string): DatabaseTls {
  const parsed = URL.parse(url);
  const path = parsed?.searchParams.get("sslrootcert");
  if (!parsed || !path || path === SYSTEM) return { url };
  const isOff = parsed.searchParams.get("sslmode") === "disable";
  for (const name of ["sslrootcert", ...(isOff ? [] : ["sslmode"])]) {
    parsed.searchParams.delete(name);
  }
  return { url: parsed.href, ...(!isOff && { ca: read(path, readText) }) };
}

function read(path: string, readText: (path: string) => string): string {
  try {
    return readText(path);
  } catch (cause) {
    throw new Error(`Cannot read sslrootcert: ${(cause as Error).message}`, { cause });
  }
}
