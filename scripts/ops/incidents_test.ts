/**
 * Incidents of the runbook, made on a system that runs: what its alerts ask for says so, and no
 * longer when the runbook's remedy has been taken. How long it must hold before anybody is told is
 * the rules' own matter, and tried on series alone.
 */
import assert from "node:assert/strict";
import { connect, type NatsConnection, nkeyAuthenticator } from "@nats-io/transport-node";
import { name, TestSystem } from "testing/system.ts";
import type { System } from "../dev/supervised_system.ts";
import { startSystem } from "../dev/system.ts";
import { Links } from "../faults/links.ts";
import type { RunningPrometheus } from "../services/prometheus.ts";
import { waitUntil } from "../services/wait_until.ts";
import { ALERTS } from "./alerts/print.ts";
import { untilAnswered } from "./testing.ts";
import { watch } from "./watched.ts";

const SEEN_MS = 90_000;
const MIB = 1024 * 1024;

let links: Links, system: System, test: TestSystem, prometheus: RunningPrometheus;

/** In this order: most of what is measured for five minutes must be slow, to be called slow. */
const incidents: [name: string, make: () => Promise<void>][] = [];
const incident = (name: string, make: () => Promise<void>) => void incidents.push([name, make]);

Deno.test("every incident that is made here is seen by its alerts", async (t) => {
  await using parts = new AsyncDisposableStack();
  links = parts.use(new Links(({ from, to }) => from !== "clients" && to !== "redis"));
  system = parts.use(
    await startSystem({
      through: links.through,
      originEnv: { STREAM_MAX_BYTES: String(MIB) },
      programEnv: { "edge-1": { MAX_CONNECTIONS: "1" } },
    }),
  );
  test = new TestSystem(system);
  prometheus = parts.use(await watch(system.state));
  for (const [name, fn] of incidents) {
    // What is theirs together lives on: the test itself is held to leave nothing.
    await t.step({ name, fn, sanitizeOps: false, sanitizeResources: false });
  }
});

async function isFiring(alert: string): Promise<boolean> {
  const { expr } = ALERTS.find(({ name }) => name === alert)!;
  return (await prometheus.query(expr)).length > 0;
}

/** As long as it is not so, `meanwhile` is done again. */
async function until(
  says: "fires" | "is quiet",
  alerts: readonly string[],
  meanwhile: () => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  const isSo = async (alert: string) => await isFiring(alert) === (says === "fires");
  await waitUntil(async () => {
    await meanwhile();
    return (await Promise.all(alerts.map(isSo))).every((so) => so) || undefined;
  }, { what: `${alerts.join(", ")}: ${says}`, withinMs: SEEN_MS, everyMs: 250 });
}

/** From the server of an application, past every edge. */
const sendByApi = (from: string, to: string, text = "?") =>
  test.api("send", { user: from, to: { user: to }, id: name("m"), body: { text } });

incident(
  "Postgres and the way to the edges are slow: FanfarePostgresSlow and FanfareDeliverySlow",
  async () => {
    await using ana = await test.device(name("ana"));
    await using ben = await test.device(name("ben"));
    const postgres = links.of("origin-0", "postgres"), nats = links.of("edge-0", "nats");
    // To be connected takes several ways there and back.
    await ana.send(ben.user, name("m"));
    postgres.slow({ latencyMs: 600 }, "toClient");
    nats.slow({ latencyMs: 1_100 }, "toClient");
    try {
      await until("fires", ["FanfarePostgresSlow", "FanfareDeliverySlow"], async () => {
        const id = name("m");
        const { gsid } = await untilAnswered(() => ana.send(ben.user, id));
        await ben.waitForGsid(gsid, SEEN_MS);
      });
    } finally {
      for (const link of [postgres, nats]) link.resume();
    }
  },
);

incident("An edge is full: FanfareEdgeFull, until its clients are elsewhere", async () => {
  {
    await using _only = await test.device(name("ana"), { edge: 1 });
    await until("fires", ["FanfareEdgeFull"]);
  }
  await until("is quiet", ["FanfareEdgeFull"]);
});

