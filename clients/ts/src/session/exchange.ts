/** Getting new tokens for old ones. */
import { Code, createClient, type Transport } from "@connectrpc/connect";

import { Backoff, pause, TRANSIENT } from "../calls/retrying.js";
import { errorOf, VidmeshError } from "../errors.js";
import { AccountService } from "../gen/vidmesh/social/v1/account_service_pb.js";
import type { Tokens } from "../gen/vidmesh/social/v1/account_pb.js";

/** A lost answer may be asked for again within 30 s (the contract of Refresh); these are some eight. */
const PATIENCE = new Backoff(6, 200, 4_000);

/** New tokens, and how far this machine's clock is behind the installation's, milliseconds. */
export interface Exchanged {
  readonly tokens: Tokens;
  readonly clockBehindMs: number;
}

/** Calls Refresh; an empty token stands for the browser's cookie. Throws `VidmeshError` (INVALID_REFRESH_TOKEN). */
export async function exchange(anonymous: Transport, refreshToken: string): Promise<Exchanged> {
  const accounts = createClient(AccountService, anonymous);
  for (let failures = 1; ; failures += 1) {
    try {
      let clockBehindMs = 0;
      const { tokens } = await accounts.refresh(
        { refreshToken },
        { onHeader: (headers) => (clockBehindMs = clockBehind(headers)) },
      );
      if (tokens === undefined) throw new VidmeshError("The answer holds no tokens.", Code.Internal);
      return { tokens, clockBehindMs };
    } catch (thrown) {
      const error = errorOf(thrown);
      if (!TRANSIENT.has(error.code) || failures >= PATIENCE.attempts) throw error;
    }
    await pause(PATIENCE.delayMs(failures));
  }
}

/** By the `date` of an answer (RFC 9110, 6.6.1): clocks of people's machines are often wrong by hours. */
export function clockBehind(headers: Headers): number {
  const told = Date.parse(headers.get("date") ?? "");
  return Number.isNaN(told) ? 0 : told - Date.now();
}
