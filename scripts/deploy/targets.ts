/**
 * All targets, each by the name that it has on the command line.
 *
 * @module
 */

import { denoDeploy } from "./targets/deno_deploy/kind.ts";
import { kubernetes } from "./targets/kubernetes/kind.ts";
import { local } from "./targets/local/kind.ts";
import { ssh } from "./targets/ssh/kind.ts";
import type { TargetName } from "./target.ts";
import type { TargetKind } from "./target_kind.ts";

export const TARGETS: Readonly<Record<TargetName, TargetKind>> = {
  local,
  ssh,
  kubernetes,
  "deno-deploy": denoDeploy,
};
