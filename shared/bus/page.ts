/**
 * A page: a JSON header and any number of events, as origin answers a read.
 *
 * Invariant: at most `MAX_PAGE_BYTES` of events, and beside a long header fewer, so that every answer
 * fits into a message. Bytes: u32 header length, header, then per event u32 length and a `Live`.
 *
 * @module
 */

import { MAX_MESSAGE_BYTES } from "shared/bus/bus.ts";
import { decodeLive, encodeLive, type Live } from "shared/bus/live.ts";

export const MAX_PAGE_BYTES = 512 * 1024;

const utf8 = new TextEncoder();
const text = new TextDecoder();

export interface Page<Header> {
  header: Header;
  events: Live[];
}

export function encodePage<Header>(page: Page<Header>): Uint8Array {
  const header = utf8.encode(JSON.stringify(page.header));
  const events = page.events.map(encodeLive);
  const size = [header, ...events].reduce((sum, part) => sum + 4 + part.length, 0);
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const part of [header, ...events]) {
    view.setUint32(at, part.length);
    bytes.set(part, at + 4);
    at += 4 + part.length;
  }
  return bytes;
}

/** What its events may take, their lengths included. */
export function roomBeside<Header>(header: Header): number {
  const room = MAX_MESSAGE_BYTES - 4 - utf8.encode(JSON.stringify(header)).length;
  return Math.min(room, MAX_PAGE_BYTES);
}

/** @throws {RangeError} When the bytes are no page. */
export function decodePage<Header>(bytes: Uint8Array): Page<Header> {
  const [header, ...events] = partsOf(bytes);
  if (!header) throw new RangeError("Cannot read a page: it is empty");
  return {
    header: parseHeader(header) as Header,
    events: events.map((event) => {
      const live = decodeLive(event);
      if (!live) throw new RangeError("Cannot read a page: it holds an event of another version");
      return live;
    }),
  };
}

function partsOf(bytes: Uint8Array): Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const parts: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const start = at + 4;
    const end = start > bytes.length ? start : start + view.getUint32(at);
    if (end > bytes.length) throw new RangeError("Cannot read a page: it ends too early");
    parts.push(bytes.subarray(start, end));
    at = end;
  }
  return parts;
}

function parseHeader(header: Uint8Array): unknown {
  try {
    return JSON.parse(text.decode(header));
  } catch (cause) {
    throw new RangeError("Cannot read a page: its header is not JSON", { cause });
  }
}
