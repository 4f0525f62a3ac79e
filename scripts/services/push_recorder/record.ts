/**
 * What the recorder has seen, and what it will answer.
 *
 * Invariant: every attempt is listed, refused ones too, in the order in which they came; the list is
 * bounded, the oldest go, and how many went is known. Knows nothing of HTTP.
 *
 * @module
 */

export type RecordedPlatform = "fcm" | "apns";

/** One attempt to push, as `GET /pushes` shows it. */
export interface RecordedPush {
  platform: RecordedPlatform;
  token: string;
  /** ISO 8601, UTC. */
  at: string;
  status: number;
  reason?: string;
  user: string | null;
  conversation: string | null;
  gsid: number | null;
  payload: unknown;
  headers: Record<string, string>;
}

/** What a token's next attempts are answered; without `times` all of them. */
export interface PlannedAnswer {
  platform: RecordedPlatform;
  token: string;
  /** 200 takes earlier plans back. */
  status: number;
  reason?: string;
  times?: number;
  /** The `Retry-After` header. */
  retryAfterS?: number;
  /** APNs: since when the token is gone, in ms since 1970. */
  timestamp?: number;
}

export interface PushRecord {
  add(push: Omit<RecordedPush, "at" | "user" | "conversation" | "gsid">, data: unknown): void;
  list(filter?: { user?: string | null; token?: string | null }): RecordedPush[];
  /** Attempts that the list had no room for any more. */
  readonly forgotten: number;
  clear(): void;
  plan(answer: PlannedAnswer): void;
  /** Takes one of the planned answers; `undefined` means the push is accepted. */
  next(platform: RecordedPlatform, token: string): PlannedAnswer | undefined;
}

const MAX_PUSHES = 100_000;

export function createPushRecord(nowMs: () => number, maxPushes = MAX_PUSHES): PushRecord {
  let pushes: RecordedPush[] = [];
  let forgotten = 0;
  const plans = new Map<string, PlannedAnswer>();

  return {
    add(push, data) {
      const field = (name: string) => {
        const value = (data as Record<string, unknown> | null | undefined)?.[name];
        return typeof value === "string" ? value : null;
      };
      const gsid = field("gsid");
      pushes.push({
        ...push,
        at: new Date(nowMs()).toISOString(),
        user: field("user"),
        conversation: field("conversation"),
        gsid: gsid === null ? null : Number(gsid),
      });
      if (pushes.length <= maxPushes) return;
      forgotten += pushes.splice(0, Math.ceil(maxPushes / 2)).length;
    },
    get forgotten() {
      return forgotten;
    },
    list: ({ user, token } = {}) =>
      pushes.filter((push) =>
        (user ?? push.user) === push.user && (token ?? push.token) === push.token
      ),
    clear() {
      pushes = [];
    },
    plan(answer) {
      const key = `${answer.platform} ${answer.token}`;
      if (answer.status === 200) plans.delete(key);
      else plans.set(key, { ...answer });
    },
    next(platform, token) {
      const key = `${platform} ${token}`;
      const plan = plans.get(key);
      if (plan?.times !== undefined && --plan.times <= 0) plans.delete(key);
      return plan;
    },
  };
}

/** Tests call devices what they like; an exclamation mark is in no provider's tokens. */
export function isPossibleToken(token: string): boolean {
  return !token.includes("!");
}
