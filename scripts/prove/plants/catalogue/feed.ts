/**
 * Bugs of a connection: its catch-up, its groups, its device, and what it is known to have received.
 *
 * @module
 */

import { history, simulation, test } from "../judge.ts";
import type { Expected, Plant } from "../plant.ts";
import { PROMISES } from "../promises.ts";

/** What the simulation says when something is taken to be handed out, or received, that was not. */
const SIMULATED: Expected = {
  judge: simulation(),
  says: /Seed .* (may resume from|proven moved to|was reported to have received)/,
};
const SKIPPED = /skipped-by-cursor|recovered-lied|undelivered/;

export const FEED_PLANTS: readonly Plant[] = [
  {
    name: "catch-up-before-subscribe",
    about: "the snapshot is taken before the topics are entered: what comes between is nobody's",
    promise: PROMISES.delivered,
    edits: [
      {
        file: "edge/session/feed.ts",
        find: '  #epoch = "";\n',
        replace: '  #epoch = "";\n  #early: Page<CaughtUp> | undefined;\n',
      },
      {
        file: "edge/session/feed.ts",
        find: "    hub.audience.enterInbox(this);\n",
        replace: `    this.#early = await origin.catchUp({ user, ...(since && { after: since }) });
    hub.audience.enterInbox(this);
`,
      },
      {
        file: "edge/session/feed.ts",
        find: "const page = await origin.catchUp({ user: this.user, ...from });",
        replace: `const page = this.#early ?? await origin.catchUp({ user: this.user, ...from });
      this.#early = undefined;`,
      },
    ],
    judges: [
      { judge: history("coming-and-going"), says: SKIPPED },
      SIMULATED,
    ],
  },
  {
    name: "gained-and-not-read",
    about:
      "a group that is joined while connected is heard from then on, and not read from the join",
    promise: PROMISES.delivered,
    edits: [{
      file: "edge/session/feed.ts",
      find: "    this.#cutover.gain({ group, joined, cursor });\n",
      replace: "    if (this.#cutover.live) return;\n" +
        "    this.#cutover.gain({ group, joined, cursor });\n",
    }],
    judges: [
      { judge: history("half-lost"), says: SKIPPED },
      {
        judge: simulation(),
        says: /Seed .* (may resume from|was shown \d+ without being a member)/,
      },
    ],
  },
  {
    name: "left-does-not-end",
    about: "`group.left` does not end the interval of the one who left",
    promise: PROMISES.members,
    edits: [{
      file: "edge/hub/topics.ts",
      find: "      target.ceiling = Math.min(target.ceiling, gsid);\n",
      replace: "",
    }],
    judges: [
      { judge: history("coming-and-going"), says: /leaked/ },
      { judge: simulation(), says: /Seed .* was shown \d+ without being a member/ },
    ],
  },
  {
    name: "membership-at-publish-time",
    about: "who is a member now is handed an event, not who was when it was committed",
    promise: PROMISES.members,
    edits: [{
      file: "edge/hub/topics.ts",
      find: "if (gsid <= target.floor || gsid > target.ceiling) continue;",
      replace: "if (gsid <= target.floor || target.ceiling !== Infinity) continue;",
    }],
    judges: [{ judge: history("half-lost"), says: SKIPPED }, SIMULATED],
  },
  {
    name: "old-connection-deletes-presence",
    about: "a connection that ends late takes away the entry of its device's newer one",
    promise: PROMISES.newest,
    edits: [{
      file: "edge/presence/roster.ts",
      find: "    if (!devices?.delete(connection)) return;\n",
      replace: `    const device = devices?.get(connection)?.device;
    for (const [id, entry] of devices ?? []) if (entry.device === device) devices!.delete(id);
    if (!devices || device === undefined) return;
`,
    }],
    judges: [
      { judge: history("at-once"), says: /late|undelivered/ },
      { judge: simulation(), says: /presence of .* was written without connection/ },
      { judge: test("edge/presence/roster_test.ts"), says: /FAILED/ },
    ],
  },
  {
    name: "takeover-by-arrival",
    about: "of two connections of a device the one that hears of the other goes, not the older one",
    promise: PROMISES.newest,
    edits: [{
      file: "edge/session/takeover.ts",
      find: "return isOlder({ at: this.#connectedAt, connection: this.#id }, this.#newest);",
      replace: "return true;",
    }],
    judges: [{ judge: history("coming-and-going"), says: /undelivered/ }, {
      judge: simulation(),
      says: /was told to go, though this is its newest/,
    }, {
      judge: test("edge/session/takeover_test.ts"),
      says: /FAILED/,
    }],
  },
  {
    name: "received-is-the-raw-ack",
    about: "an acknowledged gsid counts as everything up to it, whatever was not proven",
    promise: PROMISES.pushed,
    edits: [{
      file: "edge/session/receipts.ts",
      find: "    // The first of two places is the safe one",
      replace: "    this.#position = Math.max(this.#position, gsid);\n" +
        "    // The first of two places is the safe one",
    }],
    judges: [
      { judge: history("asleep"), says: /unpushed/ },
      SIMULATED,
      { judge: test("edge/session/receipts_test.ts"), says: /FAILED/ },
    ],
  },
  {
    name: "received-from-the-beginning",
    about: "a device that begins at the head is taken to have received what came before",
    promise: PROMISES.pushed,
    edits: [{
      file: "edge/session/connection.ts",
      find: "if (upto > after) this.#deps.received(user, { after, upto });",
      replace: "if (upto > after) this.#deps.received(user, { after: 0, upto });",
    }],
    judges: [SIMULATED, { judge: test("edge/received/received_test.ts"), says: /FAILED/ }],
  },
  {
    name: "received-is-min-of-ack-and-proven",
    about:
      "an acknowledged gsid counts up to `proven`, although what that covers may lie behind it",
    promise: PROMISES.pushed,
    edits: [
      {
        file: "edge/session/receipts.ts",
        find: "  #confirmed = 0;\n",
        replace: "  #confirmed = 0;\n  #proven: Gsid = 0;\n",
      },
      {
        file: "edge/session/receipts.ts",
        find: "    const last = this.#marks.at(-1);\n",
        replace: "    this.#proven = proven;\n    const last = this.#marks.at(-1);\n",
      },
      {
        file: "edge/session/receipts.ts",
        find: "    // The first of two places is the safe one",
        replace: "    this.#position = Math.max(this.#position, Math.min(gsid, this.#proven));\n" +
          "    // The first of two places is the safe one",
      },
    ],
    judges: [{ judge: history("asleep"), says: /unpushed/ }, {
      judge: test("edge/session/receipts_test.ts"),
      says: /FAILED/,
    }],
  },
  {
    name: "overflow-is-forgotten",
    about: "a buffer that overflowed during a catch-up is dropped, and the database is not read on",
    promise: PROMISES.delivered,
    edits: [{
      file: "edge/session/cutover.ts",
      find: '      this.#overflowed = false;\n      return "read on";',
      replace: "      this.#overflowed = false;",
    }],
    judges: [
      { judge: history("slow-resume"), says: SKIPPED },
      SIMULATED,
    ],
  },
  {
    name: "queue-is-thinned",
    about: "what has no room in a client's queue is left out, and its connection goes on",
    promise: PROMISES.resumed,
    edits: [{
      file: "edge/session/outlet.ts",
      find: "    this.#end(CLOSES.slow);\n",
      replace: "",
    }],
    judges: [SIMULATED],
  },
];
