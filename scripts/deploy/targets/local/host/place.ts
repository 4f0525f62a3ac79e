/**
 * Where a running host of a folder is found.
 *
 * Invariant: the file holds the key that opens the host, and is its owner's alone to read. It may be
 * left by a host that was killed: whoever reads it asks.
 *
 * @module
 */

import { join } from "node:path";
import { readJsonFile, writeJsonFile } from "../../../../services/json_file.ts";

export interface HostPlace {
  pid: number;
  url: string;
  key: string;
}

export const readHostPlace = (folder: string) => readJsonFile<HostPlace>(fileIn(folder));

export const writeHostPlace = (folder: string, place: HostPlace) =>
  writeJsonFile(fileIn(folder), place);

export async function removeHostPlace(folder: string): Promise<void> {
  await Deno.remove(fileIn(folder));
}

function fileIn(folder: string): string {
  return join(folder, "host.json");
}
