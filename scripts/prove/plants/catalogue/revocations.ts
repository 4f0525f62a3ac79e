/**
 * Bugs of revocations: who is let in by a token of before, and what stays connected by one.
 *
 * @module
 */

import { simulation, test } from "../judge.ts";
import type { Plant } from "../plant.ts";
import { PROMISES } from "../promises.ts";

const REFRESHED =
  /Seed .* was refreshed by a token that is revoked|is connected by a revoked token/;
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
    name: "a-refresh-looks-at-no-revocation",
    about: "an edge takes a refresh by a token of before what it knows to be revoked",
    promise: PROMISES.revoked,
    edits: [{
      file: "edge/session/step.ts",
      find: "  if (isRevoked(next)) return close(state, CLOSES.invalidToken);\n",
      replace: "",
    }],
    judges: [
      { judge: simulation(), says: REFRESHED },
      { judge: test("edge/session/step_test.ts"), says: /FAILED/ },
    ],
  },
  {
    name: "told-only-whom-it-concerns",
    about: "an edge hears what was revoked before a connect only if that is by such a token itself",
    promise: PROMISES.revoked,
    edits: [{
      file: "origin/requests/enter.ts",
      find: "  return { at, groups, revoked };",
      replace: "  return issued < revoked ? { at, groups, revoked } : { at, groups };",
    }],
    // A connect by a later token seems to need nothing: until it is refreshed by one of before.
    judges: [{ judge: simulation(), says: REFRESHED }],
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
