/** The clock of an origin's machine, which may be wrong and be set right. */
import assert from "node:assert/strict";
import { type Answer, decodeMessage, encodeMessage, REQUEST } from "shared/bus/requests.ts";
import type { Call, SendAnswers, SendBatch } from "shared/bus/requests.ts";
import type { ConnectionId, DeviceId, UserId } from "shared/ids.ts";
import { postgresOfThisFile } from "testing/database.ts";
import { pushConfigFor } from "testing/push_gateways.ts";
import { prepareSchema } from "testing/schema.ts";
import { startPushRecorder } from "../../scripts/services/push_recorder/push_recorder.ts";
import { waitUntil } from "../../scripts/services/wait_until.ts";
import { type TestOrigin, testOrigin } from "../testing.ts";

const postgres = postgresOfThisFile({ prepare: prepareSchema });
const TOKEN = { platform: "fcm", token: "token-of-ben" } as const;

Deno.test("a clock that is set back amid a provider's pause holds up no push beyond it", async () => {
  await using database = await postgres.database();
  await using recorder = await startPushRecorder();
  let setBackMs = 0;
  await using origin = await testOrigin(database, {
    config: { push: pushConfigFor(recorder) },
    deps: { wallMs: () => Date.now() - setBackMs },
  });
  await register(origin);
  recorder.record.plan({ ...TOKEN, status: 503, reason: "UNAVAILABLE", retryAfterS: 5, times: 5 });
  await send(origin, 5);
  await waitUntil(async () => {
    const text = await origin.metrics();
    return text.includes('fanfare_push_paused{platform="fcm"} 1') || undefined;
  }, { what: "the pause", withinMs: 20_000 });
  setBackMs = 3_600_000;
  const pushed = () => recorder.record.list(TOKEN).filter(({ status }) => status === 200);
  await waitUntil(() => pushed().length >= 5 || undefined, {
    what: "the pushes after the pause",
    withinMs: 40_000,
  });
});

async function register({ bus }: TestOrigin): Promise<void> {
  const call = encodeMessage<Call>({
    ...{ user: "ben" as UserId, device: "phone" as DeviceId },
    ...{ method: "device.register", data: TOKEN },
  });
  const answer = decodeMessage<Answer & { v: 1 }>(await bus.request(REQUEST.call, call, 4_000));
  assert.ok("result" in answer);
}

/** From ana, to ben. */
async function send({ bus }: TestOrigin, count: number): Promise<void> {
  const sends = Array.from({ length: count }, (_, i) => ({
    user: "ana" as UserId,
    connection: "c-ana" as ConnectionId,
    data: { to: { user: "ben" }, id: `m${i}`, body: { text: `m${i}` } },
  }));
  const bytes = await bus.request(REQUEST.send, encodeMessage<SendBatch>({ sends }), 4_000);
  const { answers } = decodeMessage<SendAnswers>(bytes);
  assert.ok(answers.every((answer) => "result" in answer));
}
