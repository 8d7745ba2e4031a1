import type { Transport } from "@connectrpc/connect";
import { CookieSession, createTransport } from "@vidmesh/client";

/** Being signed in to the installation that served the page. */
export const makeSession = (): CookieSession =>
  new CookieSession({ edgeUrl: location.origin, storage: localStorage, events: window });

/** Calls to it. */
export const makeTransport = (session: CookieSession): Transport => createTransport({ edgeUrl: location.origin, session });
