/**
 * The methods of the server API by which an operator looks up a user's devices, or one message.
 *
 * Invariant: they only read, and no body and no token is in what they answer.
 *
 * @module
 */

import Type from "typebox";
import type { UserId } from "shared/ids.ts";
import { wireError } from "shared/wire/codes.ts";
import { type ApiMethod, closed, Gsid, Id, method } from "./method.ts";

const MAX_RECIPIENTS = 500;
const DEFAULT_RECIPIENTS = 100;

const Presence = Type.Union(
  [Type.Literal("online"), Type.Literal("offline"), Type.Literal("unknown")],
  { description: "Now; unknown: it cannot be told" },
);
const At = Type.String({ description: "ISO 8601" });
const TextOrNull = Type.Union([Type.String(), Type.Null()]);
const Word = (...words: string[]) => Type.Union(words.map((word) => Type.Literal(word)));

const TargetFate = Type.Object({
  device: Type.Union([Type.String(), Type.Null()], {
    description: "null: its token is registered no more",
  }),
  platform: TextOrNull,
  state: Word("sent", "pruned", "refused", "failed", "untried"),
  again: Type.Optional(Type.String({ description: "When it may be tried again, ISO 8601" })),
});

const Push = Type.Union([
  Type.Object({
    state: Type.Literal("none"),
    why: Word(
      "own message",
      "no message",
      "no targets",
      "not looked at yet",
      "received or in use",
      "not kept",
    ),
  }),
  Type.Object({
    state: Word("waiting", "sent", "dropped", "dead"),
    attempts: Type.Integer({ description: "How often a worker took it" }),
    due: Type.Optional(Type.String({ description: "When it is tried next, ISO 8601" })),
    ended: Type.Optional(At),
    reason: Type.Optional(
      Type.String({ description: "What the provider answered last, or why nothing was sent" }),
    ),
    targets: Type.Array(TargetFate),
  }),
]);

const Recipient = Type.Object({
  user: Type.String(),
  presence: Presence,
  received: Type.Union(
    [Type.Literal("yes"), Type.Literal("not yet"), Type.Literal("unknown")],
    { description: "Whether a device is known to have received everything up to it" },
  ),
  push: Push,
});

export const LOOKUPS: readonly ApiMethod[] = [
  method("devices", {
    summary:
      "A user's devices: connected, registered for push, and how far they received; no token",
    data: Type.Object({ user: Id("The user") }, closed),
    result: Type.Object({
      devices: Type.Array(
        Type.Object({
          device: Type.String(),
          platform: Type.String(),
          app: TextOrNull,
          registered: At,
        }),
        { description: "Registered for push" },
      ),
      presence: Presence,
      connected: Type.Array(Type.Object({ device: Type.String(), foreground: Type.Boolean() })),
      received: Type.Union([Gsid, Type.Null()], {
        description: "Everything up to this event was received, on some device; null: not known",
      }),
    }),
    run: async (deps, { user }) => ({ result: await deps.devices(user as UserId) }),
  }),

  method("trace", {
    summary: "One message: when it was committed, and what became of it for each recipient",
    data: Type.Object({
      gsid: Gsid,
      after: Type.Optional(Id("Only recipients after this one, in the order of their ids")),
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_RECIPIENTS })),
    }, closed),
    result: Type.Object({
      gsid: Gsid,
      type: Type.String(),
      conversation: Type.String(),
      at: Type.String({ description: "The time of the commit, ISO 8601" }),
      prev: Type.Integer({ description: "The conversation's event before, 0 for the first" }),
      sender: TextOrNull,
      id: Type.Union([Type.String(), Type.Null()], {
        description: "The sender's own name for the message",
      }),
      trace: Type.Optional(Type.String({ description: "The id of its trace, if it is traced" })),
      lateCheck: Type.Union([Type.Literal("done"), Type.Literal("waiting")], {
        description: "Whether it was looked at for pushes that are missing, 15 s after its commit",
      }),
      walk: Type.Optional(
        Type.Union([Type.Literal("done"), Type.Literal("under way")], {
          description: "Groups so large that push jobs are made in pages: how far that is",
        }),
      ),
      recipients: Type.Array(Recipient, {
        description: "Who was in the conversation then; nobody for an alert, which is everybody's",
      }),
      more: Type.Boolean({ description: "There are recipients after the last of these" }),
    }),
    async run(deps, { gsid, limit = DEFAULT_RECIPIENTS, after }) {
      const result = await deps.trace({ gsid, limit, ...(after !== undefined && { after }) });
      return result ? { result } : { error: wireError("badRequest", "gsid names no event") };
    },
  }),
];
