/** What a call can fail with, told apart by the contract's reasons (`vidmesh.common.v1.ErrorReason`). */
import { durationMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";

import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "./gen/google/rpc/error_details_pb.js";
import type { ErrorReason } from "./gen/vidmesh/common/v1/error_reason_pb.js";

/** Name of a reason, e.g. "VIDEO_NOT_FOUND"; empty where the answer had none, as when nobody answered at all. */
export type Reason = Exclude<keyof typeof ErrorReason, "UNSPECIFIED"> | "";

/** One field of a request that breaks a rule of the contract. */
export interface Violation {
  /** Path in proto names, e.g. `video.title`. */
  readonly field: string;
  /** For a person. */
  readonly sentence: string;
}

const DOMAIN = "vidmesh";

/** A call was refused or could not be made. `rawMessage` is a sentence for a person; `code` the canonical code. */
export class VidmeshError extends ConnectError {
  // Its name stays "ConnectError": by that Connect lets it through as it is.

  constructor(
    message: string,
    code: Code,
    readonly reason: Reason = "",
    /** What the reason's comment in the contract names, e.g. `limit_bytes`. */
    readonly facts: Readonly<Record<string, string>> = {},
    readonly violations: readonly Violation[] = [],
    /** Milliseconds after which repeating the call may help; undefined where the answer does not say. */
    readonly retryAfterMs: number | undefined = undefined,
    cause?: unknown,
  ) {
    super(message, code, undefined, undefined, cause);
  }

  /** By what it has, as Connect does, so that two copies of this package in one program understand each other. */
  static override [Symbol.hasInstance](thrown: unknown): boolean {
    return thrown instanceof ConnectError && "reason" in thrown && "violations" in thrown;
  }
}

/** What the client itself found wrong; the message is one sentence for a person. */
export class ClientError extends Error {
  override name = "ClientError";
}

/** The typed form of whatever a call threw. */
export function errorOf(thrown: unknown): VidmeshError {
  if (thrown instanceof VidmeshError) return thrown;
  const error = ConnectError.from(thrown);
  const info = error.findDetails(ErrorInfoSchema).find((one) => one.domain === DOMAIN);
  const violations = error.findDetails(BadRequestSchema).flatMap((one) => one.fieldViolations);
  const delay = error.findDetails(RetryInfoSchema)[0]?.retryDelay;
  const code = unreachable(error) ? Code.Unavailable : error.code;
  return new VidmeshError(
    info === undefined ? plainSentence(code, error.rawMessage) : error.rawMessage,
    code,
    (info?.reason ?? "") as Reason,
    info?.metadata,
    violations.map((one) => ({ field: one.field, sentence: one.description })),
    delay === undefined ? undefined : durationMs(delay),
    thrown,
  );
}

/** Nobody answered, or not to the end: fetch throws a TypeError then (Fetch, 5.6). */
function unreachable(error: ConnectError): boolean {
  const vague = error.code === Code.Unknown || error.code === Code.Internal;
  return vague && error.cause instanceof TypeError;
}

function plainSentence(code: Code, told: string): string {
  if (code === Code.DeadlineExceeded) return "The installation took too long to answer.";
  if (code === Code.Unavailable) return "The installation does not answer.";
  return told === "" ? Code[code] : told;
}
