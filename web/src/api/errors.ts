/** What to say to a person about a failure. */
import { Code } from "@connectrpc/connect";
import { errorOf, type Reason } from "@vidmesh/client";

import { type Key, t } from "../i18n";
import { wait } from "../i18n/formats";

/** Reasons that deserve other words than the installation's own sentence, which is English and for everybody. */
const WORDS: Partial<Record<Reason, Key>> = {
  SIGN_IN_REQUIRED: "errorSignIn",
  INVALID_TOKEN: "errorSignIn",
  WRONG_CREDENTIALS: "errorWrongCredentials",
  WRONG_PASSWORD: "errorWrongPassword",
  EMAIL_TAKEN: "errorEmailTaken",
  HANDLE_TAKEN: "errorHandleTaken",
  REGISTRATION_CLOSED: "errorRegistrationClosed",
  INVALID_INVITE: "errorInvalidInvite",
  VIDEO_NOT_FOUND: "errorVideoNotFound",
  CHANNEL_NOT_FOUND: "errorChannelNotFound",
  VIDEO_NOT_PLAYABLE: "errorVideoNotPlayable",
  NO_DECODABLE_RENDITION: "errorNotDecodable",
  ETAG_MISMATCH: "errorChangedMeanwhile",
  INVALID_PUBLISH_TIME: "errorPublishTime",
  STORAGE_LOW: "errorStorageLow",
  QUOTA_EXCEEDED: "errorQuota",
  FILE_TOO_LARGE: "errorFileTooLarge",
  TOO_MANY_UPLOADS: "errorTooManyUploads",
  UPLOAD_NOT_ACTIVE: "errorUploadEnded",
};

export const reasonOf = (error: unknown): Reason => errorOf(error).reason;

/** The sentence for a person, with how long to wait where that is known. */
export function sentenceOf(error: unknown): string {
  const known = errorOf(error);
  if (known.reason === "" && !navigator.onLine) return t("errorOffline");
  const key = known.reason && WORDS[known.reason];
  const sentence = key ? t(key) : known.rawMessage;
  return known.retryAfterMs ? `${sentence} ${t("errorWait", { wait: wait(known.retryAfterMs / 1000) })}` : sentence;
}

/** The sentence about one field of a request, by its name in the contract (`handle`, `video.title`). */
export const aboutField = (error: unknown, field: string): string | undefined =>
  error ? errorOf(error).violations.find((one) => one.field === field || one.field.endsWith(`.${field}`))?.sentence : undefined;

/** Nobody who is signed in asked: signing in is the way on. */
export const isSignedOut = (error: unknown): boolean => errorOf(error).code === Code.Unauthenticated;

const PASSING = new Set([Code.Unavailable, Code.DeadlineExceeded, Code.ResourceExhausted]);

/** It may be otherwise in a while, without anybody's doing. */
export const isPassing = (error: unknown): boolean => PASSING.has(errorOf(error).code);

const FINAL = new Set([Code.NotFound, Code.PermissionDenied, Code.Unauthenticated, Code.FailedPrecondition, Code.InvalidArgument]);

/** Asking again would be in vain. */
export const isFinal = (error: unknown): boolean => FINAL.has(errorOf(error).code);
