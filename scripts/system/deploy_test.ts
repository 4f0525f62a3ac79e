/** Releases are deployed, good ones and broken ones, while clients are connected and send. */
import assert from "node:assert/strict";
import { nkeys } from "@nats-io/transport-node";
import { temporaryDirectory } from "testing/temporary_directory.ts";
import { BROKEN, type BrokenRelease } from "../prove/deployed/broken.ts";
import { DeployedSystem } from "../prove/deployed/deployed_system.ts";
import { WANTED } from "../prove/history/entry.ts";
import { TINY } from "../prove/load/size.ts";
import { Stage } from "../prove/stage.ts";
import { claimPorts } from "../services/claimed_ports.ts";

/** What an edge closes a connection with that is to go to another. */
const DRAINED = 3001;

Deno.test("releases come and go, and broken ones go back by themselves: clients see drains, and nothing is lost or doubled", async () => {
  await using folder = await temporaryDirectory("deploy");
  const context = {
    ...{ seed: 1, folder: folder.path, signal: new AbortController().signal },
    report: () => {},
  };
  using monitor = claimPorts(1);
  let deployed!: DeployedSystem;
  await using stage = await Stage.start(context, {
    size: { ...TINY, sleepers: 0 },
    startSystem: async () =>
      deployed = await DeployedSystem.start({
        ...{ edges: 2, origins: 1, natsMonitorPort: monitor.ports[0]! },
        edgeEnv: { DRAIN_MS: "300" },
      }),
    edgesOf: () => [deployed.socket],
  });
  const { edges: [first] } = deployed.state;

  const broken: readonly BrokenRelease[] = Object.values(BROKEN);
  for (const { about, edits, args = [], step, says, files } of broken) {
    await deployed.checkout.commit(about, edits, files);
    const { code, printed, told } = await deployed.deploy(...args);
    assert.equal(code, 1, `${about}: ${printed}${told}`);
    assert.match(told, new RegExp(`failed at ${step}, and (what was|nothing was) rolled`), about);
    assert.match(printed, says, about);
    assert.equal(deployed.state.edges[0]!.pid, first!.pid, `${about}: whoever ran before runs`);
  }

  await deployed.checkout.commit("One that is good");
  const { code, printed, told } = await deployed.deploy();
  assert.equal(code, 0, printed + told);
  assert.notEqual(deployed.state.edges[0]!.pid, first!.pid);

  const { users } = deployed.state.nats;
  assert.deepEqual(
    await usersAt(monitor.ports[0]!),
    ["edge-0", "edge-1", "origin"].map((id) => publicKeyOf(users[id]!.nkey_seed)).toSorted(),
    "each edge is a user of its own at NATS",
  );

  const { anomalies } = await stage.settle();
  assert.deepEqual(anomalies, []);
  const codes = stage.recorder.history.devices.flatMap(({ entries }) =>
    entries.flatMap((entry) => entry.kind === "closed" && entry.code !== WANTED ? [entry.code] : [])
  );
  assert.deepEqual([...new Set(codes)], [DRAINED]);
});

/** By whose keys there are connections to the NATS server. */
async function usersAt(port: number): Promise<string[]> {
  const response = await fetch(`http://127.0.0.1:${port}/connz?auth=1`);
  const { connections } = await response.json() as { connections: { authorized_user: string }[] };
  return [...new Set(connections.map((one) => one.authorized_user))].toSorted();
}

function publicKeyOf(seed: string): string {
  return nkeys.fromSeed(new TextEncoder().encode(seed)).getPublicKey();
}
