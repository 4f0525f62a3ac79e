/**
 * The numbers of the fields that we read or write, as `client.proto`, version 2, gives them.
 *
 * Invariant: a number never changes; apps that were built years ago go by it.
 *
 * @module
 */

export const COMMAND = {
  id: 1,
  connect: 4,
  subscribe: 5,
  unsubscribe: 6,
  publish: 7,
  presence: 8,
  presence_stats: 9,
  history: 10,
  ping: 11,
  send: 12,
  rpc: 13,
  refresh: 14,
  sub_refresh: 15,
} as const;
export const CONNECT_REQUEST = { token: 1, data: 2, subs: 3 } as const;
export const SUBSCRIBE_REQUEST = { recover: 3, epoch: 6, offset: 7 } as const;
export const RPC_REQUEST = { data: 1, method: 2 } as const;
export const SEND_REQUEST = { data: 1 } as const;
export const REFRESH_REQUEST = { token: 1 } as const;

export const REPLY = {
  id: 1,
  error: 2,
  push: 4,
  connect: 5,
  ping: 12,
  rpc: 13,
  refresh: 14,
} as const;
export const ERROR = { code: 1, message: 2, temporary: 3 } as const;
export const PUSH = { channel: 2, pub: 4 } as const;
export const PUBLICATION = { data: 4, offset: 6 } as const;
export const CONNECT_RESULT = {
  client: 1,
  version: 2,
  expires: 3,
  ttl: 4,
  data: 5,
  subs: 6,
  ping: 7,
  pong: 8,
} as const;
export const SUBSCRIBE_RESULT = {
  recoverable: 3,
  epoch: 6,
  recovered: 8,
  offset: 9,
  positioned: 10,
  was_recovering: 12,
} as const;
export const RPC_RESULT = { data: 1 } as const;
export const REFRESH_RESULT = { client: 1, version: 2, expires: 3, ttl: 4 } as const;

/** A map is a list of these. */
export const MAP_ENTRY = { key: 1, value: 2 } as const;
