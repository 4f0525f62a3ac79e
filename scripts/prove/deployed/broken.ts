/**
 * Releases that must not come into service, each broken in another place.
 *
 * @module
 */

import type { Edit } from "../plants/plant.ts";

export interface BrokenRelease {
  about: string;
  edits: readonly Edit[];
  files?: Record<string, string>;
  /** What is said with it, so that it fails soon. */
  args?: readonly string[];
  /** The step that fails. */
  step: string;
  /** In what is said of it. */
  says: RegExp;
}

const MIGRATION = "origin/store/migrations/9999_broken.sql";

export const BROKEN = {
  origin: {
    about: "an origin that ends as it starts",
    edits: [{
      file: "origin/main.ts",
      find: "await runProgram({",
      replace: 'throw new Error("This origin is broken");\nawait runProgram({',
    }],
    step: "origins",
    says: /Cannot start origin-0: it ended with code 1\n[^]*This origin is broken/,
  },
  unready: {
    about: "an edge that is never ready",
    edits: [{
      file: "edge/app.ts",
      find: 'bus: () => health.bus?.status === "connected" ? undefined : "not connected",',
      replace: 'bus: () => "not connected",',
    }],
    args: ["--only", "edge", "--ready-within", "10"],
    step: "edges",
    says: /Cannot start edge-0: .*nothing within 10000 ms \(.*\)/,
  },
  mute: {
    about: "an edge that is ready, takes everything, and hands nothing out",
    edits: [{
      file: "edge/hub/hub.ts",
      find: "if (!change) return subscription.publish(publication);",
      replace: "if (!change) return;",
    }],
    args: ["--only", "edge"],
    step: "edges",
    says: /The smoke test at edge-0 failed: a message does not come live/,
  },
  deaf: {
    about: "an origin, deployed alone, that is ready and takes nothing of those who try it",
    edits: [{
      file: "origin/requests/send.ts",
      find: "const command = message(user, to, request.value.id, body);",
      replace: 'if (user.startsWith("fanfare-smoke-")) {\n' +
        '    return { error: wireError("badRequest", "This origin is broken") };\n  }\n' +
        "  const command = message(user, to, request.value.id, body);",
    }],
    args: ["--only", "origin"],
    step: "origins",
    says: /The smoke test at edge-0 failed: a message is not accepted: This origin is broken/,
  },
  migration: {
    about: "a migration that fails",
    edits: [],
    files: { [MIGRATION]: "create table half (id int);\nselect 1 / 0;\n" },
    step: "migrate",
    says: /division by zero/,
  },
} as const satisfies Record<string, BrokenRelease>;