incident(
  "A provider refuses our key: FanfarePushCredentialsWrong, until it takes one again",
  async () => {
    const answer = async (token: string, status: number) => {
      const plan = { platform: "apns", token, status, reason: "InvalidProviderToken" };
      const url = `${system.state.push.recorder}/answers`;
      const response = await fetch(url, { method: "POST", body: JSON.stringify(plan) });
      assert.ok(response.ok, await response.text());
    };
    const [refused, taken] = [name("eve"), name("fay")];
    for (const user of [refused, taken]) {
      await using phone = await test.device(user);
      await phone.rpc("device.register", { platform: "apns", token: `token-of-${user}` });
    }
    await answer(`token-of-${refused}`, 403);
    await sendByApi(name("ana"), refused);
    await until("fires", ["FanfarePushCredentialsWrong"]);
    await sendByApi(name("ana"), taken);
    await until("is quiet", ["FanfarePushCredentialsWrong"]);
  },
);

incident("The stream is small: FanfareStreamNearItsLimit", async () => {
  await using ben = await test.device(name("ben"));
  const text = "x".repeat(12 * 1024);
  for (let n = 0; n < 100; n++) await sendByApi(name("ana"), ben.user, text);
  await until("fires", ["FanfareStreamNearItsLimit"]);
});

incident("A topic carries what is no message: FanfareUnhandledErrors", async () => {
  await using ben = await test.device(name("ben"));
  assert.equal(await isFiring("FanfareUnhandledErrors"), false);
  const origin = await speakAs("origin-0");
  await until("fires", ["FanfareUnhandledErrors"], async () => {
    origin.publish(`chat.user-inbox.${ben.user}`, "no message");
    await origin.flush();
  });
  await origin.close();
});

incident("Redis is down: FanfareRedisDown, and presence is whole when it is back", async () => {
  await system.kill("redis");
  await until("fires", ["FanfareRedisDown"]);
  await system.restart("redis");
  const whole = async () =>
    (await prometheus.query("min(fanfare_edge_presence_whole)"))[0]?.value === 1 || undefined;
  await waitUntil(whole, { what: "presence to be whole", withinMs: SEEN_MS, everyMs: 250 });
});

incident(
  "NATS is down: whatever needs it says so, and what was committed meanwhile is healed",
  async () => {
    const [anyone, listener] = [name("ana"), name("ben")];
    await using ana = await test.device(anyone);
    await using ben = await test.device(listener);
    await system.kill("nats");
    const { gsid } = await sendByApi(anyone, listener);
    const refused = () => assert.rejects(ana.send(listener, name("m")));
    const gone = ["FanfareNatsLost", "FanfareNoEdgeReady", "FanfareNoOriginReady"];
    const each = ["FanfareEdgeNotReady", "FanfareOriginNotReady"];
    await until("fires", [...gone, ...each, "FanfareSendsFailing"], refused);
    await system.restart("nats");
    await ben.waitForGsid(gsid, SEEN_MS);
    await until("fires", ["FanfareLivePathLosing"]);
    await until("is quiet", [...gone, ...each]);
  },
);

incident(
  "Postgres is down: FanfarePostgresDown, and then the auditors say that they do not get on",
  async () => {
    const behind = ["FanfareDigestsSilent", "FanfareEdgeBehind", "FanfareLateCheckBehind"];
    await system.kill("postgres");
    await until("fires", ["FanfarePostgresDown", ...behind]);
    await system.restart("postgres");
    await until("is quiet", ["FanfarePostgresDown", ...behind]);
  },
);

incident("A program ends again and again: FanfareRestarting", async () => {
  for (let n = 0; n < 3; n++) {
    await system.kill("edge-1");
    await system.restart("edge-1");
    await scraped("edge-1");
  }
  await until("fires", ["FanfareRestarting"]);
});

/** It was seen as it is now: that it was started is one change. */
async function scraped(id: string): Promise<void> {
  const { internal } = system.state.edges.find((edge) => edge.id === id)!;
  const instance = new URL(internal).host;
  const began = `fanfare_process_start_time_seconds{instance="${instance}"}`;
  const text = await (await fetch(`${internal}/metrics`)).text();
  const now = Number(/^fanfare_process_start_time_seconds (.+)$/m.exec(text)![1]);
  const isSeen = async () => (await prometheus.query(began))[0]?.value === now || undefined;
  await waitUntil(isSeen, { what: `${id} to be scraped`, withinMs: SEEN_MS, everyMs: 250 });
}

/** As a program of ours whose bytes nobody understands. */
async function speakAs(id: string): Promise<NatsConnection> {
  const { url: servers, users } = system.state.nats;
  const { nkey_seed: seed, inbox_prefix: inboxPrefix } = users[id]!;
  const authenticator = nkeyAuthenticator(new TextEncoder().encode(seed));
  return await connect({ servers, authenticator, inboxPrefix });
}
