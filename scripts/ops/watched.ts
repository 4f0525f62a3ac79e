/**
 * A system that a Prometheus watches, by our rules.
 *
 * Invariant: it scrapes every replica each second, under the names that the dashboard asks for.
 *
 * @module
 */

import { join } from "node:path";
import { temporaryDirectory } from "testing/temporary_directory.ts";
import type { State } from "../dev/state.ts";
import { type RunningPrometheus, startPrometheus } from "../services/prometheus.ts";

export async function watch(
  state: Pick<State, "edges" | "origins">,
): Promise<RunningPrometheus> {
  await using stack = new AsyncDisposableStack();
  const directory = stack.use(await temporaryDirectory("prometheus"));
  const job = (name: string, programs: { internal: string }[]) => ({
    job_name: name,
    static_configs: [{ targets: programs.map(({ internal }) => new URL(internal).host) }],
  });
  const prometheus = stack.use(
    await startPrometheus({
      storeDir: directory.path,
      config: JSON.stringify({
        global: { scrape_interval: "1s", evaluation_interval: "1s" },
        rule_files: [join(import.meta.dirname!, "alerts.yml")],
        scrape_configs: [job("edge", state.edges), job("origin", state.origins)],
      }),
    }),
  );
  const owned = stack.move();
  return { ...prometheus, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
