import assert from "node:assert/strict";
import type { CommittedEvent } from "../commit/committed.ts";
import { GSID_PER_MS } from "shared/gsid.ts";
import type { ConnectionId, ConversationId, DeviceId, UserId } from "shared/ids.ts";
import type { PresentDevice } from "shared/presence.ts";
import { type Presence, UNKNOWN } from "../presence/interpret.ts";
import { type AddressedEvent, type Audience, decide, usersToAsk } from "./decide.ts";

const [ANA, BEN, CAT] = ["ana", "ben", "cat"] as [UserId, UserId, UserId];

function direct(...inboxes: UserId[]): AddressedEvent {
  return {
    event: eventOf({ conversation: "dm:ana:ben" as ConversationId, inboxes }),
    audience: [],
  };
}

function inGroup(audience: Audience, event: Partial<CommittedEvent> = {}): AddressedEvent {
  const conversation = "group:club" as ConversationId;
  return { event: eventOf({ conversation, membership: 16, members: 3, ...event }), audience };
}

function eventOf(event: Partial<CommittedEvent>): CommittedEvent {
  return {
    gsid: 48,
    type: "message",
    conversation: "system" as ConversationId,
    prev: 0,
    fields: '{"id":"m1","from":"ana","body":{}}',
    inboxes: [],
    sender: ANA,
    membership: 0,
    members: 0,
    woke: 0,
    ...event,
  };
}

function present(states: Partial<Record<string, Presence["state"] | "background">>) {
  return new Map(
    Object.entries(states).map(([user, state]): [UserId, Presence] => {
      const devices = state === "online" || state === "background"
        ? [{ device: "d" as DeviceId, connection: "c" as never, foreground: state === "online" }]
        : [];
      const known = state === "background" ? "online" : state!;
      return [user as UserId, { state: known, devices, partial: known === "unknown" }];
    }),
  );
}

function outcome(event: AddressedEvent, states: Parameters<typeof present>[0]) {
  const { publications, pushes, pages } = decide([event], present(states));
  return {
    topics: publications.map(({ topic }) => topic),
    pushes: pushes.map(({ user }) => user),
    pages,
  };
}

const CASES: [string, AddressedEvent, Parameters<typeof present>[0], ReturnType<typeof outcome>][] =
  [
    [
      "a direct message to an online user is published, the sender's copy too, and not pushed",
      direct(ANA, BEN),
      {
        ana: "online",
        ben: "online",
      },
      { topics: ["user-inbox-ana", "user-inbox-ben"], pushes: [], pages: [] },
    ],
    [
      "a direct message to an offline user is pushed, and nothing is published to it",
      direct(ANA, BEN),
      {
        ana: "online",
        ben: "offline",
      },
      { topics: ["user-inbox-ana"], pushes: [BEN], pages: [] },
    ],
    ["a direct message to an unknown user is published and pushed", direct(ANA, BEN), {
      ana: "offline",
      ben: "unknown",
    }, { topics: ["user-inbox-ben"], pushes: [BEN], pages: [] }],
    ["a user whom the lookup left out is unknown", direct(ANA, BEN), { ana: "offline" }, {
      topics: ["user-inbox-ben"],
      pushes: [BEN],
      pages: [],
    }],
    ["a device in the background gets both", direct(ANA, BEN), {
      ana: "offline",
      ben: "background",
    }, { topics: ["user-inbox-ben"], pushes: [BEN], pages: [] }],
    ["a note to oneself goes to one inbox and is never pushed", direct(ANA), { ana: "unknown" }, {
      topics: ["user-inbox-ana"],
      pushes: [],
      pages: [],
    }],
    ["a group message is published once, while anybody is online", inGroup([ANA, BEN, CAT]), {
      ana: "offline",
      ben: "online",
      cat: "offline",
    }, { topics: ["group-chat-club"], pushes: [CAT], pages: [] }],
    ["a group message with nobody online is only pushed", inGroup([ANA, BEN]), {
      ana: "offline",
      ben: "offline",
    }, { topics: [], pushes: [BEN], pages: [] }],
    [
      "a message to a large group is published without asking, and pushed in pages",
      inGroup("large"),
      {},
      {
        topics: ["group-chat-club"],
        pushes: [],
        pages: [48],
      },
    ],
    [
      "a message to a group whose members are not known is treated like that",
      inGroup("unknown"),
      {},
      {
        topics: ["group-chat-club"],
        pushes: [],
        pages: [48],
      },
    ],
    [
      "a membership event goes to the group and to the inbox of whom it concerns, without push",
      inGroup([ANA, BEN], { type: "group.joined", inboxes: [CAT] }),
      { ana: "online", ben: "offline", cat: "online" },
      { topics: ["group-chat-club", "user-inbox-cat"], pushes: [], pages: [] },
    ],
    [
      "a membership event whom it concerns offline skips that inbox",
      inGroup([ANA], { type: "group.left", inboxes: [CAT] }),
      { ana: "online", cat: "offline" },
      { topics: ["group-chat-club"], pushes: [], pages: [] },
    ],
    [
      "an alert is published once, whoever is there, and never pushed",
      { event: eventOf({ type: "alert", sender: null }), audience: [] },
      {},
      { topics: ["system-alerts"], pushes: [], pages: [] },
    ],
  ];

