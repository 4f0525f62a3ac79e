/**
 * A new release comes into service while everybody sends, and one that is broken does not.
 *
 * Invariant: what is deployed is deployed by `deno task deploy` alone, and what clients are told of it
 * is read from their histories, every close that they did not ask for.
 *
 * @module
 */

import { BROKEN } from "../deployed/broken.ts";
import { DeployedSystem } from "../deployed/deployed_system.ts";
import { type History, WANTED } from "../history/entry.ts";
import type { LoadSize } from "../load/size.ts";
import type { Figures, Part } from "../part.ts";
import { Stage } from "../stage.ts";

/** 500 clients that are connected all the time, but for those that go away of themselves. */
const LOAD: LoadSize = {
  users: 250,
  devicesPerUser: 2,
  groups: 20,
  membersPerGroup: 20,
  sendsPerS: 50,
  changesPerS: 0.5,
  absencesPerS: 0.5,
  sleepers: 10,
};
const CALM_MS = 10_000;
/** For whoever an edge sent away to be live again. */
const BACK_MS = 5_000;
/** What an edge closes a connection with that is to go to another. */
const DRAINED = 3001;

export const deploy: Part = {
  name: "deploy",
  about: "a release is deployed, and a broken one goes back: clients see 3001, and are back in 5 s",
  minutes: 3,
  alone: true,
  async run(context) {
    let deployed!: DeployedSystem;
    await using stage = await Stage.start(context, {
      size: LOAD,
      startSystem: async () => deployed = await DeployedSystem.start({ edges: 2, origins: 2 }),
      edgesOf: () => [deployed.socket],
      limits: { back_max_ms: BACK_MS, closed_otherwise: 0 },
    });
    await stage.pause(CALM_MS);
    context.report("a new release is deployed");
    await deployed.checkout.commit("One that is good");
    expect(await deployed.deploy(), 0, /is in service/);
    await stage.pause(CALM_MS);

    const { about, edits, says } = BROKEN.mute;
    context.report(`a broken one is deployed: ${about}`);
    await deployed.checkout.commit(about, edits);
    expect(await deployed.deploy(), 1, says);
    await stage.pause(CALM_MS);
    return await stage.settle(() => Promise.resolve(closesIn(stage.recorder.history)));
  },
};

/** @throws {Error} With everything that the command said. */
function expect(
  { code, printed, told }: { code: number; printed: string; told: string },
  expected: number,
  says: RegExp,
): void {
  if (code === expected && says.test(printed + told)) return;
  throw new Error(`Cannot go on: deploy ended with ${code}, not ${expected}:\n${printed}${told}`);
}

/** How often connections ended that their apps did not end. */
function closesIn({ devices }: History): Figures {
  const codes = devices.flatMap(({ entries }) =>
    entries.flatMap((entry) => entry.kind === "closed" && entry.code !== WANTED ? [entry.code] : [])
  );
  const drained = codes.filter((code) => code === DRAINED).length;
  return { closed_3001: drained, closed_otherwise: codes.length - drained };
}
