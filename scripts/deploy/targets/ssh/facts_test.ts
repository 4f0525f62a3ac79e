import assert from "node:assert/strict";
import { FACTS_SCRIPT, faultsIn, readFacts } from "./facts.ts";

const FIT = {
  uid: 0,
  systemdVersion: 252,
  deno: { version: "2.9.6", path: "/usr/local/bin/deno" },
};

Deno.test("a host that has all is fit", () => {
  assert.deepEqual(faultsIn(FIT, "2.9.6"), []);
});

Deno.test("faultsIn() names everything at once, with its mend", () => {
  const [systemd, deno, ...more] = faultsIn({ uid: 0 }, "2.9.6");
  assert.match(systemd!, /no systemd/);
  assert.match(deno!, /no deno on its PATH: npm install --global deno@2\.9\.6/);
  assert.deepEqual(more, []);
});

Deno.test("faultsIn() refuses an old systemd, another deno, and one that no service sees", () => {
  const home = { version: "2.8.0", path: "/root/.deno/bin/deno" };
  const faults = faultsIn({ uid: 0, systemdVersion: 241, deno: home }, "2.9.6");
  assert.equal(faults.length, 3);
  assert.match(faults.join("\n"), /is 241;[^]*is 2\.8\.0, and not[^]*where no service sees it/);
});

Deno.test("readFacts() reads what the script prints, on this machine and on a bare one", async () => {
  const { stdout } = await new Deno.Command("sh", { args: ["-c", FACTS_SCRIPT] }).output();
  const printed = new TextDecoder().decode(stdout);
  assert.equal(readFacts(printed).uid, Deno.uid());
  assert.deepEqual(readFacts(`uid 1000\nsystemd 254 (254.5-1)\ndeno 2.9.6 /opt/my deno/deno\n`), {
    uid: 1000,
    systemdVersion: 254,
    deno: { version: "2.9.6", path: "/opt/my deno/deno" },
  });
  assert.deepEqual(readFacts("uid 0\n"), { uid: 0 });
});
