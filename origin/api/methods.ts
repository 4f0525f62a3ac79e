/**
 * The methods of the server API. Whoever holds the key acts for any user, named as `user`.
 *
 * Invariant: what a user may do is decided where the user's own commands are: these methods only
 * name the user. Knows neither HTTP nor the database.
 *
 * @module
 */

import Type, { type Static, type TSchema } from "typebox";
import type { JsonObject } from "shared/event.ts";
import type { Answer } from "shared/bus/requests.ts";
import type { Control } from "shared/bus/live.ts";
import type { DeviceId, UserId } from "shared/ids.ts";
import { inboxTopic } from "shared/topic.ts";
import { LOOKUPS } from "./lookups.ts";
import { type ApiMethod, closed, Gsid, Id, method } from "./method.ts";

/** What the API is called where a user's device is asked for. */
const API_DEVICE = "api" as DeviceId;

const Body = Type.Record(Type.String(), Type.Unknown(), {
  description: "The app's own; at most 16 KiB as JSON",
});
const User = Id("The user that acts");
const Whom = Id("The user whom it concerns");
const Group = Id("The group");
const Members = Type.Array(Id("A user"), { minItems: 1, maxItems: 100 });
const Nothing = Type.Object({}, closed);
const Changed = Type.Object({ gsid: Gsid });

const SentResult = Type.Object({
  gsid: Gsid,
  at: Type.String({ description: "The time of the commit, ISO 8601" }),
  conversation: Type.String(),
  prev: Type.Integer({ description: "The conversation's event before, 0 for the first" }),
  duplicate: Type.Optional(Type.Literal(true, {
    description: "It had been sent before, or an answer was lost on the way here",
  })),
});

