/**
 * A topic as 64 bits, by a key: HalfSipHash-2-4 of its UTF-16 code units.
 *
 * Invariant: whoever does not know the key cannot find two topics of one hash, though users choose
 * the names of groups: two groups taken for one would show each the other's messages. Pure.
 *
 * @module
 */

import type { TopicKey } from "shared/topic.ts";

/** Two 32-bit halves, as unsigned integers. */
export interface TopicHash {
  readonly low: number;
  readonly high: number;
}

/** 64 secret bits, as two 32-bit halves. */
export type HashKey = readonly [low: number, high: number];

/** v0 to v3. */
type State = [number, number, number, number];

export function hashTopic(topic: TopicKey | string, [k0, k1]: HashKey): TopicHash {
  const state: State = [k0, k1 ^ 0xee, k0 ^ 0x6c796765, k1 ^ 0x74656462];
  const { length } = topic;
  for (let at = 1; at < length; at += 2) {
    absorb(state, topic.charCodeAt(at - 1) | (topic.charCodeAt(at) << 16));
  }
  const rest = length % 2 === 1 ? topic.charCodeAt(length - 1) : 0;
  absorb(state, ((2 * length) << 24) | rest);
  state[2] ^= 0xee;
  const low = squeeze(state);
  state[1] ^= 0xdd;
  return { low, high: squeeze(state) };
}

function absorb(state: State, word: number): void {
  state[3] ^= word;
  mix(state);
  mix(state);
  state[0] ^= word;
}

function squeeze(state: State): number {
  for (let round = 0; round < 4; round++) mix(state);
  return (state[1] ^ state[3]) >>> 0;
}

function mix(state: State): void {
  let [a, b, c, d] = state;
  a = (a + b) | 0;
  b = rotate(b, 5) ^ a;
  a = rotate(a, 16);
  c = (c + d) | 0;
  d = rotate(d, 8) ^ c;
  a = (a + d) | 0;
  d = rotate(d, 7) ^ a;
  c = (c + b) | 0;
  b = rotate(b, 13) ^ c;
  c = rotate(c, 16);
  state[0] = a;
  state[1] = b;
  state[2] = c;
  state[3] = d;
}

function rotate(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}
