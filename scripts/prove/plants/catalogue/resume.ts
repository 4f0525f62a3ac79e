/**
 * Bugs of resuming: what is read for a device that comes back, and what it is told of it.
 *
 * @module
 */

import { history, simulation, test } from "../judge.ts";
import type { Plant } from "../plant.ts";
import { PROMISES } from "../promises.ts";

const CATCH_UP = { judge: test("origin/requests/catch_up_test.ts"), says: /FAILED/ };

export const RESUME_PLANTS: readonly Plant[] = [
  {
    name: "recovered-across-epochs",
    about: "`recovered: true` is said of a cursor that belongs to another database's history",
    promise: PROMISES.recovered,
    edits: [{
      file: "origin/requests/catch_up.ts",
      find: "if (after.epoch !== epoch || after.gsid > head) return nothing(header, false);",
      replace: "if (after.gsid > head) return nothing(header, false);",
    }],
    judges: [{ judge: history("coming-and-going"), says: /cursor-and-epoch-apart/ }, {
      judge: simulation(),
      says: /recovered over epochs/,
    }, CATCH_UP],
  },
  {
    name: "recovered-beyond-the-head",
    about: "`recovered: true` is said of a cursor above everything that was committed",
    promise: PROMISES.recovered,
    edits: [{
      file: "origin/requests/catch_up.ts",
      find: "if (after.epoch !== epoch || after.gsid > head) return nothing(header, false);",
      replace: "if (after.epoch !== epoch) return nothing(header, false);",
    }],
    judges: [{ judge: history("coming-and-going"), says: /recovered-lied/ }, CATCH_UP],
  },
  {
    name: "resume-beyond-the-leave",
    about: "a resume reads a group up to the head, also for one who left it before",
    promise: PROMISES.members,
    edits: [{
      file: "origin/requests/catch_up.ts",
      find: "and gsid <= least(${upto}::bigint, m.left_at)",
      replace: "and gsid <= ${upto}::bigint",
    }],
    judges: [{ judge: history("coming-and-going"), says: /leaked/ }, CATCH_UP],
  },
  {
    name: "resume-by-membership-now",
    about: "a resume reads only the groups that its user is in now",
    promise: PROMISES.members,
    edits: [{
      file: "origin/requests/catch_up.ts",
      find: "where m.user_id = ${user} and m.conversation like 'group:%')",
      replace: "where m.user_id = ${user} and m.conversation like 'group:%' and m.left_at is null)",
    }],
    judges: [
      { judge: history("coming-and-going"), says: /skipped-by-cursor|recovered-lied/ },
      CATCH_UP,
    ],
  },
];
