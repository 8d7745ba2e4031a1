/** How calls get to an installation: gRPC-web, in browsers and in Node alike. */
import type { Transport } from "@connectrpc/connect";
import { createGrpcWebTransport } from "@connectrpc/connect-web";

import type { Session } from "../session/session.js";
import { NoSession } from "../session/session.js";
import { calling } from "./calling.js";
import { Backoff } from "./retrying.js";

export interface TransportOptions {
  /** Where the installation is reached, without a slash at the end: `https://video.example.org`. */
  readonly edgeUrl: string;
  /** Whose calls they are; nobody's where not given. */
  readonly session?: Session;
  /** How long it may be away before calls fail. */
  readonly backoff?: Backoff;
  readonly fetch?: typeof globalThis.fetch;
}

/**
 * For `createClient` of Connect, and for connect-query. Calls throw `VidmeshError`; those that may be repeated are
 * repeated; an ending sign-in is renewed before.
 */
export function createTransport(options: TransportOptions): Transport {
  const { edgeUrl, session = new NoSession(), backoff = new Backoff(), fetch } = options;
  return createGrpcWebTransport({
    baseUrl: edgeUrl,
    interceptors: [calling(session, backoff)],
    ...(fetch === undefined ? {} : { fetch }),
  });
}
