import assert from "node:assert/strict";
import fc from "fast-check";
import {
  DIGEST_INTERVAL_MS,
  type DigestInput,
  type DigestState,
  MAKING_TIMEOUT_MS,
  SILENCE_MS,
  STALLED_MS,
  startDigest,
  stepDigest,
} from "./digest.ts";

const EPOCH = "e1";
const interval = (after: number, upto: number, epoch = EPOCH) => ({ epoch, after, upto });

function after(state: DigestState, ...inputs: DigestInput[]) {
  return inputs.reduce(
    (last, input) => stepDigest(last.state, input),
    { state, effects: [] } as ReturnType<typeof stepDigest>,
  );
}

Deno.test("stepDigest() listens first, then makes an empty digest at the head", () => {
  const start = startDigest(0, 100);
  assert.deepEqual(after(start, tick(SILENCE_MS + 99)).effects, []);
  assert.deepEqual(after(start, tick(SILENCE_MS + 100)).effects, [
    { kind: "make", after: undefined },
  ]);
});

Deno.test("stepDigest() goes on where the last digest that it heard ended", () => {
  const { effects } = after(
    startDigest(0, 0),
    { kind: "heard", digest: interval(10, 20), nowMs: 1_000, jitterMs: 50 },
    { kind: "heard", digest: interval(5, 15), nowMs: 1_000, jitterMs: 50 },
    tick(1_000 + SILENCE_MS + 50),
  );
  assert.deepEqual(effects, [{ kind: "make", after: 20 }]);
});

Deno.test("stepDigest() makes the next digest after 2 s when it made the last one", () => {
  const made = after(
    startDigest(0, 0),
    tick(3_000),
    { kind: "made", digest: interval(20, 20), nowMs: 3_010 },
    { kind: "heard", digest: interval(20, 20), nowMs: 3_020, jitterMs: 0 },
  ).state;
  assert.deepEqual(after(made, tick(3_010 + DIGEST_INTERVAL_MS - 1)).effects, []);
  assert.deepEqual(after(made, tick(3_010 + DIGEST_INTERVAL_MS)).effects, [
    { kind: "make", after: 20 },
  ]);
});

Deno.test("stepDigest() stands back when it hears another's digest, even of the same interval", () => {
  const heard = { kind: "heard", digest: interval(20, 20), nowMs: 3_020, jitterMs: 70 } as const;
  const { state } = after(
    startDigest(0, 0),
    tick(3_000),
    { kind: "made", digest: interval(20, 20), nowMs: 3_010 },
    heard,
    heard,
  );
  assert.equal(state.dueMs, 3_020 + SILENCE_MS + 70);
});

Deno.test("stepDigest() makes the next digest at once when one was cut", () => {
  const cut = { ...interval(20, 30), more: true } as const;
  const making = after(startDigest(0, 0), tick(3_000));
  const next = after(making.state, { kind: "made", digest: cut, nowMs: 3_010 });
  assert.deepEqual(next.effects, [{ kind: "make", after: 30 }]);
});

Deno.test("stepDigest() leaves it to others when a digest fails or takes too long", () => {
  const making = after(startDigest(0, 0), tick(3_000)).state;
  const failed = after(making, { kind: "failed", nowMs: 3_100, jitterMs: 5 }).state;
  assert.deepEqual([failed.makingSinceMs, failed.dueMs], [undefined, 3_100 + SILENCE_MS + 5]);
  const nowMs = 3_000 + MAKING_TIMEOUT_MS + 1;
  assert.equal(after(making, tick(nowMs - 1)).state.makingSinceMs, 3_000);
  assert.equal(after(making, tick(nowMs)).state.dueMs, nowMs + SILENCE_MS);
});

Deno.test("stepDigest() listens first when it was asleep, and goes on from what it hears", () => {
  const slept = after(
    startDigest(0, 0),
    { kind: "heard", digest: interval(10, 20), nowMs: 1_000, jitterMs: 0 },
    tick(1_000 + SILENCE_MS + STALLED_MS + 1),
  );
  assert.deepEqual(slept.effects, []);
  const wokenMs = slept.state.dueMs - DIGEST_INTERVAL_MS;
  const { effects } = after(
    slept.state,
    { kind: "heard", digest: interval(80, 90), nowMs: wokenMs + 500, jitterMs: 0 },
    tick(wokenMs + 500 + SILENCE_MS),
  );
  assert.deepEqual(effects, [{ kind: "make", after: 90 }]);
  const alone = after(slept.state, tick(slept.state.dueMs));
  assert.deepEqual(alone.effects, [{ kind: "make", after: 20 }], "nobody else made any");
});

