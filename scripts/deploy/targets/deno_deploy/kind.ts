/**
 * What may be said to the target of Deno Deploy.
 *
 * @module
 */

import { Option } from "commander";
import { resolve } from "node:path";
import { UsedWrongly } from "../../../cli/run.ts";
import type { TargetKind } from "../../target_kind.ts";
import { DEFAULT_FOLDER } from "../local/kind.ts";
import { type SharedOptions, TO } from "../options.ts";
import { runDeno } from "./platform.ts";
import { DenoDeployTarget } from "./target.ts";

interface DenoDeployCommand extends SharedOptions {
  app?: string;
  org?: string;
}

const APP = /^[a-z0-9][a-z0-9-]*$/;

export const denoDeploy: TargetKind = {
  name: "deno-deploy",
  about: "edges on Deno Deploy; origins need another target",
  options: [
    new Option("--app <name>", "deno-deploy: the app, which is there already"),
    new Option("--org <name>", "deno-deploy: its organisation"),
    TO,
  ],
  open(options, { report }) {
    const { app, org, to = DEFAULT_FOLDER } = options as typeof options & DenoDeployCommand;
    if (app === undefined || !APP.test(app)) {
      throw new UsedWrongly("deno-deploy needs to be told which app: --app NAME");
    }
    return Promise.resolve(
      new DenoDeployTarget({
        folder: resolve(to, `deno-deploy-${app}`),
        app: { name: app, ...(org !== undefined && { organisation: org }) },
        run: runDeno(),
        report,
      }),
    );
  },
};
