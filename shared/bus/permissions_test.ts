import assert from "node:assert/strict";
import {
  allows,
  INBOX_PREFIX,
  inboxOf,
  isInbox,
  type Permissions,
  permissionsOf,
  ROLES,
} from "shared/bus/permissions.ts";
import { ANNOUNCE, REQUEST } from "shared/bus/requests.ts";
import { groupTopic, inboxTopic, subjectOf } from "shared/topic.ts";
import type { GroupId, UserId } from "shared/ids.ts";

const TOPICS = [inboxTopic("a" as UserId), groupTopic("g" as GroupId)].map(subjectOf);

Deno.test("a role is allowed all that it uses, and nothing of it twice", () => {
  for (const role of ROLES) {
    for (const allowed of Object.values<Permissions["publish"]>({ ...permissionsOf(role) })) {
      for (const row of allowed) {
        assert.ok(row.uses.length > 0, row.subject);
        for (const use of row.uses) assert.ok(allows([row], use), `${role}: ${use.subject}`);
      }
      assert.equal(new Set(allowed.map(({ subject }) => subject)).size, allowed.length);
    }
  }
});

Deno.test("only an origin speaks on topics and in an origin's name; only it hears questions", () => {
  const mayPublish = (subject: string) =>
    ROLES.filter((role) => allows(permissionsOf(role).publish, { subject }));
  for (const subject of [...TOPICS, ANNOUNCE.digest, ANNOUNCE.askReceived]) {
    assert.deepEqual(mayPublish(subject), ["origin"], subject);
  }
  for (const subject of Object.values(REQUEST)) {
    assert.deepEqual(mayPublish(subject), ["edge"], subject);
    assert.ok(!allows(permissionsOf("edge").subscribe, { subject }));
    assert.ok(!allows(permissionsOf("origin").subscribe, { subject }));
    assert.ok(allows(permissionsOf("origin").subscribe, { subject, queue: "origin" }));
  }
});

Deno.test("an edge hears its own inbox and no other's", () => {
  const { subscribe } = permissionsOf("edge", inboxOf("edge-1"));
  assert.ok(allows(subscribe, { subject: "_INBOX.edge-1.x.y" }));
  for (const subject of ["_INBOX.edge-10.x", "_INBOX.edge-1", "_INBOX.>", "_INBOX.*.x", ">"]) {
    assert.ok(!allows(subscribe, { subject }), subject);
  }
});

Deno.test("allows() knows the wildcards and queues of NATS", () => {
  const row = (subject: string, queue?: string) => [{
    subject,
    ...(queue !== undefined && { queue }),
    uses: [],
  }];
  assert.ok(allows(row("a.>"), { subject: "a.b.c" }));
  assert.ok(!allows(row("a.>"), { subject: "a" }));
  assert.ok(allows(row("a.*.c"), { subject: "a.b.c" }));
  assert.ok(!allows(row("a.*"), { subject: "a.b.c" }));
  assert.ok(!allows(row("a.b.c"), { subject: "a.b" }));
  assert.ok(!allows(row("a.b"), { subject: "a.*" }));
  assert.ok(allows(row("a"), { subject: "a", queue: "q" }));
  assert.ok(!allows(row("a", "q"), { subject: "a", queue: "other" }));
});

Deno.test("an inbox is named by letters, digits, - and _; everything else is none", () => {
  for (const name of ["edge", "edge-1", "Edge_2"]) assert.match(inboxOf(name), INBOX_PREFIX);
  for (const name of ["", "a b", ">", "*", "a..b", "ä"]) {
    assert.doesNotMatch(inboxOf(name), INBOX_PREFIX);
  }
  assert.ok(isInbox("_INBOX.edge.x"));
  for (const subject of ["_INBOX", "_INBOXES.a", "chat.user-inbox.a", "$JS.API.INFO"]) {
    assert.ok(!isInbox(subject), subject);
  }
});
