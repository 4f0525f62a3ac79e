import assert from "node:assert/strict";
import { isReleaseId, releaseIdOf } from "./release.ts";

const made = {
  version: "0.1.0",
  commit: "74acb41aa11bb22cc33dd44ee55ff66778899000",
  dirty: false,
  atMs: Date.UTC(2026, 10, 30, 15, 50, 12, 345),
};

Deno.test("a release's id tells its version, time and commit, and what was not committed", () => {
  assert.equal(releaseIdOf(made), "0.1.0-20261130T155012Z-74acb41");
  assert.equal(releaseIdOf({ ...made, dirty: true }), "0.1.0-20261130T155012Z-74acb41-dirty");
});

Deno.test("isReleaseId() takes what releaseIdOf() gives, and no path", () => {
  for (const version of ["0.1.0", "1.22.3-rc.1"]) {
    assert.ok(isReleaseId(releaseIdOf({ ...made, version })));
  }
  for (const text of ["", "..", "../0.1.0-20261130T155012Z-74acb41", "0.1.0", "latest"]) {
    assert.ok(!isReleaseId(text), text);
  }
});
