import assert from "node:assert/strict";
import type { Answer } from "shared/bus/requests.ts";
import type { ConnectionId, DeviceId, UserId } from "shared/ids.ts";
import { Calls } from "./calls.ts";

const ANA = {
  user: "ana" as UserId,
  device: "phone" as DeviceId,
  connection: "c1" as ConnectionId,
};

function scene({ maxInFlight = 2, admits = () => true }: Partial<Scene> = {}) {
  const asked: { method: string; answer(answer: Answer): void; fail(): void }[] = [];
  const sent: unknown[] = [];
  const limited: string[] = [];
  const calls = new Calls({
    origin: {
      call({ method }) {
        const { promise, resolve, reject } = Promise.withResolvers<Answer>();
        asked.push({ method, answer: resolve, fail: () => reject(new Error("nobody answers")) });
        return promise;
      },
    },
    sends: { add: (send) => void sent.push(send) },
    admits,
    maxInFlight,
    events: { limited: (by) => limited.push(by) },
  });
  const answers: string[] = [];
  const make = (method: string) =>
    calls.make(ANA, method, {}, (answer) => {
      answers.push(`${method} ${"error" in answer ? answer.error.code : "done"}`);
    });
  return { calls, asked, sent, limited, answers, make };
}

interface Scene {
  maxInFlight: number;
  admits: (user: UserId, method: string) => boolean;
}

const settled = () => new Promise((resolve) => setTimeout(resolve));

Deno.test("make() passes on as many as may wait for an origin, and answers the rest with 111", async () => {
  const { calls, asked, answers, make, limited } = scene();
  for (const method of ["a", "b", "c"]) make(method);
  assert.deepEqual(asked.map(({ method }) => method), ["a", "b"]);
  assert.deepEqual([answers, limited, calls.inFlight], [["c 111"], ["edge"], 2]);
  asked[0]!.answer({ result: {} });
  asked[1]!.fail();
  await settled();
  assert.deepEqual(answers, ["c 111", "a done", "b 100"]);
  assert.equal(calls.inFlight, 0);
  make("d");
  assert.equal(asked.length, 3);
});

Deno.test("what a user may not do now costs nothing further, messages and other calls alike", () => {
  const { calls, asked, sent, answers, make, limited } = scene({ admits: () => false });
  make("history");
  calls.send(ANA, {}, (answer) => answers.push(JSON.stringify(answer)));
  assert.deepEqual([asked, sent, limited], [[], [], ["user", "user"]]);
  assert.match(answers[1]!, /"code":111/);
});
