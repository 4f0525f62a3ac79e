/**
 * The names of everything that can happen.
 *
 * @module
 */

/** `#` and `%` stand for the two numbers that go with a step. */
const NAMES = {
  commit: "# is committed: %",
  hear: "the edge hears of %",
  digest: "the edge hears the digest of (#, %]",
  ask: "the edge asks for a digest and is answered (#, %]",
  hubAnswer: "the edge is answered what it asked for, as of #",
  hubFail: "a read of the edge fails",
  idle: "the edge lets go of idle groups",
  connect: "the device connects with cursor #",
  feedAnswer: "the connection is answered what it asked for, as of #",
  feedFail: "a read of the connection fails",
  start: "the connect is answered, and the catch-up begins",
  receive: "the device receives #, with offset %",
  reply: "the answer to the send of # reaches the connection",
  ping: "the edge pings the device",
  pong: "a pong reaches the edge",
  taken: "connection # is told that one has taken its device at %",
  drop: "the device loses its connection, and the edge sees it",
  linger: "the device loses its connection, and the edge does not see it",
  notice: "the edge sees that connection # is gone",
  crash: "the edge crashes and starts again",
  store: "an origin commits the send #, at %, and answers",
  "half store": "an origin crashes between commit and answer of the send #",
  find: "the send # comes again and is answered: it is stored at %",
  publish: "an origin publishes #",
  "read digest": "an origin reads the digest of (#, %]",
  "publish digest": "an origin publishes the digest of (#, %]",
  begin: "the edge asks for the head and is told #",
  "origin crash": "an origin crashes and starts again",
  "device crash": "the device crashes and starts again",
  come: "Otto's connection comes",
  go: "Otto's connection goes",
} as const;

export type StepName = keyof typeof NAMES;

const ORDER = Object.keys(NAMES) as StepName[];

/** The number of each step. */
export const STEP = Object.fromEntries(
  ORDER.map((name, number) => [name, number]),
) as Record<StepName, number>;

export function stepOf(number: number): StepName {
  return ORDER[number]!;
}

export function nameStep(name: StepName, first: string | number, second: string | number): string {
  return NAMES[name].replace("#", `${first}`).replace("%", `${second}`);
}
