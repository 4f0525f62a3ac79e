/**
 * The promises that plants break: how their rows of `.github/GUARANTEES.md` begin. Pure.
 *
 * @module
 */

export const PROMISES = {
  stored: "A send is acknowledged after its commit",
  once: "The same user and id is one message for ever",
  visible: "The order of gsids is the order in which events become visible",
  chained: "`prev` chains the events of a conversation without a hole",
  delivered: "What was committed reaches every connected device of every member",
  resumed: "Resuming from any cursor that was ever given misses nothing",
  recovered: "`recovered: true` is never said when something is missing",
  members: "Who was a member at the commit sees an event, and nobody else",
  writers: "Only who is in a group at the commit writes to it",
  pushed: "A recipient with a push token of whom no device has confirmed a message",
  spared: "Who has confirmed a message in the foreground is not pushed it",
  revoked: "Once `revoke` is answered, no edge lets in by a token of before",
  newest: "Of a device's connections the newest stays",
  woken: "A group that fell silent is let go by the edges",
} as const;

export type Promised = typeof PROMISES[keyof typeof PROMISES];
