/**
 * Plays one scene on the source beside it: `main.ts NAME [SEED]`. Ends with 0 when nothing was found.
 *
 * @module
 */

import { judgeScene } from "./judge_cast.ts";
import { SCENES } from "./scenes.ts";

const FOUND = 1, FAILED = 2;

const [name = "", seed = "1"] = Deno.args;
const scene = SCENES[name];
if (!scene) {
  console.error(`There are: ${Object.keys(SCENES).join(", ")}`);
  Deno.exit(FAILED);
}
try {
  const anomalies = await judgeScene(scene, Number(seed));
  for (const { name, count, examples } of anomalies) {
    console.log(`ANOMALY ${name}, ${count} times: ${examples[0]}`);
  }
  Deno.exit(anomalies.length > 0 ? FOUND : 0);
} catch (error) {
  console.error(error);
  Deno.exit(FAILED);
}
