/** What the contracts say about a method, as far as a caller must know it; read from the stubs' own descriptors. */
import { type DescMethod, getOption } from "@bufbuild/protobuf";
import { durationMs } from "@bufbuild/protobuf/wkt";

import { Access, policy, RateClass } from "../gen/vidmesh/options/v1/options_pb.js";

/** How long a unary call may take whose policy does not say (options.proto), milliseconds. */
export const UNARY_TIMEOUT_MS = 10_000;

/** How a method is to be called. */
export interface CallRules {
  /** It may be repeated without asking. */
  readonly idempotent: boolean;
  /** It is about signing in itself, so nobody's sign-in is sent along or waited for. */
  readonly authenticates: boolean;
  /** For one attempt; a stream has no limit but its own end. */
  readonly timeoutMs: number;
}

export function rulesOf(method: DescMethod): CallRules {
  const said = getOption(method, policy);
  return {
    idempotent: said.idempotent,
    authenticates: said.access === Access.PUBLIC && said.rateClass === RateClass.AUTH,
    timeoutMs: said.timeout === undefined ? UNARY_TIMEOUT_MS : durationMs(said.timeout),
  };
}
