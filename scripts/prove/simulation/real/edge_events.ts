/**
 * What an edge tells of itself, noted.
 *
 * @module
 */

import type { EdgeEvents } from "edge/metrics.ts";
import type { Chronicle } from "../model/chronicle.ts";

export function edgeEvents(chronicle: Chronicle): EdgeEvents {
  return {
    connected: (result) => chronicle.note(`connected ${result}`),
    refused: (code) => chronicle.note(`error ${code}`),
    answered: (method, code) =>
      chronicle.note(`call ${method}${code === undefined ? "" : " failed"}`),
    limited: (by) => chronicle.note(`limited by ${by}`),
    closed: (code) => chronicle.note(`closed ${code}`),
    catchUps: {
      entered: () => {},
      refused: (why) => chronicle.note(`connect refused: ${why}`),
    },
    handed: ({ gsid }, source) => chronicle.note(`handed by ${source}`, gsid),
    poisoned: () => chronicle.note("poisoned"),
    woken: (by) => chronicle.note(`group woken by ${by}`),
    archived: () => chronicle.note("group archived"),
    judged: (outcome, topics) => chronicle.note(`digest ${outcome}`, topics),
    replayed: (messages) => chronicle.note("stream read again", messages),
    notReplayed: () => chronicle.note("stream not read again"),
    busLost: () => chronicle.note("bus lost"),
    upgradeRefused: (reason) => chronicle.note(`upgrade refused: ${reason}`),
    presenceFailed: (kind) => chronicle.note(`presence failed: ${kind}`),
    keysFailed: () => chronicle.note("keys failed"),
    handlerThrew: () => chronicle.note("handler threw"),
  };
}
