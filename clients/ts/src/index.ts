/** The client of vidmesh, for browsers and Node. What needs Node is in `@vidmesh/client/node`. */
export { CSRF_HEADER } from "./calls/calling.js";
export { type CallRules, rulesOf } from "./calls/policies.js";
export { Backoff } from "./calls/retrying.js";
export { resumed, type Resuming, watchProcessing, type WatchOptions } from "./calls/streams.js";
export { createTransport, type TransportOptions } from "./calls/transport.js";
export { ClientError, errorOf, type Reason, VidmeshError, type Violation } from "./errors.js";
export { CookieSession, type CookieSessionOptions } from "./session/cookies.js";
export { type CallHeaders, NoSession, type Session, type SignedIn } from "./session/session.js";
export { ApiTokenSession, TokenSession } from "./session/tokens.js";
export { randomUuid } from "./ids.js";
export { type Entry, type Journal, MemoryJournal, StorageJournal } from "./upload/journal.js";
export { type Network } from "./upload/network.js";
export { type Putting } from "./upload/putting.js";
export { type Fingerprint, FileSource, type Source, SourceChangedError } from "./upload/source.js";
export { type Progress } from "./upload/transfer.js";
export { Upload, type Uploaded, type UploadPhase, type UploadSnapshot } from "./upload/upload.js";
export { Uploader, type UploaderOptions } from "./upload/uploader.js";

// So that callers need no version of Connect of their own.
export { type Client, Code, createClient, type Transport } from "@connectrpc/connect";
