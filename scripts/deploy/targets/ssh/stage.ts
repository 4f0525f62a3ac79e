/**
 * Bringing a release to a host: files, settings, how each instance is started, packages.
 *
 * Invariant: a host is brought the settings of those programs and instances alone that run there, so
 * that an edge's host never holds the way to the database, nor another edge's key. What settings name
 * by a path is brought as its text, for the path is of the machine that deploys.
 *
 * @module
 */

import { join } from "node:path";
import { readEdgeConfig } from "edge/config.ts";
import type { Environment } from "shared/config/read.ts";
import { settingsFor } from "../../../check/replicas.ts";
import { networkOf, type Tasks } from "../../../dev/start_command.ts";
import type { Release } from "../../release.ts";
import { startWords, tasksIn, withTexts } from "../words.ts";
import { commandLine } from "./command_line.ts";
import { envFile } from "../env_file.ts";
import type { Host } from "./host.ts";
import { templateOf } from "./layout.ts";
import { type Place, placeSettings } from "./places.ts";
import { unitOf } from "./units.ts";

const SETTINGS_MODE = "600", SCRIPT_MODE = "755", UNIT_MODE = "644";

/** Files of the release, on this machine. */
export interface Unpacked {
  folder: string;
  tasks: Tasks;
}

export async function unpack(release: Release, folder: string): Promise<Unpacked> {
  await release.unpack(folder);
  return { folder, tasks: tasksIn(await Deno.readTextFile(join(folder, "deno.json"))) };
}

export async function stageOn(
  host: Host,
  places: readonly Place[],
  { id, environments }: Release,
  { folder, tasks }: Unpacked,
): Promise<void> {
  const { systemdVersion, deno } = await host.facts();
  await host.receive(id, tarOf(folder));
  const ofPlace = ({ kind, id }: Place) => settingsFor(environments, kind, id);
  for (const [kind, own] of Map.groupBy(places, ({ kind }) => kind)) {
    // One unit serves them all, and must leave each the time to drain.
    const drainMs = kind === "edge"
      ? Math.max(...own.map((place) => readEdgeConfig(ofPlace(place)).drainMs))
      : 0;
    const unit = unitOf(kind, { layout: host.layout, systemdVersion: systemdVersion!, drainMs });
    await host.write(id, `${kind}.env`, envFile(asTexts(environments[kind])), SETTINGS_MODE);
    await host.write(id, `${templateOf(kind)}.service`, unit, UNIT_MODE);
  }
  for (const place of places) {
    const { instance, kind } = place;
    const own = { ...asTexts(environments.own?.[place.id] ?? {}), ...placeSettings(place) };
    const network = networkOf(kind, { ...asTexts(ofPlace(place)), ...own });
    const start = scriptOf(startWords(deno!.path, kind, tasks, network));
    await host.write(id, `${instance}.env`, envFile(own), SETTINGS_MODE);
    await host.write(id, `${instance}.start`, start, SCRIPT_MODE);
  }
  await host.complete(id, ["edge/main.ts", "origin/main.ts"]);
}

function asTexts(settings: Environment): Environment {
  return withTexts(settings, Deno.readTextFileSync);
}

/** The program becomes the process itself, so that signals reach it. */
function scriptOf(words: readonly string[]): string {
  return `#!/bin/sh\nexec ${commandLine(words)}\n`;
}

function tarOf(folder: string): ReadableStream<Uint8Array> {
  const { stdout } = new Deno.Command("tar", {
    args: ["-C", folder, "-c", "-f", "-", "."],
    // What macOS would add of its own.
    env: { COPYFILE_DISABLE: "1" },
    stdout: "piped",
    stderr: "null",
  }).spawn();
  return stdout;
}
