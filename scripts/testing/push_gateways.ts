/**
 * A push recorder with the gateways that talk to it.
 *
 * @module
 */

import { createGateways, type Gateways, type PushConfig } from "origin/push/config.ts";
import { type PushRecorder, startPushRecorder } from "../services/push_recorder/push_recorder.ts";

export interface TestGateways extends AsyncDisposable {
  readonly recorder: PushRecorder;
  readonly gateways: Gateways;
}

export async function testGateways(wallMs: () => number = Date.now): Promise<TestGateways> {
  await using stack = new AsyncDisposableStack();
  const recorder = stack.use(await startPushRecorder());
  const config = pushConfigFor(recorder);
  const gateways = createGateways(config, { wallMs, readText: Deno.readTextFileSync });
  for (const gateway of gateways.values()) stack.use(gateway);
  const owned = stack.move();
  return { recorder, gateways, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** The recorder's settings, as an origin would read them. */
export function pushConfigFor({ env }: Pick<PushRecorder, "env">): PushConfig {
  return {
    ca: env["PUSH_CA"]!,
    fcm: { credential: env["FCM_CREDENTIAL"]!, url: env["FCM_URL"]! },
    apns: {
      key: env["APNS_KEY"]!,
      keyId: env["APNS_KEY_ID"]!,
      team: env["APNS_TEAM"]!,
      topic: env["APNS_TOPIC"]!,
      url: env["APNS_URL"]!,
    },
  };
}
