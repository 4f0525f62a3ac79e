import assert from "node:assert/strict";
import { Registry } from "prom-client";
import type { Platform } from "./gateway/gateway.ts";
import { type Health, HEALTHY, observe } from "./health.ts";
import { showProviders } from "./providers.ts";

Deno.test("who is configured is shown as well, until its answers say otherwise", async () => {
  const registry = new Registry();
  const health = new Map<Platform, Health>();
  const nowMs = () => 1_000;
  showProviders(registry, {
    platforms: ["fcm", "apns"],
    healthOf: (platform) => health.get(platform) ?? HEALTHY,
    nowMs,
  });
  const shown = async () =>
    [...(await registry.metrics()).matchAll(/^fanfare_push_(.+)$/gm)]
      .map(([, line]) => line);
  assert.deepEqual(await shown(), [
    'credentials_doubted{platform="fcm"} 0',
    'credentials_doubted{platform="apns"} 0',
    'paused{platform="fcm"} 0',
    'paused{platform="apns"} 0',
  ]);
  let fcm = HEALTHY;
  for (let i = 0; i < 5; i++) {
    const refused = { kind: "retry", reason: "no such key", scope: "credentials" } as const;
    fcm = observe(fcm, refused, nowMs()).health;
  }
  health.set("fcm", fcm);
  assert.deepEqual(await shown(), [
    'credentials_doubted{platform="fcm"} 1',
    'credentials_doubted{platform="apns"} 0',
    'paused{platform="fcm"} 1',
    'paused{platform="apns"} 0',
  ]);
});
