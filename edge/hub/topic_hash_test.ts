import assert from "node:assert/strict";
import { hashTopic } from "./topic_hash.ts";

/** Of the algorithm's authors: the bytes 0, 1, 2… under the key 0…7. */
const PUBLISHED: [bytes: number, hash: string][] = [
  [0, "218d1f59b9b83cc8"],
  [2, "064f39ef7c50eb57"],
  [4, "d5e78a175be52ea1"],
  [6, "ce3e91358aa2bc25"],
  [8, "edfee820bce4858c"],
];

Deno.test("hashTopic() is HalfSipHash of the topic's code units, as its authors published it", () => {
  for (const [length, expected] of PUBLISHED) {
    const bytes = Uint8Array.from({ length }, (_, i) => i);
    const text = new TextDecoder("utf-16le").decode(bytes);
    const { low, high } = hashTopic(text, [0x03020100, 0x07060504]);
    const hash = new Uint8Array(8);
    new DataView(hash.buffer).setUint32(0, low, true);
    new DataView(hash.buffer).setUint32(4, high, true);
    assert.equal(hash.toHex(), expected);
  }
});

Deno.test("hashTopic() differs for topics that differ, and for another key", () => {
  const topics = ["", "a", "\0a", "a\0", "b", "ab", "ba", "😀", "a".repeat(300), "a".repeat(172)];
  const hashes = topics.flatMap((topic) =>
    ([[1, 2], [1, 3], [2, 2]] as const).map((key) => JSON.stringify(hashTopic(topic, key)))
  );
  assert.equal(new Set(hashes).size, hashes.length);
});
