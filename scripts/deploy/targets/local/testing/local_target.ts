/**
 * For tests: a target of this machine in a folder of its own, which ends with it.
 *
 * @module
 */

import { join } from "node:path";
import { temporaryDirectory } from "testing/temporary_directory.ts";
import type { ProgramKind } from "../../../../dev/start_command.ts";
import type { ReplicaState } from "../host/slot.ts";
import { HostClient } from "../host_client.ts";
import { LocalTarget } from "../target.ts";

export const READY_MS = 60_000;

export async function localTarget() {
  const directory = await temporaryDirectory("local");
  const folder = join(directory.path, "deploy");
  const told: string[] = [];
  const open = (count: Partial<Record<ProgramKind, number>> = {}) =>
    new LocalTarget({
      ...{ folder, ports: {}, readyMs: READY_MS },
      count: { edge: 2, origin: 1, ...count },
      report: (line) => told.push(line),
    });
  const state = async () => await (await HostClient.find(folder))!.state();
  return {
    ...{ folder, told, open, state },
    /** Of the edges, by slot. */
    async edges(): Promise<ReplicaState[]> {
      return (await state()).replicas.filter(({ kind }) => kind === "edge");
    },
    /** Which release answers at the clients' address. */
    async answer(): Promise<string> {
      const { hostname, port } = (await state()).listen.edge!;
      const response = await fetch(`http://${hostname}:${port}/`, {
        headers: { connection: "close" },
      });
      return await response.text();
    },
    async [Symbol.asyncDispose]() {
      await (await HostClient.find(folder))?.end();
      await directory[Symbol.asyncDispose]();
    },
  };
}
