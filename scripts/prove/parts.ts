/**
 * All parts of the proof, in the order of the short lane.
 *
 * @module
 */

import { explorer } from "./explorer/part.ts";
import type { Part } from "./part.ts";
import { auditCost } from "./parts/audit_cost.ts";
import { auditors } from "./parts/auditors.ts";
import { calm } from "./parts/calm.ts";
import { crash } from "./parts/crash.ts";
import { deploy } from "./parts/deploy.ts";
import { herd } from "./parts/herd.ts";
import { idle } from "./parts/idle.ts";
import { kill } from "./parts/kill.ts";
import { nats } from "./parts/nats.ts";
import { outside } from "./parts/outside.ts";
import { plants } from "./parts/plants.ts";
import { presence } from "./parts/presence.ts";
import { resume } from "./parts/resume.ts";
import { soak, storm } from "./parts/storm.ts";
import { simulation } from "./simulation/part.ts";

export const PARTS: readonly Part[] = [
  simulation,
  explorer,
  plants,
  calm,
  resume,
  presence,
  auditors,
  auditCost,
  kill,
  idle,
  herd,
  deploy,
  crash,
  nats,
  outside,
  storm,
  soak,
];
