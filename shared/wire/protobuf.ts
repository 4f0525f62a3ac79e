/**
 * The Protobuf format of the wire: binary frames of messages behind their lengths, both ways.
 *
 * Invariant: `decode` returns commands that are complete and within every bound, or throws
 * `BadFrame`, whatever the bytes. It says what JSON says: every `data` field holds JSON text.
 * Swift, Kotlin, Java, Dart and C# clients speak nothing else.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { BadFrame, type Codec, type Command, type Frame, FRAME_LIMITS } from "shared/wire/codec.ts";
import { decodeCommand } from "./protobuf/command.ts";
import { encodePush } from "./protobuf/push.ts";
import { Reader } from "./protobuf/reader.ts";
import { encodeReply } from "./protobuf/reply.ts";
import { encodeDelimited } from "./protobuf/writer.ts";

export const protobufCodec: Codec = {
  format: "protobuf",
  decode,
  reply: encodeReply,
  push: encodePush,
  // A reply with nothing in it: its length, 0.
  ping: encodeDelimited([]),
  join,
};

function decode(frame: string | Uint8Array): Command[] {
  if (typeof frame === "string") throw new BadFrame("a Protobuf frame must be binary");
  if (frame.length > FRAME_LIMITS.maxBytes) {
    throw new BadFrame(`a frame must be at most ${FRAME_LIMITS.maxBytes} bytes`);
  }
  const commands: Command[] = [];
  for (const reader = Reader.of(frame); !reader.isDone;) {
    if (commands.length === FRAME_LIMITS.maxCommands) {
      throw new BadFrame(`a frame must hold at most ${FRAME_LIMITS.maxCommands} commands`);
    }
    commands.push(decodeCommand(reader.delimited()));
  }
  if (commands.length === 0) throw new BadFrame("a frame must hold a command");
  return commands;
}

/** Lengths stand before the messages, so nothing has to stand between them. */
function join(frames: readonly Frame[]): Uint8Array {
  return frames.length === 1 ? frames[0] as Uint8Array : Buffer.concat(frames as Uint8Array[]);
}
