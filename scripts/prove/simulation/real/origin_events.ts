/**
 * What an origin tells of itself, noted.
 *
 * @module
 */

import type { OriginEvents } from "origin/metrics.ts";
import type { Chronicle } from "../model/chronicle.ts";

export function originEvents(chronicle: Chronicle): OriginEvents {
  const note = (kind: string) => () => chronicle.note(kind);
  const noteWhat = (kind: string) => (what: string) => chronicle.note(`${kind} ${what}`);
  const reasonOf = (reason: string) => reason.split(":")[0]!;
  return {
    serve: {
      answered: noteWhat("answered"),
      refused: noteWhat("request refused:"),
      failed: noteWhat("request failed:"),
      oversized: noteWhat("answer too large:"),
      poisoned: noteWhat("request unreadable:"),
    },
    commit: {
      onBatch: ({ commands }) => chronicle.note(commands > 1 ? "batch of many" : "batch of one"),
      onJoined: () => chronicle.note("send joined"),
      onFault: (_error, fault) => chronicle.note(`append failed: ${fault}`),
    },
    fanOut: {
      done({ publications, wakes, pushes }) {
        chronicle.note(publications > 0 ? "fan-out published" : "fan-out skipped");
        if (wakes > 0) chronicle.note("fan-out woke");
        if (pushes > 0) chronicle.note("fan-out pushed");
      },
      dropped: note("fan-out dropped"),
      failed: noteWhat("fan-out failed:"),
    },
    lookup: ({ kind }) => chronicle.note(`presence lookup ${kind}`),
    push: {
      sent: note("push sent"),
      pruned: note("push pruned a token"),
      retried: note("push to be retried"),
      refused: note("push refused"),
      dropped: (reason) => chronicle.note(`push dropped: ${reasonOf(reason)}`),
      dead: (reason) => chronicle.note(`push dead: ${reasonOf(reason)}`),
      alarm: note("push alarm"),
      failed: noteWhat("push failed to"),
    },
    failed: (what) => note(`${what} failed`),
    bus: note("origin failed on the bus"),
    stream: { made: note("stream made"), failed: note("stream not ensured") },
    database: note("database not reached"),
    members: note("members not known"),
    api: { answered() {}, failed: note("api failed") },
    http: note("http failed"),
  };
}
