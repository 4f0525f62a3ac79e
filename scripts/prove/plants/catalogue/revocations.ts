/**
 * Bugs of revocations: who is let in by a token of before, and what stays connected by one.
 *
 * @module
 */

import { simulation, test } from "../judge.ts";
import type { Plant } from "../plant.ts";
import { PROMISES } from "../promises.ts";

const STANDING = /Seed .* is connected by a revoked token, and its edge has proven that/;

export const REVOCATION_PLANTS: readonly Plant[] = [
  {
    name: "connects-hear-of-no-revocation",
    about: "an edge is not told what was revoked before a connect",
    promise: PROMISES.revoked,
    edits: [{
      file: "origin/requests/enter.ts",
      find: "  return { at, groups, revoked };",
      replace: "  return { at, groups };",
    }],
    judges: [
      { judge: simulation(), says: /Seed .* was let in by a token that is revoked/ },
      { judge: test("origin/requests/revoke_test.ts"), says: /FAILED/ },
    ],
  },
  {
    name: "last-revocation-left-out",
    about: "a digest leaves out the revocation at its very end",
    promise: PROMISES.revoked,
    edits: [{
      file: "origin/audit/read_digest.ts",
      find: "revoked.filter(([gsid]) => gsid <= upto)",
      replace: "revoked.filter(([gsid]) => gsid < upto)",
    }],
    judges: [{ judge: simulation(), says: STANDING }],
  },
  {
    name: "revocations-of-a-gap-are-lost",
    about:
      "an edge that asks for a digest it has missed passes on nothing of what it says was revoked",
    promise: PROMISES.revoked,
    edits: [{
      file: "edge/hub/prover.ts",
      find: "    this.#deps.hub.revoke(asked);\n",
      replace: "",
    }],
    judges: [{ judge: simulation(), says: STANDING }],
  },
];
