/**
 * What the SDKs that speak only Protobuf send, byte for byte: fields in the order of their numbers.
 *
 * Swift and Kotlin leave out what is 0, false or empty; Dart writes whatever was set. Written down
 * from the sources of centrifuge-swift a194bd7, centrifuge-java 2ffae53 and centrifuge-dart 969c3c9.
 *
 * @module
 */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { Command } from "./codec.ts";
import { protobufCodec } from "./protobuf.ts";

const fixtures: [sdk: string, does: string, bytes: string, command: Command][] = [
  [
    "Swift",
    "connects",
    `
    20                                                  # a command of 32 bytes
    08 01                                               # id: 1
    22 1c                                               # connect, 28 bytes
    0a 02 54 31                                         # token: T1
    12 0f 7b 22 64 65 76 69 63 65 22 3a 22 64 31 22 7d  # data: {"device":"d1"}
    22 05 73 77 69 66 74                                # name: swift
  `,
    { verb: "connect", id: 1, token: "T1", data: { device: "d1" } },
  ],
  [
    "Swift",
    "connects again",
    `
    3a                                                  # a command of 58 bytes
    08 07                                               # id: 7
    22 36                                               # connect, 54 bytes
    0a 02 54 31                                         # token: T1
    12 0f 7b 22 64 65 76 69 63 65 22 3a 22 64 31 22 7d  # data: {"device":"d1"}
    1a 18                                               # subs: an entry of 24 bytes
    0a 05 69 6e 62 6f 78                                # key: inbox
    12 0f                                               # value, 15 bytes
    18 01                                               # recover: true
    32 02 51 6d                                         # epoch: Qm
    38 c6 8c d6 f3 dd b4 f9 0c                          # offset: 7289374982374982
    22 05 73 77 69 66 74                                # name: swift
  `,
    {
      verb: "connect",
      id: 7,
      token: "T1",
      data: { device: "d1" },
      recover: { gsid: 7289374982374982, epoch: "Qm" },
    },
  ],
  [
    "Swift",
    "connects again from 0",
    `
    31                                                  # a command of 49 bytes
    08 07                                               # id: 7
    22 2d                                               # connect, 45 bytes
    0a 02 54 31                                         # token: T1
    12 0f 7b 22 64 65 76 69 63 65 22 3a 22 64 31 22 7d  # data: {"device":"d1"}
    1a 0f                                               # subs: an entry of 15 bytes
    0a 05 69 6e 62 6f 78                                # key: inbox
    12 06                                               # value, 6 bytes
    18 01                                               # recover: true
    32 02 51 6d                                         # epoch: Qm
    22 05 73 77 69 66 74                                # name: swift
  `,
    {
      verb: "connect",
      id: 7,
      token: "T1",
      data: { device: "d1" },
      recover: { gsid: 0, epoch: "Qm" },
    },
  ],
  [
    "Swift",
    "calls",
    `
    18                                                  # a command of 24 bytes
    08 ac 02                                            # id: 300
    6a 13                                               # rpc, 19 bytes
    0a 0b 7b 22 69 64 22 3a 22 6d 31 22 7d              # data: {"id":"m1"}
    12 04 73 65 6e 64                                   # method: send
  `,
    { verb: "rpc", id: 300, method: "send", data: { id: "m1" } },
  ],
  [
    "Swift",
    "sends",
    `
    1c                                                  # a command of 28 bytes
    62 1a                                               # send, 26 bytes
    0a 18 7b 22 74 79 70 65 22 3a 22 61 63 6b 22 2c 22  # data: {"type":"ack","gsid":16}
    67 73 69 64 22 3a 31 36 7d
  `,
    { verb: "send", data: { type: "ack", gsid: 16 } },
  ],
  [
    "Swift",
    "refreshes",
    `
    08                                                  # a command of 8 bytes
    08 03                                               # id: 3
    72 04                                               # refresh, 4 bytes
    0a 02 54 32                                         # token: T2
  `,
    { verb: "refresh", id: 3, token: "T2" },
  ],
  [
    "Swift",
    "answers a ping",
    `
    00                                                  # a command with nothing in it: a pong
  `,
    { verb: "pong" },
  ],
  [
    "Kotlin",
    "connects again",
    `
    39                                                  # a command of 57 bytes
    08 07                                               # id: 7
    22 35                                               # connect, 53 bytes
    0a 02 54 31                                         # token: T1
    12 0f 7b 22 64 65 76 69 63 65 22 3a 22 64 31 22 7d  # data: {"device":"d1"}
    1a 18                                               # subs: an entry of 24 bytes
    0a 05 69 6e 62 6f 78                                # key: inbox
    12 0f                                               # value, 15 bytes
    18 01                                               # recover: true
    32 02 51 6d                                         # epoch: Qm
    38 c6 8c d6 f3 dd b4 f9 0c                          # offset: 7289374982374982
    22 04 6a 61 76 61                                   # name: java
  `,
    {
      verb: "connect",
      id: 7,
      token: "T1",
      data: { device: "d1" },
      recover: { gsid: 7289374982374982, epoch: "Qm" },
    },
  ],
  [
    "Kotlin",
    "connects again without a position",
    `
    2a                                                  # a command of 42 bytes
    08 07                                               # id: 7
    22 26                                               # connect, 38 bytes
    0a 02 54 31                                         # token: T1
    12 0f 7b 22 64 65 76 69 63 65 22 3a 22 64 31 22 7d  # data: {"device":"d1"}
    1a 09                                               # subs: an entry of 9 bytes
    0a 05 69 6e 62 6f 78                                # key: inbox
    12 00                                               # value, 0 bytes
    22 04 6a 61 76 61                                   # name: java
  `,
    { verb: "connect", id: 7, token: "T1", data: { device: "d1" } },
  ],
  [
    "Kotlin",
    "sends, with an id",
    `
    1e                                                  # a command of 30 bytes
    08 05                                               # id: 5
    62 1a                                               # send, 26 bytes
    0a 18 7b 22 74 79 70 65 22 3a 22 61 63 6b 22 2c 22  # data: {"type":"ack","gsid":16}
    67 73 69 64 22 3a 31 36 7d
  `,
    { verb: "send", data: { type: "ack", gsid: 16 } },
  ],
  [
    "Dart",
    "connects",
    `
    21                                                  # a command of 33 bytes
    08 01                                               # id: 1
    22 1d                                               # connect, 29 bytes
    0a 02 54 31                                         # token: T1
    12 0f 7b 22 64 65 76 69 63 65 22 3a 22 64 31 22 7d  # data: {"device":"d1"}
    22 04 64 61 72 74                                   # name: dart
    2a 00                                               # version, empty and written all the same
  `,
    { verb: "connect", id: 1, token: "T1", data: { device: "d1" } },
  ],
  [
    "Dart",
    "connects again",
    `
    3b                                                  # a command of 59 bytes
    08 07                                               # id: 7
    22 37                                               # connect, 55 bytes
    0a 02 54 31                                         # token: T1
    12 0f 7b 22 64 65 76 69 63 65 22 3a 22 64 31 22 7d  # data: {"device":"d1"}
    1a 18                                               # subs: an entry of 24 bytes
    0a 05 69 6e 62 6f 78                                # key: inbox
    12 0f                                               # value, 15 bytes
    18 01                                               # recover: true
    32 02 51 6d                                         # epoch: Qm
    38 c6 8c d6 f3 dd b4 f9 0c                          # offset: 7289374982374982
    22 04 64 61 72 74                                   # name: dart
    2a 00                                               # version, empty and written all the same
  `,
    {
      verb: "connect",
      id: 7,
      token: "T1",
      data: { device: "d1" },
      recover: { gsid: 7289374982374982, epoch: "Qm" },
    },
  ],
  [
    "Dart",
    "connects again from 0",
    `
    34                                                  # a command of 52 bytes
    08 07                                               # id: 7
    22 30                                               # connect, 48 bytes
    0a 02 54 31                                         # token: T1
    12 0f 7b 22 64 65 76 69 63 65 22 3a 22 64 31 22 7d  # data: {"device":"d1"}
    1a 11                                               # subs: an entry of 17 bytes
    0a 05 69 6e 62 6f 78                                # key: inbox
    12 08                                               # value, 8 bytes
    18 01                                               # recover: true
    32 02 51 6d                                         # epoch: Qm
    38 00                                               # offset: 0
    22 04 64 61 72 74                                   # name: dart
    2a 00                                               # version, empty and written all the same
  `,
    {
      verb: "connect",
      id: 7,
      token: "T1",
      data: { device: "d1" },
      recover: { gsid: 0, epoch: "Qm" },
    },
  ],
  [
    "Dart",
    "connects again without a position",
    `
    34                                                  # a command of 52 bytes
    08 07                                               # id: 7
    22 30                                               # connect, 48 bytes
    0a 02 54 31                                         # token: T1
    12 0f 7b 22 64 65 76 69 63 65 22 3a 22 64 31 22 7d  # data: {"device":"d1"}
    1a 11                                               # subs: an entry of 17 bytes
    0a 05 69 6e 62 6f 78                                # key: inbox
    12 08                                               # value, 8 bytes
    18 00                                               # recover: false
    32 02 51 6d                                         # epoch: Qm
    38 00                                               # offset: 0
    22 04 64 61 72 74                                   # name: dart
    2a 00                                               # version, empty and written all the same
  `,
    { verb: "connect", id: 7, token: "T1", data: { device: "d1" } },
  ],
  [
    "Dart",
    "pings",
    `
    04                                                  # a command of 4 bytes
    08 04                                               # id: 4
    5a 00                                               # ping, 0 bytes
  `,
    { verb: "ping", id: 4 },
  ],
];

for (const [sdk, does, text, command] of fixtures) {
  Deno.test(`the ${sdk} SDK ${does}`, () => {
    assert.deepEqual(protobufCodec.decode(bytesOf(text)), [command]);
  });
}

Deno.test("commands of one turn, in one frame, are all read", () => {
  const frame = Buffer.concat(fixtures.map(([, , text]) => bytesOf(text)));
  assert.deepEqual(protobufCodec.decode(frame), fixtures.map(([, , , command]) => command));
});

/** The hex digits in front of the comments. */
function bytesOf(text: string): Uint8Array {
  const digits = text.split("\n").map((line) => line.replace(/#.*/, "")).join("");
  return Buffer.from(digits.replaceAll(" ", ""), "hex");
}
