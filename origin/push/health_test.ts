import assert from "node:assert/strict";
import * as fc from "fast-check";
import type { Outcome } from "./gateway/gateway.ts";
import { type Health, HEALTHY, observe } from "./health.ts";

const SENT: Outcome = { kind: "sent" };
const SUSPECT: Outcome = { kind: "prune", reason: "BadDeviceToken", suspect: true };
const GONE: Outcome = { kind: "prune", reason: "Unregistered" };
const DOWN: Outcome = { kind: "retry", reason: "http 503", scope: "provider" };
const BUSY: Outcome = { kind: "retry", reason: "TooManyRequests", scope: "target" };
const KEY: Outcome = { kind: "retry", reason: "InvalidProviderToken", scope: "credentials" };

/** Answers that come `everyMs` apart; what was believed, and the alarms. */
function replay(answers: Outcome[], everyMs = 10, start: Health = HEALTHY) {
  let health = start;
  const believed: Outcome["kind"][] = [], alarms: string[] = [];
  answers.forEach((answer, n) => {
    const seen = observe(health, answer, n * everyMs);
    health = seen.health;
    believed.push(seen.outcome.kind);
    if (seen.alarm !== undefined) alarms.push(seen.alarm);
  });
  return { health, believed, alarms };
}

const many = (n: number, outcome: Outcome) => Array<Outcome>(n).fill(outcome);

Deno.test("observe() believes single bad tokens among good ones", () => {
  const { believed, alarms } = replay([...many(20, SENT), ...many(9, SUSPECT)]);
  assert.deepEqual(believed.slice(20), Array(9).fill("prune"));
  assert.deepEqual(alarms, []);
});

Deno.test("observe() stops believing when most tokens are called bad, and says so once", () => {
  const { believed, alarms } = replay(many(50, SUSPECT));
  assert.deepEqual(believed, [...Array(9).fill("prune"), ...Array(41).fill("retry")]);
  assert.deepEqual(alarms, ["BadDeviceToken"]);
});

Deno.test("observe() always believes a provider that knows the token to be gone", () => {
  assert.deepEqual(new Set(replay(many(200, GONE)).believed), new Set(["prune"]));
  const { believed } = replay([...many(50, SUSPECT), GONE]);
  assert.equal(believed.at(-1), "prune");
});

Deno.test("observe() believes again when the doubtful answers are ten minutes old", () => {
  const { health } = replay(many(50, SUSPECT));
  assert.equal(observe(health, SUSPECT, 20 * 60_000).outcome.kind, "prune");
});

Deno.test("observe() raises an alarm for a refused key, again only after it worked", () => {
  const { alarms } = replay([KEY, KEY, SENT, KEY]);
  assert.deepEqual(alarms, ["InvalidProviderToken", "InvalidProviderToken"]);
});

Deno.test("observe() pauses a provider after five failures in a row, longer each time", () => {
  assert.equal(replay(many(4, DOWN), 0).health.pausedUntilMs, 0);
  assert.equal(replay(many(5, DOWN), 0).health.pausedUntilMs, 1_000);
  assert.equal(replay(many(7, DOWN), 0).health.pausedUntilMs, 4_000);
  assert.equal(replay(many(50, DOWN), 0).health.pausedUntilMs, 60_000);
  const asked: Outcome = { ...DOWN, afterMs: 90_000 };
  assert.equal(replay(many(5, asked), 0).health.pausedUntilMs, 90_000);
});

Deno.test("observe() does not pause a provider for single tokens, nor when some get through", () => {
  assert.equal(replay(many(50, BUSY), 0).health.pausedUntilMs, 0);
  const mixed = Array.from({ length: 50 }, (_, n) => n % 4 === 0 ? SENT : DOWN);
  assert.equal(replay(mixed, 0).health.pausedUntilMs, 0);
});

Deno.test("observe() is bounded, and never changes what is not a doubtful prune", () => {
  const outcomes = fc.constantFrom(SENT, SUSPECT, GONE, DOWN, BUSY, KEY);
  fc.assert(fc.property(fc.array(outcomes, { maxLength: 300 }), (answers) => {
    const { health, believed } = replay(answers);
    assert.ok(health.answers.length <= 100);
    answers.forEach((answer, n) => {
      if (answer !== SUSPECT) assert.equal(believed[n], answer.kind);
    });
  }));
});
