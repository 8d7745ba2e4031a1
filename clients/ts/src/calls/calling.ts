/** What happens around every call: it is signed in, repeated where it may be, and its errors are typed. */
import { Code, type Interceptor } from "@connectrpc/connect";

import { errorOf, VidmeshError } from "../errors.js";
import type { CallHeaders, Session } from "../session/session.js";
import { type CallRules, rulesOf } from "./policies.js";
import { type Backoff, pause, waitBeforeRepeat } from "./retrying.js";

/** With it alone a browser's cookies count; pages of other origins cannot send it. */
export const CSRF_HEADER = "x-vidmesh-csrf";

/** The interceptor of every transport of ours. Throws `VidmeshError`. */
export function calling(session: Session, backoff: Backoff): Interceptor {
  return (next) => async (request) => {
    const rules = rulesOf(request.method);
    request.header.set(CSRF_HEADER, "1");
    let failures = 0;
    let refused: CallHeaders | undefined;
    for (;;) {
      const headers = rules.authenticates ? undefined : await session.headers(refused);
      for (const [name, value] of Object.entries(headers?.values ?? {})) request.header.set(name, value);
      try {
        return request.stream ? await next(request) : await limited(request, rules, next);
      } catch (thrown) {
        request.signal.throwIfAborted();
        const error = errorOf(thrown);
        if (headers !== undefined && refused === undefined && outdated(error, headers)) {
          refused = headers;
          continue;
        }
        failures += 1;
        // A stream is resumed by its cursor instead (`streams.ts`).
        const again = rules.idempotent && !request.stream;
        const waitMs = again ? waitBeforeRepeat(error, failures, backoff) : undefined;
        if (waitMs === undefined) throw error;
        await pause(waitMs, request.signal);
      }
    }
  };
}

type Next = Parameters<Interceptor>[0];
type UnaryRequest = Extract<Parameters<Next>[0], { stream: false }>;

/** One attempt, within the time that the contract gives it. */
async function limited(request: UnaryRequest, rules: CallRules, next: Next): ReturnType<Next> {
  const limit = AbortSignal.timeout(rules.timeoutMs);
  request.header.set("grpc-timeout", `${rules.timeoutMs}m`);
  try {
    return await next({ ...request, signal: AbortSignal.any([request.signal, limit]) });
  } catch (thrown) {
    if (limit.aborted && !request.signal.aborted) {
      throw new VidmeshError("The installation took too long to answer.", Code.DeadlineExceeded);
    }
    throw thrown;
  }
}

/** A service did not take this sign-in, so a renewed one may help. */
function outdated(error: VidmeshError, headers: CallHeaders): boolean {
  // A cookie that the browser has dropped already was not sent at all.
  const reasons = ["", "INVALID_TOKEN", "SIGN_IN_REQUIRED"];
  return headers.signedIn && error.code === Code.Unauthenticated && reasons.includes(error.reason);
}
