/**
 * The official SDK in both of its builds, so that one test can drive either.
 *
 * Invariant: `encode` and `decode` are all that a caller needs to know of the difference: the
 * Protobuf build takes and gives the bytes of JSON text where the other takes and gives values.
 *
 * @module
 */

import { Centrifuge } from "centrifuge";
import { Centrifuge as CentrifugeProtobuf } from "centrifuge/build/protobuf";
import type { Codec } from "shared/wire/codec.ts";

export type Format = Codec["format"];

export interface Sdk {
  Client: typeof Centrifuge;
  /** A value as the SDK wants the data of a connect, an rpc or a send. */
  encode(value: unknown): unknown;
  // deno-lint-ignore no-explicit-any -- what a server sends is what it says it is
  decode(data: unknown): any;
}

export const SDKS: Record<Format, Sdk> = {
  json: { Client: Centrifuge, encode: (value) => value, decode: (data) => data },
  protobuf: {
    // The two builds declare the same class twice, and only its private parts differ.
    Client: CentrifugeProtobuf as unknown as typeof Centrifuge,
    encode: (value) => new TextEncoder().encode(JSON.stringify(value)),
    decode: (data) => JSON.parse(new TextDecoder().decode(data as Uint8Array)),
  },
};

export const FORMATS = Object.keys(SDKS) as Format[];
