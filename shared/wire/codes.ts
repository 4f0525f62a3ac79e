/**
 * Every error code and close code that a client can meet, with what it means.
 *
 * Invariant: we send no code that is not in these tables; the WebSocket's own are 1002, 1007, 1008 and
 * 1009. The ranges carry the SDK's behaviour (Centrifuge client protocol v2): close codes 3000–3499
 * and 4000–4499 reconnect, 3500–3999 and 4500–4999 do not; an error is retried only when it is
 * `temporary`.
 *
 * @module
 */

/** The error of a reply. `message` may say more than the table: which field, and what is wrong. */
export interface WireError {
  code: number;
  message: string;
  temporary?: boolean;
}

export const ERRORS = {
  internal: { code: 100, message: "internal server error", temporary: true },
  unauthorized: { code: 101, message: "unauthorized" },
  permissionDenied: { code: 103, message: "permission denied" },
  methodNotFound: { code: 104, message: "method not found" },
  badRequest: { code: 107, message: "bad request" },
  notAvailable: { code: 108, message: "not available" },
  tokenExpired: { code: 109, message: "token expired" },
  tooManyRequests: { code: 111, message: "too many requests", temporary: true },
  unknownConversation: { code: 4001, message: "unknown conversation" },
  tooLarge: { code: 4002, message: "too large" },
  idAlreadyUsed: { code: 4009, message: "id already used" },
  groupExists: { code: 4010, message: "group exists" },
  tooManyGroups: { code: 4011, message: "too many groups" },
} as const satisfies Record<string, WireError>;

export type ErrorName = keyof typeof ERRORS;

/** An error of the table, with more words: `wireError("badRequest", "to must be an object")`. */
export function wireError(name: ErrorName, message?: string): WireError {
  return message === undefined ? { ...ERRORS[name] } : { ...ERRORS[name], message };
}

/** Why a connection ends. `reason` is words: one that parses as JSON would be an instruction. */
export interface Close {
  code: number;
  reason: string;
}

export const CLOSES = {
  shutdown: { code: 3001, reason: "shutdown" },
  internal: { code: 3004, reason: "internal server error" },
  expired: { code: 3005, reason: "connection expired" },
  slow: { code: 3008, reason: "slow" },
  insufficientState: { code: 3010, reason: "insufficient state" },
  noPong: { code: 3012, reason: "no pong" },
  tooManyRequests: { code: 3013, reason: "too many requests" },
  invalidToken: { code: 3500, reason: "invalid token" },
  badRequest: { code: 3501, reason: "bad request" },
  stale: { code: 3502, reason: "stale" },
  forceDisconnect: { code: 3503, reason: "force disconnect" },
  connectionLimit: { code: 3504, reason: "connection limit" },
} as const satisfies Record<string, Close>;

export type CloseName = keyof typeof CLOSES;

/** A close frame has room for no more than this of a reason. */
export const MAX_REASON_BYTES = 123;

/** The end of a connection that broke a rule, with which: the words are ours, and ASCII. */
export function badRequest(fault: string): Close {
  const { code, reason } = CLOSES.badRequest;
  return { code, reason: `${reason}: ${fault}`.slice(0, MAX_REASON_BYTES) };
}
