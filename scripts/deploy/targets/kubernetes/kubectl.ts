/**
 * A cluster, through the kubectl of whoever deploys.
 *
 * Invariant: nothing happens in the cluster but by `run`. Which cluster it is, and who one is there,
 * is what kubectl's own configuration says. Knows nothing of manifests.
 *
 * @module
 */

import { forward, type Reached } from "../forward.ts";

export interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

export interface Kubectl {
  run(words: readonly string[], stdin?: string): Promise<Ran>;
  reach(pod: string, port: number): Promise<Reached>;
}

export interface KubectlOptions {
  namespace: string;
  /** Of kubectl's configuration; left out: the one in use. */
  context?: string;
}

export function kubectlOf({ namespace, context }: KubectlOptions, kubectl = "kubectl"): Kubectl {
  const where = [
    "--namespace",
    namespace,
    ...(context === undefined ? [] : ["--context", context]),
  ];
  return {
    async run(words, stdin) {
      const child = spawn(kubectl, [...where, ...words], stdin !== undefined);
      const fed = stdin === undefined
        ? undefined
        : new Blob([stdin]).stream().pipeTo(child.stdin).catch(() => {});
      const { code, stdout, stderr } = await child.output();
      await fed;
      const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
      return { code, stdout: text(stdout), stderr: text(stderr) };
    },
    reach: (pod, port) =>
      forward({
        to: `port ${port} of pod ${pod}`,
        words: (here) => [
          kubectl,
          ...where,
          ...["port-forward", "--address", "127.0.0.1", `pod/${pod}`, `${here}:${port}`],
        ],
      }),
  };
}

function spawn(command: string, args: string[], fed: boolean): Deno.ChildProcess {
  try {
    return new Deno.Command(command, {
      args,
      stdin: fed ? "piped" : "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new Error(`Cannot deploy to a cluster: there is no ${command} on the PATH`, {
      cause: error,
    });
  }
}
