/** How an upload begins, or is found again, and how its video gets the words that were wanted last. */
import { create } from "@bufbuild/protobuf";
import type { Client } from "@connectrpc/connect";

import { TRANSIENT } from "../calls/retrying.js";
import { ClientError, errorOf } from "../errors.js";
import { type Upload, UploadState } from "../gen/vidmesh/upload/v1/upload_pb.js";
import { CreateUploadRequestSchema, type UploadService } from "../gen/vidmesh/upload/v1/upload_service_pb.js";
import { type Video, VideoSchema, Visibility } from "../gen/vidmesh/upload/v1/video_pb.js";
import type { VideoService } from "../gen/vidmesh/upload/v1/video_service_pb.js";
import { randomUuid } from "../ids.js";
import type { Entry, Journal } from "./journal.js";
import type { Source } from "./source.js";

/** What of a video is given at the upload and can be changed later by UpdateVideo. */
const EDITABLE = ["title", "description", "tags", "category", "language", "ageRestriction", "contentType"] as const;
const MASKS = { ageRestriction: "age_restriction", contentType: "content_type" } as const;

/** An upload to go on with. */
export interface Begun {
  readonly upload: Upload;
  readonly entry: Entry;
  /** It had been begun before. */
  readonly resumed: boolean;
}

export class Beginning {
  constructor(
    private readonly uploads: Client<typeof UploadService>,
    private readonly videos: Client<typeof VideoService>,
    private readonly journal: Journal,
    private readonly accountId: string,
  ) {}

  /** The upload of this file: the one that the journal knows, where it can be gone on with, or a new one. */
  async begun(source: Source, channelId: string, video: Video, signal: AbortSignal): Promise<Begun> {
    const found = await this.found(source, channelId, signal);
    if (found !== undefined) {
      const upload = await this.resumable(found, signal);
      if (upload !== undefined) return { upload, entry: known(found, upload), resumed: true };
    }
    const request = create(CreateUploadRequestSchema, {
      requestId: randomUuid(),
      channelId,
      sizeBytes: BigInt(source.size),
      filename: source.name.slice(0, 255),
      video,
    });
    const { accountId } = this;
    const { identity, fingerprint } = source;
    const entry = { accountId, identity, fingerprint, request, uploadId: "", videoId: "", startedMs: Date.now() };
    // Before the call: who dies while it is under way finds its result again by the request_id.
    await this.journal.keep(entry);
    const upload = await this.created(entry, signal);
    return { upload, entry: known(entry, upload), resumed: false };
  }

  /** It is finished. */
  async forget(entry: Entry): Promise<void> {
    await this.journal.forget(entry);
  }

  /** Its parts and its video go. Throws `VidmeshError`; the upload then expires by itself. */
  async giveUp(entry: Entry): Promise<void> {
    await this.journal.forget(entry);
    if (entry.uploadId !== "") await this.uploads.abortUpload({ uploadId: entry.uploadId });
  }

  /** A resumed upload was created with the words of the first attempt; the last ones count. */
  async apply(entry: Entry, wanted: Video, signal: AbortSignal): Promise<void> {
    const sent = entry.request.video ?? create(VideoSchema);
    const { videoId } = entry;
    const changed = EDITABLE.filter((name) => JSON.stringify(sent[name]) !== JSON.stringify(wanted[name]));
    if (changed.length > 0) {
      const paths = changed.map((name) => (name in MASKS ? MASKS[name as keyof typeof MASKS] : name));
      await this.videos.updateVideo({ video: { ...wanted, videoId }, updateMask: { paths } }, { signal });
    }
    const { visibility } = wanted;
    if (visibility !== Visibility.UNSPECIFIED && visibility !== sent.visibility) {
      await this.videos.publishVideo({ videoId, visibility }, { signal });
    }
  }

  /** The journal's entry for this very file; one for a former state of it is given up. */
  private async found(source: Source, channelId: string, signal: AbortSignal): Promise<Entry | undefined> {
    const entry = await this.journal.find(this.accountId, channelId, source.identity);
    if (entry === undefined) return undefined;
    const { size, modifiedMs } = source.fingerprint;
    if (entry.fingerprint.size === size && entry.fingerprint.modifiedMs === modifiedMs) return entry;
    signal.throwIfAborted();
    // Where that fails it expires by itself.
    await this.giveUp(entry).catch(() => undefined);
    return undefined;
  }

  private async resumable(entry: Entry, signal: AbortSignal): Promise<Upload | undefined> {
    const { uploadId } = entry;
    try {
      const upload =
        uploadId === "" ? await this.created(entry, signal) : (await this.uploads.getUpload({ uploadId }, { signal })).upload;
      const usable = upload?.state === UploadState.ACTIVE || upload?.state === UploadState.COMPLETED;
      return usable ? upload : undefined;
    } catch (thrown) {
      if (["UPLOAD_NOT_FOUND", "REQUEST_ID_REUSED"].includes(errorOf(thrown).reason)) return undefined;
      throw thrown;
    }
  }

  private async created(entry: Entry, signal: AbortSignal): Promise<Upload> {
    try {
      const { upload } = await this.uploads.createUpload(entry.request, { signal });
      if (upload === undefined) throw new ClientError("The answer holds no upload.");
      await this.journal.keep(known(entry, upload));
      return upload;
    } catch (thrown) {
      signal.throwIfAborted();
      // It was refused, so there is nothing to go on with.
      if (!TRANSIENT.has(errorOf(thrown).code)) await this.journal.forget(entry);
      throw thrown;
    }
  }
}

function known(entry: Entry, upload: Upload): Entry {
  return { ...entry, uploadId: upload.uploadId, videoId: upload.videoId };
}
