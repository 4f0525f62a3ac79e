/**
 * A test that waits for what never comes fails, instead of waiting for ever. For tests alone.
 *
 * @module
 */

const DEADLINE_MS = 5_000;

export async function within<Value>(promise: Promise<Value>): Promise<Value> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error("It did not come in time")), DEADLINE_MS);
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
