import assert from "node:assert/strict";
import {
  badRequest,
  type CloseName,
  CLOSES,
  type ErrorName,
  ERRORS,
  MAX_REASON_BYTES,
  wireError,
} from "./codes.ts";

Deno.test("each code stands for one thing", () => {
  for (const table of [ERRORS, CLOSES]) {
    const codes = Object.values(table).map(({ code }) => code);
    assert.equal(new Set(codes).size, codes.length);
  }
});

Deno.test("a close reason is words that fit a close frame, and no instruction to the SDK", () => {
  for (const { reason } of Object.values(CLOSES)) {
    assert.ok(new TextEncoder().encode(reason).length <= MAX_REASON_BYTES);
    assert.throws(() => JSON.parse(reason), SyntaxError, reason);
  }
});

Deno.test("badRequest() says what was wrong, as far as a close frame has room", () => {
  assert.deepEqual(badRequest("id must be an integer"), {
    code: 3501,
    reason: "bad request: id must be an integer",
  });
  assert.equal(badRequest("x".repeat(1_000)).reason.length, MAX_REASON_BYTES);
});

Deno.test("a client comes back after every close but those that it caused or must obey", () => {
  const final: CloseName[] = [
    "invalidToken",
    "badRequest",
    "stale",
    "forceDisconnect",
    "connectionLimit",
  ];
  for (const [name, { code }] of Object.entries(CLOSES)) {
    assert.ok(code >= 3000 && code < 4000);
    assert.equal(code >= 3500, final.includes(name as CloseName), name);
  }
});

Deno.test("trouble on our side is temporary, and nothing else is", () => {
  const temporary: ErrorName[] = ["internal", "tooManyRequests"];
  for (const name of Object.keys(ERRORS) as ErrorName[]) {
    assert.equal(wireError(name).temporary === true, temporary.includes(name), name);
  }
});

Deno.test("wireError() says more than the table when there is more to say", () => {
  assert.deepEqual(wireError("badRequest"), { code: 107, message: "bad request" });
  assert.deepEqual(wireError("badRequest", "to must be an object"), {
    code: 107,
    message: "to must be an object",
  });
  assert.deepEqual(wireError("internal", "no origin answers"), {
    code: 100,
    message: "no origin answers",
    temporary: true,
  });
});
