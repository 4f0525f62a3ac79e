import assert from "node:assert/strict";
import type { ConversationId, UserId } from "shared/ids.ts";
import {
  FULL_BATCH,
  larger,
  type LateEvent,
  MAX_BATCH_EVENTS,
  MAX_BATCH_PAIRS,
  planBatch,
  smaller,
  whoLacks,
} from "./late_check.ts";
import { ReceivedPositions } from "./received.ts";

const [anaBo, team] = ["dm:ana:bo", "group:team"] as [ConversationId, ConversationId];

function message(gsid: number, members = 3): LateEvent {
  return { gsid, type: "message", conversation: team, members };
}

Deno.test("planBatch() takes messages only, and moves the mark over everything", () => {
  const events: LateEvent[] = [
    message(10),
    { gsid: 20, type: "message", conversation: anaBo, members: 0 },
    message(30),
    { gsid: 40, type: "group.joined", conversation: team, members: 3 },
  ];
  assert.deepEqual(planBatch(events, 1_000), {
    checked: 40,
    events: 4,
    pairs: 8,
    conversations: [team, anaBo],
    paged: [],
    cut: false,
  });
  assert.equal(planBatch([], 1_000), undefined);
});

Deno.test("planBatch() leaves groups of more than largeGroup to the pager", () => {
  const batch = planBatch([message(10, 1_000), message(20, 1_001)], 1_000)!;
  assert.deepEqual([batch.conversations, batch.paged], [[team], [20]]);
  assert.deepEqual(planBatch([message(10, 1_001)], 1_000)!.conversations, []);
});

Deno.test("planBatch() ends where its transaction would become long", () => {
  const half = MAX_BATCH_PAIRS / 2;
  const batch = planBatch([message(10, half), message(20, half), message(30, 2)], half)!;
  assert.deepEqual([batch.checked, batch.events, batch.cut], [20, 2, true]);
  const huge = planBatch([message(10, 2 * MAX_BATCH_PAIRS), message(20)], 4 * MAX_BATCH_PAIRS)!;
  assert.deepEqual([huge.checked, huge.cut], [10, true], "one event always fits");
});

Deno.test("planBatch() knows that a full reading may not be all", () => {
  const events = Array.from({ length: MAX_BATCH_EVENTS }, (_, i) => message(i + 1));
  assert.equal(planBatch(events, 1_000)!.cut, true);
  assert.equal(planBatch(events.slice(1), 1_000)!.cut, false);
});

Deno.test("a batch that failed is followed by a smaller one, down to one event, and back", () => {
  let limits = FULL_BATCH;
  for (let failures = 0; failures < 20; failures++) limits = smaller(limits);
  assert.deepEqual(limits, { events: 1, pairs: 1 });
  const batch = planBatch([message(10, 500), message(20)], 1_000, limits)!;
  assert.deepEqual([batch.checked, batch.cut], [10, true]);
  for (let successes = 0; successes < 20; successes++) limits = larger(limits);
  assert.deepEqual(limits, FULL_BATCH);
});

Deno.test("whoLacks() spares only who has received everything", () => {
  const [ana, bo, cy, di, eva] = ["ana", "bo", "cy", "di", "eva"] as UserId[];
  const positions = new ReceivedPositions();
  positions.note(ana!, 20);
  positions.note(bo!, 19);
  positions.note(di!, 20, 10);
  positions.note(eva!, 20, 11);
  const interval = { after: 10, upto: 20 };
  assert.deepEqual(whoLacks([ana!, bo!, cy!, di!, eva!], interval, positions), [
    { user: bo, received: [{ after: 0, upto: 19 }] },
    { user: cy, received: [] },
    { user: eva, received: [{ after: 11, upto: 20 }] },
  ]);
});
