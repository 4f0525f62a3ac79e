import assert from "node:assert/strict";
import { name, systemOfThisFile, type TestSystem } from "testing/system.ts";
import { waitUntil } from "../services/wait_until.ts";
import { ALERTS } from "./alerts/print.ts";
import { filledIn, ROWS } from "./dashboard.ts";
import { registeredMetrics } from "./registered.ts";
import { watch } from "./watched.ts";

const running = systemOfThisFile();

/** Messages to who is online and who is not, in a group, a resume, and the server API. */
async function load(test: TestSystem): Promise<void> {
  const [a, b, c] = [name("ana"), name("ben"), name("cleo")];
  {
    await using cleo = await test.device(c, { device: "phone" });
    await cleo.rpc("device.register", { platform: "fcm", token: name("token") });
  }
  await using ana = await test.device(a, { edge: 0 });
  await using ben = await test.device(b, { edge: 1 });
  const group = name("club");
  await test.api("group.create", { user: a, group, members: [b, c] });
  for (let i = 0; i < 5; i++) {
    await ana.send(c, `offline-${i}`);
    const { gsid } = await ana.send(b, `online-${i}`);
    await ben.waitForGsid(gsid);
  }
}

Deno.test("a running system shows what the table of metrics lists, and nothing else of ours", async () => {
  const { system: { state } } = await running();
  const listed = registeredMetrics();
  for (const part of ["edge", "origin"] as const) {
    const { internal } = state[`${part}s`][0]!;
    const text = await (await fetch(`${internal}/metrics`)).text();
    const shown = [...text.matchAll(/^# HELP (\S+) (.+)\n# TYPE \S+ (\w+)$/gm)]
      .map(([, name, help, type]) => ({ name, help, type }));
    assert.deepEqual(
      shown.toSorted((one, other) => one.name! < other.name! ? -1 : 1),
      listed.filter(({ parts }) => parts.includes(part))
        .map(({ name, help, type }) => ({ name, help, type })),
    );
  }
});

Deno.test("every panel has something to show of a system under load, and no rule fires", async () => {
  const test = await running();
  await using prometheus = await watch(test.system.state);
  const pending = new Map(
    ROWS.flatMap(({ panels }) =>
      panels.flatMap(({ title, queries, rare }) =>
        queries.map(({ expr, legend }) => [`${title}: ${legend}`, { expr, rare }] as const)
      )
    ),
  );
  await waitUntil(async () => {
    await load(test);
    for (const [panel, { expr, rare }] of pending) {
      const samples = await prometheus.query(filledIn(expr));
      if (rare || samples.some(({ value }) => !Number.isNaN(value))) pending.delete(panel);
    }
    return pending.size === 0 || undefined;
  }, { what: "every panel to have data", withinMs: 60_000 }).catch((error) => {
    throw new Error(`Nothing to see in ${[...pending.keys()].join("; ")}`, { cause: error });
  });
  const { groups } = await prometheus.get<{
    groups: { rules: { name: string; health: string; state: string; lastError?: string }[] }[];
  }>("rules");
  const rules = groups.flatMap(({ rules }) => rules);
  const names = (all: readonly { name: string }[]) => all.map(({ name }) => name).toSorted();
  assert.deepEqual(names(rules), names(ALERTS));
  for (const { name, health, state, lastError } of rules) {
    assert.equal(lastError ?? "", "", name);
    assert.equal(health, "ok", name);
    assert.notEqual(state, "firing", name);
  }
});
