import assert from "node:assert/strict";
import type { Writable } from "node:stream";
import * as ws from "ws";
import { encodeServerMessage } from "./message.ts";

/** The reader of \`ws\`, which its types leave out. */
const { Receiver } = ws as unknown as {
  Receiver: new (options: { isServer: boolean }) => Writable;
};

/** What `ws` reads from our bytes, as a client. */
function read(bytes: Uint8Array): Promise<{ data: Uint8Array; isBinary: boolean }> {
  return new Promise((resolve, reject) => {
    const receiver = new Receiver({ isServer: false });
    receiver.on("message", (data: Uint8Array, isBinary: boolean) => resolve({ data, isBinary }));
    receiver.on("error", reject);
    receiver.write(bytes);
  });
}

Deno.test("encodeServerMessage() is read as what it says, at every size of header", async () => {
  for (const length of [0, 1, 125, 126, 65_535, 65_536, 200_000]) {
    const text = await read(encodeServerMessage("x".repeat(length)));
    assert.equal(text.isBinary, false);
    assert.equal(text.data.toString(), "x".repeat(length));
    const bytes = await read(encodeServerMessage(new Uint8Array(length).fill(7)));
    assert.equal(bytes.isBinary, true);
    assert.deepEqual(new Uint8Array(bytes.data), new Uint8Array(length).fill(7));
  }
});

Deno.test("encodeServerMessage() counts bytes, not characters", async () => {
  const text = "añ😀".repeat(50);
  assert.equal((await read(encodeServerMessage(text))).data.toString(), text);
});
