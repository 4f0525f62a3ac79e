import assert from "node:assert/strict";
import { gsidAt } from "shared/gsid.ts";
import type { Entry, History } from "./history/entry.ts";
import { Notes, notTaken } from "./notes.ts";

const ORIGIN_MS = 1_790_000_000_000;

/** A device that is connected from 0 on, sends at 100 and is shown something committed at 200. */
function historyOf({ answeredAt, shownAt }: { answeredAt: number; shownAt: number }): History {
  const gsid = gsidAt(ORIGIN_MS + 200);
  const content = { gsid, type: "message", conversation: "dm:ana:bob", prev: 0, digest: "" };
  const entries: Entry[] = [
    {
      ...{ at: 0, kind: "connected", edge: "e", recovered: false, wasRecovering: false },
      position: { offset: 0, epoch: "E" },
    },
    { at: 100, kind: "send", id: "m", attempt: 1, conversation: "dm:ana:bob", digest: "" },
    { at: answeredAt, kind: "ok", id: "m", attempt: 1, gsid, prev: 0, duplicate: false },
    { at: shownAt, kind: "event", content },
  ];
  return { originMs: ORIGIN_MS, devices: [{ user: "ana", device: "d", format: "json", entries }] };
}

Deno.test("spansIn() tells of all that was begun in a span, however late it ended", () => {
  const notes = new Notes();
  notes.span("broken", { from: 50, to: 1_000 });
  assert.deepEqual(notes.spansIn(historyOf({ answeredAt: 30_100, shownAt: 20_200 })), {
    ...{ broken_send_p99_ms: 30_000, broken_live_p99_ms: 20_000, broken_live_max_ms: 20_000 },
  });
});

Deno.test("spansIn() does not take it for good when nothing was sent in a span, or nothing came", () => {
  const notes = new Notes();
  notes.span("broken", { from: 150, to: 1_000 });
  const history = historyOf({ answeredAt: 200, shownAt: 300 });
  assert.throws(() => notes.spansIn(history), /Cannot judge broken: 0 sends, 1 deliveries/);
});

Deno.test("notTaken() names what never happened", () => {
  const [found] = notTaken({ once: 1, never: 0 }, ["once", "never", "unheard-of"]);
  assert.deepEqual(found!.examples, ["never", "unheard-of"]);
  assert.deepEqual(notTaken({ once: 1 }, ["once"]), []);
});
