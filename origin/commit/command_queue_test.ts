import assert from "node:assert/strict";
import fc from "fast-check";
import type { ConnectionId, GroupId, MessageId, UserId } from "shared/ids.ts";
import { message } from "./command.ts";
import { answer, CommandQueue, type Outcome, type Work } from "./command_queue.ts";

const ana = "ana" as UserId, bo = "bo" as UserId;
const STORED: Outcome = { outcome: "stored", gsid: 16, prev: 0 };
const DUPLICATE: Outcome = { outcome: "duplicate", gsid: 16, prev: 0 };

function send(id: string, text = "hi"): Work & { kind: "message" } {
  const body = { value: { text }, text: JSON.stringify({ text }) };
  return { kind: "message", message: message(ana, { user: bo }, id as MessageId, body) };
}

function leave(): Work {
  return {
    kind: "group",
    operation: "o",
    change: { change: "leave", group: "g" as GroupId, by: bo },
  };
}

function queueOf(bounds: Partial<ConstructorParameters<typeof CommandQueue>[0]> = {}) {
  const joined: number[] = [];
  const queue = new CommandQueue(
    { maxQueued: 100, maxQueuedBytes: 100_000, ...bounds },
    (askings) => joined.push(askings),
  );
  const told: Record<string, string> = {};
  const ask = (name: string, work: Work, deadlineMs = 1_000) =>
    void queue.add(work, deadlineMs).then(({ outcome }) => told[name] = outcome);
  return { queue, ask, told, joined };
}

const answered = () => new Promise<void>((resolve) => setTimeout(resolve, 0));

Deno.test("a message that is asked for again has one place, and its outcome answers both", async () => {
  const { queue, ask, told, joined } = queueOf();
  ask("first", send("m"));
  const { length, bytes } = queue;
  ask("again", send("m"));
  assert.deepEqual([queue.length, queue.bytes, queue.joined], [length, bytes, 1]);
  assert.deepEqual(joined, [1]);
  const [command, ...others] = queue.take(10);
  assert.equal(others.length, 0);
  assert.equal(queue.joined, 0);
  answer(command!, STORED);
  await answered();
  assert.deepEqual(told, { first: "duplicate", again: "stored" });
});

Deno.test("an event names the connection whose answer calls it new", () => {
  const { queue, ask } = queueOf();
  for (const connection of ["before", "after"]) {
    const { message } = send("m");
    ask("", { kind: "message", message: { ...message, connection: connection as ConnectionId } });
  }
  const work = queue.take(10)[0]?.work;
  assert.equal(work?.kind === "message" && work.message.connection, "after");
});

Deno.test("who asks for another body under the id, or for a group's change again, joins nobody", () => {
  const { queue, ask } = queueOf();
  for (const work of [send("m"), send("m", "other"), leave(), leave()]) ask("", work);
  assert.deepEqual([queue.length, queue.joined], [4, 0]);
  ask("", send("m", "other"));
  assert.deepEqual([queue.length, queue.joined], [4, 1]);
});

Deno.test("the time of one asking ends, and the other waits on in the same place", async () => {
  const { queue, ask, told } = queueOf();
  ask("first", send("m"), 1_000);
  ask("again", send("m"), 2_000);
  ask("later", send("n"), 2_000);
  queue.dropLate(1_000);
  await answered();
  assert.deepEqual(told, { first: "late" });
  assert.deepEqual([queue.length, queue.joined], [2, 0]);
  const [command] = queue.take(1);
  answer(command!, STORED);
  await answered();
  assert.deepEqual(told, { first: "late", again: "stored" });
  queue.dropLate(2_000);
  await answered();
  assert.deepEqual(told, { first: "late", again: "stored", later: "late" });
  assert.deepEqual([queue.length, queue.bytes], [0, 0]);
});

Deno.test("a full queue lets in who joins, as many as it has places", async () => {
  const { queue, ask, told } = queueOf({ maxQueued: 2 });
  for (const id of ["m", "n"]) ask(id, send(id));
  ask("beyond", send("o"));
  for (const name of ["joins", "joins too", "joins no more"]) ask(name, send("m"));
  await answered();
  assert.deepEqual(told, { beyond: "busy", "joins no more": "busy" });
  assert.deepEqual([queue.length, queue.joined], [2, 2]);
});

Deno.test("what was in flight answers who asked again meanwhile, if it holds for ever", async () => {
  const { queue, ask, told, joined } = queueOf();
  const outcomes: Outcome[] = [
    STORED,
    DUPLICATE,
    { outcome: "conflict" },
    { outcome: "stranger" },
    { outcome: "failed" },
    { outcome: "late" },
  ];
  const works = outcomes.map(({ outcome }) => send(outcome));
  for (const work of works) ask("", work);
  const batch = queue.take(10);
  outcomes.forEach(({ outcome }, index) => ask(outcome, works[index]!));
  ask("another body", send("stored", "other"));
  assert.deepEqual([queue.length, queue.joined], [7, 0]);
  ask("joined", works[0]!);
  queue.settle(batch, outcomes);
  await answered();
  const { "": _, ...again } = told;
  assert.deepEqual(again, {
    stored: "duplicate",
    joined: "duplicate",
    duplicate: "duplicate",
    conflict: "conflict",
  });
  assert.deepEqual([queue.length, queue.joined], [4, 0]);
  assert.deepEqual(joined, [1, 3]);
});

type Step =
  | { do: "ask"; id: string; text: string; deadlineMs: number }
  | { do: "take"; outcome: "stored" | "stranger" | "failed" }
  | { do: "drop" };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("ask" as const),
      id: fc.constantFrom("a", "b", "c"),
      text: fc.constantFrom("x", "y"),
      deadlineMs: fc.integer({ min: 1, max: 40 }),
    }),
  },
  fc.record({
    do: fc.constant("take" as const),
    outcome: fc.constantFrom("stored", "stranger", "failed"),
  }),
  fc.record({ do: fc.constant("drop" as const) }),
);

Deno.test("every asking is answered, and no message has two places", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const { queue } = queueOf({ maxQueued: 4 });
      const askings: Promise<Outcome>[] = [];
      steps.forEach((one, nowMs) => {
        if (one.do === "ask") askings.push(queue.add(send(one.id, one.text), one.deadlineMs));
        if (one.do === "drop") queue.dropLate(nowMs);
        if (one.do === "take") {
          const batch = queue.take(2);
          const outcome = one.outcome === "stored" ? STORED : { outcome: one.outcome };
          for (const command of batch) answer(command, outcome);
          queue.settle(batch, batch.map(() => outcome));
        }
        assert.ok(queue.length <= 4 && queue.joined <= 4);
      });
      const left: (string | undefined)[] = [];
      while (queue.length > 0) {
        for (const command of queue.take(4)) {
          left.push(command.identity);
          answer(command, STORED);
        }
      }
      assert.equal(new Set(left).size, left.length);
      assert.deepEqual([queue.bytes, queue.joined], [0, 0]);
      await Promise.all(askings);
    }),
    { numRuns: 200 },
  );
});
