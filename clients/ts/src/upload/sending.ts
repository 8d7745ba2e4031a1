/** Putting one part into the store, through the edge, until it is there. */
import { timestampMs } from "@bufbuild/protobuf/wkt";

import { Backoff, pause, TRANSIENT } from "../calls/retrying.js";
import { ClientError, errorOf } from "../errors.js";
import type { SignedPart } from "../gen/vidmesh/upload/v1/upload_service_pb.js";
import { sha256 } from "./digest.js";
import { equal } from "./bytes.js";
import type { Pace } from "./pace.js";
import type { Span } from "./parts.js";
import type { Put, Putting } from "./putting.js";
import { type Source, SourceChangedError } from "./source.js";

/** A signed URL is not begun with any more so long before its end. */
const EARLY_MS = 5_000;
const STORED: ReadonlySet<number> = new Set([200, 201, 204]);
const THERE_ALREADY = 412;
const URL_REFUSED = 403;
const OTHER_BYTES = 400;
/** For one part: some fifteen seconds, after which the whole upload waits (`upload.ts`). */
export const PATIENCE = new Backoff(8, 250, 5_000);

/** The store, or the way there, fails; waiting may help. */
export class NotTakenError extends ClientError {
  override name = "NotTakenError";
}

/** A part with all that is needed to send it. */
export interface ReadyPart {
  readonly span: Span;
  readonly sha256: Uint8Array<ArrayBuffer>;
  readonly signed: SignedPart;
}

export interface SendingOptions {
  readonly edgeUrl: string;
  readonly source: Source;
  readonly put: Putting;
  readonly pace: Pace;
  /** Signs one part again. */
  readonly sign: (span: Span) => Promise<SignedPart>;
  /** Told bytes as they leave, and negative ones when they must again. */
  readonly moved: (bytes: number) => void;
  readonly patience?: Backoff;
}

/** Sends parts. */
export class PartSender {
  constructor(private readonly options: SendingOptions) {}

  /**
   * Resolves once the store has the part. Throws `SourceChangedError` when the file no longer has the bytes that were
   * signed, `NotTakenError` when the store does not take it, and what signing throws (`VidmeshError`: STORAGE_LOW).
   */
  async send(part: ReadyPart, signal: AbortSignal): Promise<void> {
    const { source, pace, sign, moved, patience = PATIENCE } = this.options;
    let { signed } = part;
    for (let failures = 1; ; failures += 1) {
      if (endsMs(signed) - EARLY_MS < Date.now()) signed = await sign(part.span);
      const { status, sent } = await pace.within(() => this.putOnce(part.span, signed, signal));
      if (STORED.has(status) || status === THERE_ALREADY) {
        // The store may answer before it has read the body; the part counts whole all the same.
        moved(part.span.end - part.span.offset - sent);
        pace.wentWell();
        return;
      }
      moved(-sent);
      if (status === 0 || status === OTHER_BYTES) await this.unchanged(part, status);
      if (failures >= patience.attempts) throw new NotTakenError(`Part ${part.span.number} is not taken: ${why(status)}.`);
      if (status !== URL_REFUSED) pace.wentBadly();
      await pause(patience.delayMs(failures), signal);
      if (status === URL_REFUSED) signed = await sign(part.span);
      else if (status >= 500) signed = await this.asked(part.span, signed);
    }
  }

  private async putOnce(span: Span, signed: SignedPart, signal: AbortSignal): Promise<Put> {
    const { edgeUrl, source, put, moved } = this.options;
    const body = await source.body(span.offset, span.end);
    return put({ url: new URL(signed.url, edgeUrl).href, headers: signed.headers, body, moved, signal });
  }

  private async unchanged(part: ReadyPart, status: number): Promise<void> {
    const { source } = this.options;
    if (status !== OTHER_BYTES) return source.check();
    const bytes = await source.read(part.span.offset, part.span.end);
    if (!equal(await sha256(bytes), part.sha256)) throw new SourceChangedError(source.name);
  }

  /** Signs again, because the service may say why the store fails: that its disk is full, say. */
  private async asked(span: Span, signed: SignedPart): Promise<SignedPart> {
    try {
      return await this.options.sign(span);
    } catch (thrown) {
      if (!TRANSIENT.has(errorOf(thrown).code)) throw thrown;
      return signed;
    }
  }
}

function endsMs(signed: SignedPart): number {
  return signed.expireTime === undefined ? Number.POSITIVE_INFINITY : timestampMs(signed.expireTime);
}

function why(status: number): string {
  return status === 0 ? "the connection failed" : `the store answers ${status}`;
}
