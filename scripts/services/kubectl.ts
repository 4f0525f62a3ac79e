/**
 * kubectl, for what it does without a cluster.
 *
 * Invariant: it is 1.20 or newer, as Debian has it. Never told of a cluster: what is in
 * `KUBECONFIG` or a home directory is not for tests.
 *
 * @module
 */

import { findProgram, type ProgramNeeds } from "./programs.ts";

const NEEDS: ProgramNeeds = {
  name: "kubectl",
  asked: ["version", "--client"],
  version: /v(\d+\.\d+\.\d+)/,
  atLeast: [1, 20],
  brewFormula: "kubectl",
  variable: "KUBECTL",
  packages: ["kubernetes-client"],
  packagedAt: "usr/bin/kubectl",
};

/** Resolves to what it printed. @throws {MissingProgram} */
export async function kubectl(...args: string[]): Promise<{ success: boolean; printed: string }> {
  const { command: [program, ...prefix] } = await findProgram(NEEDS, {
    explicit: Deno.env.get("KUBECTL"),
  });
  const { success, stdout, stderr } = await new Deno.Command(program, {
    args: [...prefix, ...args],
    env: { KUBECONFIG: "/nonexistent" },
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { success, printed: success ? text(stdout) : text(stderr) };
}