Deno.test("stepDigest() does not go on from a digest that it had given up", () => {
  const given = after(startDigest(0, 0), tick(3_000), tick(3_000 + MAKING_TIMEOUT_MS + 1)).state;
  const cut = { ...interval(20, 30), more: true } as const;
  const late = after(given, { kind: "made", digest: cut, nowMs: given.dueMs - 1 });
  assert.deepEqual([late.effects, late.state.upto], [[], 30]);
  assert.equal(late.state.dueMs, given.dueMs);
});

Deno.test("stepDigest() follows the newer epoch, whose positions are others", () => {
  const { state } = after(
    startDigest(0, 0),
    { kind: "heard", digest: interval(90, 100), nowMs: 1, jitterMs: 0 },
    { kind: "heard", digest: interval(10, 20, "e2"), nowMs: 2, jitterMs: 0 },
  );
  assert.deepEqual([state.epoch, state.upto], ["e2", 20]);
});

function tick(nowMs: number): DigestInput {
  return { kind: "tick", nowMs, jitterMs: 0 };
}

interface Origin {
  state: DigestState;
  alive: boolean;
}

/** Origins on one clock, on a bus that hears everything at once. Times at which digests came. */
function simulate(jitters: number[], deaths: number[], totalMs: number) {
  const origins: Origin[] = jitters.map((jitter) => ({
    state: startDigest(0, jitter),
    alive: true,
  }));
  const made: { nowMs: number; by: number; after: number | undefined; upto: number }[] = [];
  const step = (by: number, input: DigestInput) => {
    const origin = origins[by]!;
    const { state, effects } = stepDigest(origin.state, input);
    origin.state = state;
    for (const { after } of effects) {
      const digest = interval(after ?? input.nowMs, input.nowMs);
      made.push({ nowMs: input.nowMs, by, after, upto: digest.upto });
      step(by, { kind: "made", digest, nowMs: input.nowMs });
      origins.forEach((each, i) => {
        const heard = { kind: "heard", digest, nowMs: input.nowMs, jitterMs: jitters[i]! } as const;
        if (each.alive) each.state = stepDigest(each.state, heard).state;
      });
    }
  };
  for (let nowMs = 0; nowMs <= totalMs; nowMs += 50) {
    const dying = deaths.indexOf(nowMs);
    if (dying >= 0) origins[dying]!.alive = false;
    origins.forEach(({ alive }, i) => {
      if (alive) step(i, { kind: "tick", nowMs, jitterMs: jitters[i]! });
    });
  }
  return made;
}

Deno.test("stepDigest() keeps digests coming, joined on to one another, while one origin lives", () => {
  const jitter = fc.integer({ min: 0, max: 1_000 });
  const death = fc.integer({ min: 0, max: 600 }).map((n) => n * 50);
  fc.assert(
    fc.property(
      fc.array(jitter, { minLength: 2, maxLength: 4 }),
      fc.array(death, { maxLength: 3 }),
      (jitters, deaths) => {
        const survivable = deaths.slice(0, jitters.length - 1);
        const made = simulate(jitters, survivable, 60_000);
        let before = { nowMs: 0, upto: made[0]!.upto };
        for (const digest of made) {
          assert.ok(digest.nowMs - before.nowMs <= SILENCE_MS + 1_000 + 50);
          assert.ok((digest.after ?? digest.upto) <= before.upto, "a hole between two digests");
          before = digest;
        }
        assert.ok(60_000 - before.nowMs <= SILENCE_MS + 1_000 + 50);
      },
    ),
    { numRuns: 100 },
  );
});

Deno.test("stepDigest() settles on one origin", () => {
  const makers = simulate([300, 300, 700], [], 60_000).filter(({ nowMs }) => nowMs > 30_000);
  assert.equal(new Set(makers.map(({ by }) => by)).size, 1);
  assert.equal(makers.length, 15);
});
