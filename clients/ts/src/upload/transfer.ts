/** Everything between CreateUpload and CompleteUpload: hash, sign, send, confirm, all at the same time. */
import type { Client } from "@connectrpc/connect";

import { ClientError } from "../errors.js";
import type { Upload } from "../gen/vidmesh/upload/v1/upload_pb.js";
import type { SignedPart, UploadService } from "../gen/vidmesh/upload/v1/upload_service_pb.js";
import { equal, joined } from "./bytes.js";
import { Confirmer } from "./confirming.js";
import { sha256 } from "./digest.js";
import type { Pace } from "./pace.js";
import { findIndex, sendingOrder, type Span, spansOf } from "./parts.js";
import type { Putting } from "./putting.js";
import { Queue, together } from "./queue.js";
import { PartSender, type ReadyPart } from "./sending.js";
import { type Source, SourceChangedError } from "./source.js";

/** Parts signed together: few at first, so that sending begins at once. */
const PAGES = [2, 4, 8];
const PAGE = 16;

/** How far a transfer is, in bytes. */
export interface Progress {
  readonly total: number;
  /** On their way or there. */
  readonly sent: number;
  /** There for good, whatever happens to us. */
  readonly confirmed: number;
}

/** Digests of parts as the file has them, by number: outlive a run that was broken off. */
export type Digests = Map<number, Uint8Array<ArrayBuffer>>;

export interface TransferOptions {
  readonly uploads: Client<typeof UploadService>;
  readonly edgeUrl: string;
  readonly source: Source;
  readonly upload: Upload;
  readonly put: Putting;
  /** Shared by all uploads of a page. */
  readonly pace: Pace;
  readonly digests: Digests;
  readonly progress: (progress: Progress) => void;
}

/** One run over the parts of an upload that are missing. */
export class Transfer {
  private readonly spans: readonly Span[];
  private now: Progress;

  constructor(private readonly options: TransferOptions) {
    const { upload } = options;
    const received = Number(upload.receivedBytes);
    this.spans = spansOf(upload.layout);
    this.now = { total: Number(upload.sizeBytes), sent: received, confirmed: received };
  }

  /**
   * Resolves once every part is confirmed: SHA-256 over the part digests in order. Throws `SourceChangedError`, and
   * `VidmeshError` or `NotTakenError` where the other side fails for too long.
   */
  async run(outer: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
    const { source, digests, uploads, upload, progress, pace } = this.options;
    const there = await this.confirmedParts(outer);
    const order = sendingOrder(
      this.spans.filter(({ number }) => !there.has(number)),
      await findIndex(source),
    );
    progress(this.now);
    const confirmer = new Confirmer(uploads, upload.uploadId, (as) => this.confirmed(as));
    const ready = new Queue<ReadyPart>(pace.most);
    let sending = pace.most;
    const send = async (signal: AbortSignal) => {
      const sender = this.sender(signal);
      for (let part = await ready.take(signal); part !== undefined; part = await ready.take(signal)) {
        await sender.send(part, signal);
        await confirmer.stored({ number: part.span.number, sha256: part.sha256 });
      }
      sending -= 1;
      if (sending === 0) confirmer.noMore();
    };
    await together(outer, [
      (signal) => this.compare(there, signal),
      (signal) => confirmer.run(signal),
      (signal) => this.prepare(order, ready, signal),
      ...Array.from({ length: pace.most }, () => send),
    ]);
    return sha256(joined(this.spans.map(({ number }) => digests.get(number) ?? new Uint8Array())));
  }

  private sender(signal: AbortSignal): PartSender {
    const { edgeUrl, source, put, pace } = this.options;
    const sign = async (span: Span) => {
      const [signed] = await this.sign([span], signal);
      if (signed === undefined) throw new ClientError("A part was not signed.");
      return signed;
    };
    return new PartSender({ edgeUrl, source, put, pace, sign, moved: (bytes) => this.moved(bytes) });
  }

  private async confirmedParts(signal: AbortSignal): Promise<Digests> {
    const { uploads, upload } = this.options;
    const there: Digests = new Map();
    let pageToken = "";
    while (upload.receivedPartCount > 0) {
      const answer = await uploads.listParts({ uploadId: upload.uploadId, pageSize: 1000, pageToken }, { signal });
      for (const part of answer.parts) there.set(part.number, new Uint8Array(part.sha256));
      pageToken = answer.nextPageToken;
      if (pageToken === "") break;
    }
    return there;
  }

  /** What was sent by an earlier run must still be what the file holds; seen beside the sending, not before. */
  private async compare(there: Digests, signal: AbortSignal): Promise<void> {
    for (const span of this.spans) {
      const sent = there.get(span.number);
      if (sent === undefined) continue;
      signal.throwIfAborted();
      if (!equal(await this.digest(span), sent)) throw new SourceChangedError(this.options.source.name);
    }
  }

  private async prepare(order: readonly Span[], ready: Queue<ReadyPart>, signal: AbortSignal): Promise<void> {
    let at = 0;
    for (let turn = 0; at < order.length; turn += 1) {
      const page = order.slice(at, at + (PAGES[turn] ?? PAGE));
      at += page.length;
      await this.options.source.check();
      for (const span of page) {
        signal.throwIfAborted();
        await this.digest(span);
      }
      const signed = await this.sign(page, signal);
      for (const [place, span] of page.entries()) {
        const one = signed[place];
        if (one === undefined) throw new ClientError("A part was not signed.");
        await ready.put({ span, sha256: await this.digest(span), signed: one }, signal);
      }
    }
    ready.close();
  }

  private async digest(span: Span): Promise<Uint8Array<ArrayBuffer>> {
    const { source, digests } = this.options;
    const known = digests.get(span.number);
    if (known !== undefined) return known;
    const made = await sha256(await source.read(span.offset, span.end));
    digests.set(span.number, made);
    return made;
  }

  private async sign(page: readonly Span[], signal: AbortSignal): Promise<SignedPart[]> {
    const { uploads, upload } = this.options;
    const parts = await Promise.all(
      page.map(async (span) => ({
        number: span.number,
        sizeBytes: BigInt(span.end - span.offset),
        sha256: await this.digest(span),
      })),
    );
    return (await uploads.signParts({ uploadId: upload.uploadId, parts }, { signal })).parts;
  }

  private moved(bytes: number): void {
    this.now = { ...this.now, sent: this.now.sent + bytes };
    this.options.progress(this.now);
  }

  private confirmed(upload: Upload): void {
    this.now = { ...this.now, confirmed: Math.max(this.now.confirmed, Number(upload.receivedBytes)) };
    this.options.progress(this.now);
  }
}
