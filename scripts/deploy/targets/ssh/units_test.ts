import assert from "node:assert/strict";
import { join } from "node:path";
import { temporaryDirectory } from "testing/temporary_directory.ts";
import { systemd } from "../../../services/systemd.ts";
import { layoutIn, templateOf } from "./layout.ts";
import { stopSeconds, unitOf } from "./units.ts";

const KINDS = ["edge", "origin"] as const;
/** Tenths; without confinement a service has 96. */
const MOST_EXPOSURE = 20;
const onLinux = { ignore: Deno.build.os === "darwin" };

/** Units as on a host, and what they start. */
async function writeUnits(folder: string): Promise<string[]> {
  const layout = layoutIn(folder);
  return await Promise.all(KINDS.map(async (kind) => {
    const start = join(layout.current(`${kind}@0`), `${kind}@0.start`);
    await Deno.mkdir(layout.current(`${kind}@0`), { recursive: true });
    await Deno.writeTextFile(start, "#!/bin/sh\n", { mode: 0o755 });
    const unit = unitOf(kind, { layout, systemdVersion: 252, drainMs: 5_000 });
    await Deno.writeTextFile(join(folder, `${templateOf(kind)}.service`), unit);
    const instance = join(folder, `${templateOf(kind)}0.service`);
    await Deno.writeTextFile(instance, unit);
    return instance;
  }));
}

Deno.test({
  ...onLinux,
  name: "systemd finds nothing to say of the units",
  async fn() {
    await using folder = await temporaryDirectory("units");
    const files = await writeUnits(folder.path);
    assert.deepEqual(await systemd("systemd-analyze", "verify", ...files), {
      success: true,
      printed: "",
    });
  },
});

Deno.test({
  ...onLinux,
  name: "systemd counts the units among the well confined",
  async fn() {
    await using folder = await temporaryDirectory("units");
    for (const file of await writeUnits(folder.path)) {
      const { success, printed } = await systemd(
        "systemd-analyze",
        ...["security", "--offline=true", `--threshold=${MOST_EXPOSURE}`, file],
      );
      assert.ok(success, printed);
      assert.match(printed, /Overall exposure level/);
    }
  },
});

Deno.test("unitOf() gives a program longer to end than it takes to drain", () => {
  for (const drainMs of [0, 5_000, 600_000]) {
    assert.ok(stopSeconds(drainMs) * 1000 >= drainMs + 10_000);
    const unit = unitOf("edge", { layout: layoutIn(), systemdVersion: 252, drainMs });
    assert.match(unit, new RegExp(`^TimeoutStopSec=${stopSeconds(drainMs)}s$`, "m"));
    assert.match(unit, /^KillSignal=SIGTERM$/m);
  }
});

Deno.test("unitOf() waits longer each time where systemd can, and lets V8 compile", () => {
  const of = (systemdVersion: number) =>
    unitOf("origin", { layout: layoutIn(), systemdVersion, drainMs: 0 });
  assert.match(of(254), /^RestartMaxDelaySec=/m);
  assert.doesNotMatch(of(253), /^Restart(Steps|MaxDelaySec)=/m);
  assert.doesNotMatch(of(254), /MemoryDenyWriteExecute/);
});
