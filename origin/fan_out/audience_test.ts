import assert from "node:assert/strict";
import { storesOfThisFile } from "testing/stores.ts";
import type { CommittedEvent } from "../commit/committed.ts";
import { message } from "../commit/command.ts";
import { directConversation, type GroupId, type MessageId, type UserId } from "shared/ids.ts";
import { Audiences, type AudiencesOptions, MAX_CACHED_IDS, membersReader } from "./audience.ts";
import { systemTurns } from "shared/turns.ts";

const stores = storesOfThisFile();
const [ANA, BEN, CAT, DAN] = ["ana", "ben", "cat", "dan"] as [UserId, UserId, UserId, UserId];
const CLUB = "club" as GroupId;
let ids = 0;

function audiencesWith(options: Partial<AudiencesOptions>) {
  const faults: unknown[] = [];
  const audiences = new Audiences({
    readMembers: () => Promise.resolve([]),
    largeGroup: 1_000,
    timeoutMs: 5_000,
    turns: systemTurns,
    onFault: (error) => faults.push(error),
    ...options,
  });
  return { audiences, faults };
}

function hello(sender: UserId) {
  const body = { value: {}, text: "{}" };
  return message(sender, { group: CLUB }, `m${++ids}` as MessageId, body);
}

/** A message to a group, of its membership change 16 unless told otherwise. */
function inClub(event: Partial<CommittedEvent> = {}): CommittedEvent {
  return {
    gsid: 64,
    type: "message",
    conversation: "group:club" as CommittedEvent["conversation"],
    prev: 0,
    fields: "{}",
    inboxes: [],
    sender: ANA,
    membership: 16,
    members: 2,
    woke: 0,
    ...event,
  };
}

Deno.test("of() names the members at the commit, however late it is asked", async () => {
  await using store = await stores.store();
  const committer = store.committer();
  const group = { group: CLUB, by: ANA };
  await committer.change({ ...group, change: "create", members: [BEN] });
  await committer.append(hello(ANA));
  await committer.change({ ...group, change: "add", members: [CAT] });
  await committer.append(hello(ANA));
  await committer.change({ ...group, change: "remove", members: [BEN] });
  await committer.append(hello(CAT));
  await committer.change({ ...group, change: "add", members: [BEN, DAN] });
  await committer.idle();
  const { audiences } = audiencesWith({ readMembers: membersReader(store.sql) });
  const seen: string[] = [];
  for (const event of committer.told) {
    const members = await audiences.of(event);
    seen.push(`${event.type} ${typeof members === "string" ? members : members.toSorted()}`);
  }
  assert.deepEqual(seen, [
    "group.created ",
    "message ana,ben",
    "group.joined ana,ben",
    "message ana,ben,cat",
    "group.left ana,ben,cat",
    "message ana,cat",
    "group.joined ana,cat",
  ]);
});

Deno.test("of() reads a list once, also for messages that come together", async () => {
  let reads = 0;
  const { audiences } = audiencesWith({
    readMembers: () => Promise.resolve([`u${++reads}` as UserId]),
  });
  const together = await Promise.all([audiences.of(inClub()), audiences.of(inClub())]);
  assert.deepEqual(together, [["u1"], ["u1"]]);
  assert.deepEqual(await audiences.of(inClub({ gsid: 80 })), ["u1"]);
  assert.deepEqual(await audiences.of(inClub({ membership: 48 })), ["u2"]);
});

Deno.test("of() asks nothing for a large group, and nobody for what is no group", async () => {
  const { audiences } = audiencesWith({
    readMembers: () => Promise.reject(new Error("asked")),
    largeGroup: 2,
  });
  assert.equal(await audiences.of(inClub({ members: 3 })), "large");
  const direct = { conversation: directConversation(ANA, BEN), members: 0, inboxes: [ANA, BEN] };
  assert.deepEqual(await audiences.of(inClub(direct)), []);
});

Deno.test("of() says unknown when the list cannot be read in time, and asks again", async () => {
  let answer: Promise<UserId[]> = Promise.reject(new Error("no database"));
  const { audiences, faults } = audiencesWith({ readMembers: () => answer, timeoutMs: 10 });
  assert.equal(await audiences.of(inClub()), "unknown");
  answer = new Promise(() => {});
  assert.equal(await audiences.of(inClub()), "unknown");
  answer = Promise.resolve([BEN]);
  assert.deepEqual(await audiences.of(inClub()), [BEN]);
  assert.equal(faults.length, 2);
});

Deno.test("of() keeps only so many ids, and reads again what was used longest ago", async () => {
  let reads = 0;
  const members = Array.from({ length: 0.6 * MAX_CACHED_IDS }, (_, i) => `u${i}` as UserId);
  const { audiences } = audiencesWith({
    readMembers: () => (reads++, Promise.resolve(members)),
    largeGroup: MAX_CACHED_IDS,
  });
  for (const membership of [16, 32, 32, 16]) await audiences.of(inClub({ membership }));
  assert.equal(reads, 3);
  assert.deepEqual(audiences.kept, { ids: members.length + 1, reading: 0 });
});