export const METHODS: readonly ApiMethod[] = [
  method("send", {
    summary: "Sends a message as a user; the same user and id again are the same message",
    data: Type.Object({
      user: User,
      to: Type.Union([
        Type.Object({ user: Id("The recipient") }, closed),
        Type.Object({ group: Group }, closed),
      ]),
      id: Id("The sender's own name for the message"),
      body: Body,
    }, closed),
    result: SentResult,
    async run(deps, { user, ...data }) {
      const sends = [{ user: user as UserId, data: data as JsonObject }];
      return (await deps.send(sends))[0]! as Answer;
    },
  }),

  method("alert", {
    summary: "Tells everybody; the same id again is the same alert",
    data: Type.Object({ id: Type.Optional(Id("The alert's name")), body: Body }, closed),
    result: SentResult,
    async run(deps, { id, body }) {
      return await deps.alert(id ?? crypto.randomUUID(), body as JsonObject) as Answer;
    },
  }),

  method("disconnect", {
    summary: "Ends a user's connections, or those of one device; the SDK does not come back",
    data: Type.Object({ user: Whom, device: Type.Optional(Id("Only this device")) }, closed),
    result: Nothing,
    run(deps, { user, device }) {
      const control: Control = { type: "disconnect", ...(device !== undefined && { device }) };
      const data = JSON.stringify(control);
      deps.publish(inboxTopic(user as UserId), { kind: "control", gsid: 0, membership: 0, data });
      return { result: {} };
    },
  }),

  method("revoke", {
    summary: "Refuses a user's tokens that were issued before a moment, and ends what they let in",
    data: Type.Object({
      user: Whom,
      device: Type.Optional(
        Id(
          "Only this device, by the name that its client gives (of a stolen token revoke the user)",
        ),
      ),
      before: Type.Optional(
        Type.Number({
          minimum: 1,
          description: "A time as iat is, in seconds since 1970, and not in the future; else now",
        }),
      ),
    }, closed),
    result: Type.Object({
      before: Type.Number({
        description:
          "A token whose iat is below it, or that has none, is refused from now on; one " +
          "with this iat or a later one is taken",
      }),
    }),
    run: async (deps, { user, device, before }) =>
      await deps.revoke({
        user: user as UserId,
        ...(device !== undefined && { device: device as DeviceId }),
        ...(before !== undefined && { before }),
      }) as Answer,
  }),

  method("presence", {
    summary: "Says whether users are online",
    data: Type.Object({ users: Type.Array(Id("A user"), { maxItems: 1000 }) }, closed),
    result: Type.Record(
      Type.String(),
      Type.Object({
        online: Type.Boolean(),
        unknown: Type.Optional(Type.Literal(true, { description: "It cannot be told" })),
        devices: Type.Array(Type.Object({ device: Type.String(), foreground: Type.Boolean() })),
      }),
    ),
    async run(deps, { users }) {
      const presence = await deps.presence(users as UserId[]);
      return {
        result: Object.fromEntries(
          [...presence].map(([user, { state, devices }]) => [user, {
            online: state === "online",
            ...(state === "unknown" && { unknown: true }),
            devices: devices.map(({ device, foreground }) => ({ device, foreground })),
          }]),
        ),
      };
    },
  }),

  method("info", {
    summary: "Says who answers, and how far the log is",
    data: Nothing,
    result: Type.Object({
      name: Type.String(),
      version: Type.String(),
      epoch: Type.String(),
      head: Gsid,
    }),
    run: async (deps) => ({ result: await deps.info() }),
  }),
  ...LOOKUPS,

  asUser("history", {
    summary: "The events of a conversation that a user may see, in GSID order",
    fields: {
      conversation: Type.String(),
      before: Type.Optional(Gsid),
      after: Type.Optional(Gsid),
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200 })),
    },
    result: Type.Object({ events: Type.Array(Type.Unknown()), more: Type.Boolean() }),
  }),
  asUser("conversations", {
    summary: "A user's conversations, newest first",
    fields: {
      after: Type.Optional(Gsid),
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200 })),
    },
    result: Type.Object({
      conversations: Type.Array(Type.Object({ conversation: Type.String(), last: Gsid })),
      next: Type.Optional(Gsid),
    }),
  }),
  asUser("group.create", {
    summary: "Creates a group of which the user is the owner; 4011: somebody is in too many",
    fields: {
      group: Group,
      name: Type.Optional(Type.String()),
      members: Type.Optional(Type.Array(Id("A user"), { maxItems: 100 })),
    },
    result: Type.Object({ gsid: Gsid, conversation: Type.String() }),
  }),
  asUser("group.add", {
    summary: "Adds members; those already in are passed over. 4011: somebody is in too many",
    fields: { group: Group, members: Members },
    result: Changed,
  }),
  asUser("group.remove", {
    summary: "Removes members; those already out are passed over",
    fields: { group: Group, members: Members },
    result: Changed,
  }),
  asUser("group.leave", {
    summary: "Leaves a group",
    fields: { group: Group },
    result: Changed,
  }),
  asUser("group.get", {
    summary: "Tells about a group of the user",
    fields: { group: Group },
    result: Type.Object({
      group: Type.String(),
      name: Type.Optional(Type.String()),
      role: Type.String({ description: "The user's: owner, admin or member" }),
      members: Type.Integer({ description: "How many they are" }),
      created: Type.String({ description: "ISO 8601" }),
    }),
  }),
];

interface AsUserSpec {
  summary: string;
  fields: Record<string, TSchema>;
  result: TSchema;
}

/** A method that is the same as a client's, for the user named in it. */
function asUser(name: string, { summary, fields, result }: AsUserSpec): ApiMethod {
  const data = Type.Object({ user: User, ...fields }, closed);
  return method(name, {
    summary,
    data,
    result,
    run: async (deps, given: Static<typeof data>) => {
      const { user, ...rest } = given as { user: UserId } & JsonObject;
      return await deps.call({ user, device: API_DEVICE, method: name, data: rest as JsonObject });
    },
  });
}
