/**
 * Uploads that resume: `new Uploader({…}).begin(new FileSource(file), channelId, { title: "…" })`.
 *
 * Left at any moment, the next call with the same file and channel goes on where this one stopped.
 */
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { createClient, type Transport } from "@connectrpc/connect";

import { ClientError } from "../errors.js";
import { UploadService } from "../gen/vidmesh/upload/v1/upload_service_pb.js";
import { type Video, VideoSchema } from "../gen/vidmesh/upload/v1/video_pb.js";
import { VideoService } from "../gen/vidmesh/upload/v1/video_service_pb.js";
import type { Session } from "../session/session.js";
import { Beginning } from "./beginning.js";
import type { Entry, Journal } from "./journal.js";
import { ALWAYS_ONLINE, browserNetwork, type Network } from "./network.js";
import { Pace } from "./pace.js";
import { putByFetch, putByXhr, type Putting } from "./putting.js";
import type { Source } from "./source.js";
import { Upload } from "./upload.js";

export interface UploaderOptions {
  /** Where the installation is reached. */
  readonly edgeUrl: string;
  /** From `createTransport`, of the same session. */
  readonly transport: Transport;
  readonly session: Session;
  readonly journal: Journal;
  /** Parts at once, of all uploads together. A browser has six connections to a host over HTTP/1.1, and calls need some. */
  readonly pace?: { readonly first: number; readonly most: number };
  readonly put?: Putting;
  readonly network?: Network;
}

/** Uploads files to one installation for the account that is signed in. */
export class Uploader {
  private readonly pace: Pace;

  constructor(private readonly options: UploaderOptions) {
    const { first, most } = options.pace ?? (inBrowser() ? { first: 3, most: 4 } : { first: 4, most: 8 });
    this.pace = new Pace(first, most);
  }

  /**
   * Sends a file and completes its upload, or goes on with one that was interrupted. Takes the source, and closes it.
   * Throws `ClientError` where nobody is signed in; everything else is told by the upload.
   */
  begin(source: Source, channelId: string, video: MessageInitShape<typeof VideoSchema> = {}): Upload {
    const { transport, journal, edgeUrl } = this.options;
    const uploads = createClient(UploadService, transport);
    const wanted: Video = create(VideoSchema, video);
    const accountId = this.accountId();
    const { put, network } = this.options;
    return new Upload({
      beginning: new Beginning(uploads, createClient(VideoService, transport), journal, accountId),
      uploads,
      edgeUrl,
      source,
      channelId,
      wanted,
      pace: this.pace,
      put: put ?? (inBrowser() ? putByXhr : putByFetch),
      network: network ?? (inBrowser() ? browserNetwork() : ALWAYS_ONLINE),
    });
  }

  /** Uploads of this account that were begun and not finished: their files have to be chosen again. */
  unfinished(): Promise<Entry[]> {
    return this.options.journal.list(this.accountId());
  }

  /** Gives up an upload that was begun and not finished: its video goes. */
  async giveUp(entry: Entry): Promise<void> {
    const { transport, journal } = this.options;
    await journal.forget(entry);
    if (entry.uploadId !== "") await createClient(UploadService, transport).abortUpload({ uploadId: entry.uploadId });
  }

  private accountId(): string {
    const { current } = this.options.session;
    if (current === undefined) throw new ClientError("Nobody is signed in.");
    return current.accountId;
  }
}

function inBrowser(): boolean {
  return typeof XMLHttpRequest === "function";
}