for (const [name, event, states, expected] of CASES) {
  Deno.test(`decide(): ${name}`, () => assert.deepEqual(outcome(event, states), expected));
}

Deno.test("decide() names the last membership change on the group's topic only", () => {
  const event = inGroup([ANA], { type: "group.joined", inboxes: [CAT] });
  const { publications } = decide([event], present({ ana: "online", cat: "online" }));
  assert.deepEqual(publications.map(({ live }) => [live.kind, live.gsid, live.membership]), [
    ["membership", 48, 16],
    ["membership", 48, 0],
  ]);
  assert.equal(JSON.parse(publications[0]!.live.data).type, "group.joined");
});

/** An event so many milliseconds after the one that ended its group's silence. */
function afterWaking(ms: number): Pick<CommittedEvent, "gsid" | "woke"> {
  return { gsid: 48 + ms * GSID_PER_MS, woke: 48 };
}

Deno.test("decide() tells the inboxes of a waking group's members too, those that may be online", () => {
  const states = present({ ana: "online", ben: "unknown", cat: "offline" });
  const told = (event: Partial<CommittedEvent>, audience: Audience = [ANA, BEN, CAT]) =>
    decide([inGroup(audience, event)], states).publications
      .map(({ topic, live }) => [topic, live.kind, live.membership]);
  const onGroup = ["group-chat-club", "event", 16];
  const onAll = [onGroup, ["user-inbox-ana", "wake", 16], ["user-inbox-ben", "wake", 16]];
  assert.deepEqual(told(afterWaking(0)), onAll, "what ended the silence");
  assert.deepEqual(told(afterWaking(2_000)), onAll, "what came right behind");
  assert.deepEqual(told(afterWaking(2_001)), [onGroup], "all edges hear the group by now");
  assert.deepEqual(told({ gsid: 48, woke: 0 }), [onGroup], "it never was silent for long");
  assert.deepEqual(told({ gsid: 48, woke: 4_800 }), onAll, "it woke again since");
  assert.deepEqual(told(afterWaking(0), "large"), [onGroup]);
  assert.deepEqual(told(afterWaking(0), "unknown"), [onGroup]);
});

Deno.test("decide() makes no wake copy for whom a membership event concerns: it has its own", () => {
  const event = inGroup([ANA, BEN], { type: "group.left", inboxes: [BEN], ...afterWaking(0) });
  const { publications } = decide([event], present({ ana: "online", ben: "online" }));
  assert.deepEqual(publications.map(({ topic, live }) => [topic, live.kind, live.membership]), [
    ["group-chat-club", "membership", 16],
    ["user-inbox-ben", "membership", 0],
    ["user-inbox-ana", "wake", 16],
  ]);
  assert.equal(new Set(publications.map(({ live }) => live.data)).size, 1);
});

Deno.test("decide() marks what is published to a large group, so that no edge lets it go", () => {
  const flags = (audience: Audience) =>
    decide([inGroup(audience)], present({ ana: "online" })).publications
      .map(({ live }) => live.large);
  assert.deepEqual([flags("large"), flags([ANA]), flags("unknown")], [
    [true],
    [undefined],
    [undefined],
  ]);
});

Deno.test("decide() keeps the order of its events", () => {
  const first = direct(ANA, BEN), second = inGroup([ANA, BEN], { gsid: 64 });
  const { publications } = decide([first, second], new Map());
  assert.deepEqual(publications.map(({ live }) => live.gsid), [48, 48, 64]);
});

Deno.test("decide() spares the sender's inbox only if none but the answered connection may be there", () => {
  const [answered, other] = ["c1", "c2"].map((connection) => ({
    device: "phone" as DeviceId,
    connection: connection as ConnectionId,
    foreground: true,
  })) as [PresentDevice, PresentDevice];
  const online = (...devices: PresentDevice[]): Presence => ({
    state: "online",
    devices,
    partial: false,
  });
  const topicsFor = (
    presence: Presence,
    connection: ConnectionId | undefined = answered.connection,
    inboxes = [ANA, BEN],
  ) => {
    const event = direct(...inboxes);
    Object.assign(event.event, { connection });
    const { publications } = decide(
      [event],
      new Map([[ANA, presence], [BEN, online(answered)]]),
    );
    return publications.map(({ topic }) => topic.replace("user-inbox-", ""));
  };
  assert.deepEqual(topicsFor(online(answered)), ["ben"]);
  assert.deepEqual(
    topicsFor(online(answered), answered.connection, [ANA]),
    [],
    "a note to oneself",
  );
  assert.deepEqual(topicsFor(online(answered, other)), ["ana", "ben"], "another device");
  assert.deepEqual(topicsFor(online(other)), ["ana", "ben"], "the device came back meanwhile");
  assert.deepEqual(topicsFor({ ...online(answered), partial: true }), ["ana", "ben"]);
  assert.deepEqual(topicsFor(UNKNOWN), ["ana", "ben"]);
  const { publications } = decide([direct(ANA, BEN)], new Map([[ANA, online(answered)]]));
  assert.equal(publications.length, 2, "sent by nobody's connection, as by the server API");
});

Deno.test("usersToAsk() names everybody once, and nobody of a large group", () => {
  const events = [direct(ANA, BEN), inGroup([BEN, CAT]), inGroup("large", { inboxes: [ANA] })];
  assert.deepEqual(usersToAsk(events), [ANA, BEN, CAT]);
});
