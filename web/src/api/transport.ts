import type { Transport } from "@connectrpc/connect";
import { CookieSession, createTransport } from "@vidmesh/client";

import { storage } from "../app/storage";

/** Being signed in to the installation that served the page. */
export const makeSession = (): CookieSession =>
  new CookieSession({ edgeUrl: location.origin, storage, events: window });

/** Calls to it. */
export const makeTransport = (session: CookieSession): Transport => createTransport({ edgeUrl: location.origin, session });
