/** One upload, as who waits for it sees it: how far it is, and pause, resume, cancel. */
import type { Client } from "@connectrpc/connect";

import { Backoff, LONGEST_WAIT_MS, pause, TRANSIENT } from "../calls/retrying.js";
import { ClientError, errorOf, type VidmeshError } from "../errors.js";
import { UploadState } from "../gen/vidmesh/upload/v1/upload_pb.js";
import type { UploadService } from "../gen/vidmesh/upload/v1/upload_service_pb.js";
import type { Video } from "../gen/vidmesh/upload/v1/video_pb.js";
import { Listeners } from "../session/listeners.js";
import type { Beginning, Begun } from "./beginning.js";
import type { Network } from "./network.js";
import type { Pace } from "./pace.js";
import type { Putting } from "./putting.js";
import { NotTakenError } from "./sending.js";
import { type Source, SourceChangedError } from "./source.js";
import { type Digests, type Progress, Transfer } from "./transfer.js";

/**
 * - `sending`: all goes its way.
 * - `waiting`: for the network, or for an installation that does not answer; goes on by itself.
 * - `paused`: until `resume`.
 * - `done`: every byte is there for good; processing has begun.
 * - `failed`: see `error`. Whether it can be gone on with: begin it again.
 * - `cancelled`: the upload and its video are gone.
 */
export type UploadPhase = "sending" | "waiting" | "paused" | "done" | "failed" | "cancelled";

/** How it stands. Replaced whole by every change. */
export interface UploadSnapshot extends Progress {
  readonly phase: UploadPhase;
  /** Empty until the installation knows it. */
  readonly uploadId: string;
  /** Likewise; the video's page is there from then on. */
  readonly videoId: string;
  /** It had been begun before. */
  readonly resumed: boolean;
  /** Why it failed, or what it waits for. */
  readonly error: VidmeshError | ClientError | undefined;
}

/** A finished upload. */
export interface Uploaded {
  readonly uploadId: string;
  readonly videoId: string;
  readonly resumed: boolean;
}

export interface UploadOptions {
  readonly beginning: Beginning;
  readonly uploads: Client<typeof UploadService>;
  readonly edgeUrl: string;
  readonly source: Source;
  readonly channelId: string;
  readonly wanted: Video;
  readonly pace: Pace;
  readonly put: Putting;
  readonly network: Network;
}

/** Between attempts to go on; some ten minutes without a byte in all. */
const PATIENCE = new Backoff(40, 1_000, 20_000);

/** From `Uploader.begin`; it runs already. */
export class Upload {
  /** Rejects with what `snapshot.error` is then. */
  readonly done: Promise<Uploaded>;
  private readonly listeners = new Listeners();
  private readonly digests: Digests = new Map();
  private readonly cancelled = new AbortController();
  private running = new AbortController();
  private goOn: (() => void) | undefined;
  private begun: Begun | undefined;
  private shown: UploadSnapshot;

  constructor(private readonly options: UploadOptions) {
    const nothing = { uploadId: "", videoId: "", resumed: false, error: undefined };
    this.shown = { phase: "sending", total: options.source.size, sent: 0, confirmed: 0, ...nothing };
    this.done = this.run();
    // Who only looks at snapshots must not be told of a failure as one that nobody handles.
    this.done.catch(() => undefined);
  }

  /** The same object as long as nothing changed. */
  get snapshot(): UploadSnapshot {
    return this.shown;
  }

  /** Calls back after every change of `snapshot`, many times a second; the result ends that. */
  subscribe(changed: () => void): () => void {
    return this.listeners.add(changed);
  }

  /** Stops sending until `resume`; parts on their way are broken off. */
  pause(): void {
    if (this.shown.phase !== "sending" && this.shown.phase !== "waiting") return;
    this.show({ phase: "paused", error: undefined });
    this.running.abort(new ClientError("The upload is paused."));
  }

  resume(): void {
    if (this.shown.phase !== "paused") return;
    this.show({ phase: "sending" });
    this.goOn?.();
  }

