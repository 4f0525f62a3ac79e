/**
 * All scenes, by name.
 *
 * @module
 */

import { asleep } from "./asleep.ts";
import { atOnce } from "./at_once.ts";
import { comingAndGoing } from "./coming_and_going.ts";
import { commits } from "./commits.ts";
import { halfLost } from "./half_lost.ts";
import { idle } from "./idle.ts";
import type { Scene } from "./scene.ts";
import { slowResume } from "./slow_resume.ts";
import { torn } from "./torn.ts";

export const SCENES: Readonly<Record<string, Scene>> = {
  "half-lost": halfLost,
  "coming-and-going": comingAndGoing,
  "at-once": atOnce,
  asleep,
  idle,
  torn,
  "slow-resume": slowResume,
  commits,
};
