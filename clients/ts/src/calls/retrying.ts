/** When to try again, and how long to wait before. */
import { Code } from "@connectrpc/connect";

import type { VidmeshError } from "../errors.js";

/** Who must wait longer than this is told so instead, milliseconds. */
export const LONGEST_WAIT_MS = 30_000;

/** Codes that may pass by themselves, whatever the reason. */
export const TRANSIENT: ReadonlySet<Code> = new Set([Code.Unavailable, Code.DeadlineExceeded]);

/**
 * Waits that double, half of each by chance, so that many clients do not come back at the same moment.
 *
 * As shipped, an installation may be away for about 15 s (a service being restarted) before a call fails.
 */
export class Backoff {
  constructor(
    readonly attempts = 9,
    private readonly firstMs = 200,
    private readonly mostMs = 5_000,
  ) {}

  /** Milliseconds to wait after this many failures in a row, from 1. */
  delayMs(failures: number): number {
    const whole = Math.min(this.mostMs, this.firstMs * 2 ** Math.min(failures - 1, 30));
    return whole * (0.5 + Math.random() / 2);
  }
}

/** Milliseconds to wait before an idempotent call is made again; undefined where it shall not be. */
export function waitBeforeRepeat(error: VidmeshError, failures: number, backoff: Backoff): number | undefined {
  if (failures >= backoff.attempts) return undefined;
  if (error.retryAfterMs !== undefined) {
    return error.retryAfterMs <= LONGEST_WAIT_MS ? Math.max(error.retryAfterMs, backoff.delayMs(failures)) : undefined;
  }
  return TRANSIENT.has(error.code) ? backoff.delayMs(failures) : undefined;
}

/** Resolves after that time; rejects with the signal's reason where it is aborted before. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, ms);
    if (signal?.aborted) stop();
    else signal?.addEventListener("abort", stop, { once: true });
  });
}