  /** Gives it up: its parts and its video go. Nothing happens to one that has ended. */
  async cancel(): Promise<void> {
    if (["done", "failed", "cancelled"].includes(this.shown.phase)) return;
    this.cancelled.abort(new ClientError("The upload was cancelled."));
    this.goOn?.();
    await this.done.catch(() => undefined);
    if (this.begun !== undefined) await this.options.beginning.giveUp(this.begun.entry);
  }

  private async run(): Promise<Uploaded> {
    try {
      for (let failures = 1; ; failures += 1) {
        await this.unpaused();
        this.running = new AbortController();
        const signal = AbortSignal.any([this.cancelled.signal, this.running.signal]);
        const before = this.shown.confirmed;
        try {
          const uploaded = await this.attempt(signal);
          this.show({ phase: "done" });
          return uploaded;
        } catch (thrown) {
          if (!signal.aborted) {
            if (this.shown.confirmed > before) failures = 1;
            await this.waited(thrown, failures, signal);
          }
        }
      }
    } catch (thrown) {
      const error = thrown instanceof ClientError ? thrown : errorOf(thrown);
      this.show({ phase: this.cancelled.signal.aborted ? "cancelled" : "failed", error });
      throw error;
    } finally {
      await this.options.source.close();
    }
  }

  private async unpaused(): Promise<void> {
    while (this.shown.phase === "paused" && !this.cancelled.signal.aborted) {
      await new Promise<void>((resolve) => (this.goOn = resolve));
    }
    this.cancelled.signal.throwIfAborted();
  }

  private async attempt(signal: AbortSignal): Promise<Uploaded> {
    const { beginning, uploads, source, channelId, wanted } = this.options;
    // Not broken off: whoever cancels must know what there is to be given up.
    const begun = await beginning.begun(source, channelId, wanted, new AbortController().signal);
    this.begun = { ...begun, resumed: this.begun?.resumed ?? begun.resumed };
    const { upload, entry } = begun;
    const { uploadId, videoId } = upload;
    const { resumed } = this.begun;
    signal.throwIfAborted();
    this.show({ phase: "sending", uploadId, videoId, resumed, error: undefined });
    if (upload.state === UploadState.ACTIVE) {
      const digest = await this.sent(begun, signal);
      await uploads.completeUpload({ uploadId, digest }, { signal });
    }
    await beginning.apply(entry, wanted, signal);
    await beginning.forget(entry);
    return { uploadId, videoId, resumed };
  }

  private async sent({ upload, entry, resumed }: Begun, signal: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
    const { beginning, uploads, edgeUrl, source, put, pace } = this.options;
    const progress = (now: Progress) => this.show(now);
    try {
      const { digests } = this;
      const digest = await new Transfer({ uploads, edgeUrl, source, upload, put, pace, digests, progress }).run(signal);
      await source.check();
      return digest;
    } catch (thrown) {
      if (!(thrown instanceof SourceChangedError)) throw thrown;
      this.digests.clear();
      await beginning.giveUp(entry).catch(() => undefined);
      if (!resumed) throw thrown;
      // Parts sent long ago may differ from a file whose size and time are unchanged: it is sent anew.
      await source.check();
      throw new StaleError(source.name);
    }
  }

  /** Throws what will not pass by waiting. */
  private async waited(thrown: unknown, failures: number, signal: AbortSignal): Promise<void> {
    const { network } = this.options;
    if (thrown instanceof StaleError) return;
    const error = thrown instanceof ClientError ? thrown : errorOf(thrown);
    const asked = error instanceof ClientError ? undefined : error.retryAfterMs;
    const passes = error instanceof ClientError ? error instanceof NotTakenError : TRANSIENT.has(error.code);
    if ((!passes && asked === undefined) || (failures >= PATIENCE.attempts && network.online)) throw thrown;
    this.show({ phase: "waiting", error });
    try {
      if (network.online) await pause(Math.min(Math.max(asked ?? 0, PATIENCE.delayMs(failures)), LONGEST_WAIT_MS), signal);
      else await network.back(signal);
    } catch {
      // Paused or cancelled: whoever called looks.
    }
  }

  private show(change: Partial<UploadSnapshot>): void {
    this.shown = { ...this.shown, ...change };
    this.listeners.tell();
  }
}

/** What was sent before is not what the file holds. */
class StaleError extends ClientError {}
