/**
 * The SDK's own Protobuf definitions, as a second opinion on ours.
 *
 * Invariant: nothing of Fanfare's codec is used here. The SDK keeps them to itself, so this is the
 * only place that reaches for them.
 *
 * @module
 */

import { Centrifuge } from "centrifuge/build/protobuf";

interface SdkCodec {
  encodeCommands(commands: object[]): Uint8Array;
  decodeCommands(bytes: Uint8Array): object[];
  encodeReplies(replies: object[]): Uint8Array;
  decodeReplies(bytes: Uint8Array): object[];
}

/** What a `bytes` field holds here: the text of its JSON. */
export const jsonBytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

export function sdkProtobuf(): SdkCodec {
  const { _codec } = new Centrifuge("ws://nowhere") as unknown as { _codec: SdkCodec };
  return _codec;
}
