/**
 * What a host must have before anything is brought there.
 *
 * Invariant: all that is missing is told at once, each with its mend. Pure.
 *
 * @module
 */

export interface Facts {
  uid: number;
  /** The first number of its version. */
  systemdVersion?: number;
  /** Its program itself: a wrapper in front would take the signals that are meant for it. */
  deno?: { version: string; path: string };
}

/** Prints a line for each. */
export const FACTS_SCRIPT = `
echo "uid $(id -u)"
systemctl --version 2>/dev/null | head -n 1
deno eval 'console.log("deno", Deno.version.deno, Deno.execPath())' 2>/dev/null || true
`;

/** Where a service that is confined does not see it. */
const HIDDEN = ["/root/", "/home/", "/run/user/", "/tmp/", "/var/tmp/"];
const OLDEST_SYSTEMD = 247;

export function readFacts(printed: string): Facts {
  const line = (pattern: RegExp) => pattern.exec(printed) ?? [];
  const [, uid = "-1"] = line(/^uid (\d+)$/m);
  const [, systemd] = line(/^systemd (\d+)/m);
  const [, version, path] = line(/^deno (\S+) (.+)$/m);
  return {
    uid: Number(uid),
    ...(systemd !== undefined && { systemdVersion: Number(systemd) }),
    ...(version !== undefined && path !== undefined && { deno: { version, path } }),
  };
}

/** `wanted`: the version of Deno that releases are made for. */
export function faultsIn({ systemdVersion, deno }: Facts, wanted: string): string[] {
  const help = `npm install --global deno@${wanted}, as root`;
  return [
    ...(systemdVersion === undefined ? ["it has no systemd, which starts the programs there"] : []),
    ...(systemdVersion !== undefined && systemdVersion < OLDEST_SYSTEMD
      ? [`its systemd is ${systemdVersion}; ${OLDEST_SYSTEMD} or later is needed`]
      : []),
    ...(deno ? faultsInDeno(deno, wanted, help) : [`it has no deno on its PATH: ${help}`]),
  ];
}

function faultsInDeno({ version, path }: NonNullable<Facts["deno"]>, wanted: string, help: string) {
  return [
    ...(version === wanted ? [] : [`its deno is ${version}, and not ${wanted}: ${help}`]),
    ...(HIDDEN.some((folder) => path.startsWith(folder))
      ? [`its deno is ${path}, where no service sees it: ${help}`]
      : []),
  ];
}
