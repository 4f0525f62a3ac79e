import assert from "node:assert/strict";
import { placeSettings, planPlaces } from "./places.ts";

const WANTED = { port: 8000, internalPort: 9000 };

Deno.test("planPlaces() goes over the hosts in turn, and on each one port up", () => {
  const places = planPlaces("edge", { ...WANTED, hosts: ["a", "b"], replicas: 3 });
  assert.deepEqual(
    places.map(({ service, host, port, internalPort }) => [service, host, port, internalPort]),
    [
      ["fanfare-edge@0.service", "a", 8000, 9000],
      ["fanfare-edge@1.service", "b", 8000, 9000],
      ["fanfare-edge@2.service", "a", 8001, 9001],
    ],
  );
});

Deno.test("placeSettings() gives each instance a name of its own", () => {
  const [, origin] = planPlaces("origin", { ...WANTED, hosts: ["a"], replicas: 2 });
  assert.deepEqual(placeSettings(origin!), {
    ORIGIN_NAME: "origin-1",
    PORT: "8001",
    INTERNAL_PORT: "9001",
  });
});
