/** An installation small enough to sit in a test: it keeps uploads in memory, and says no when it is told to. */
import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createRouterTransport, type Transport } from "@connectrpc/connect";
import { createHash } from "node:crypto";

import { ErrorInfoSchema } from "../src/gen/google/rpc/error_details_pb.js";
import { type Upload, UploadSchema, UploadState } from "../src/gen/vidmesh/upload/v1/upload_pb.js";
import { UploadService } from "../src/gen/vidmesh/upload/v1/upload_service_pb.js";
import { VideoService } from "../src/gen/vidmesh/upload/v1/video_service_pb.js";
import { type Session } from "../src/session/session.js";
import { equal, joined } from "../src/upload/bytes.js";
import { type Putting } from "../src/upload/putting.js";

export const ACCOUNT = "account-1";
export const CHANNEL = "channel-1";
export const PART = 4;

export function refusal(code: Code, reason: string): ConnectError {
  const info = { domain: "vidmesh", reason };
  return new ConnectError("No.", code, undefined, [{ desc: ErrorInfoSchema, value: info }]);
}

interface Kept {
  upload: Upload;
  readonly requestId: string;
  readonly parts: Map<number, Uint8Array>;
}

export class Installation {
  readonly uploads = new Map<string, Kept>();
  readonly stored = new Map<string, Uint8Array>();
  /** Numbers of parts in the order in which they were put. */
  readonly put: number[] = [];
  /** What calls and puts do before they are answered. */
  before: (what: string) => void | Promise<void> = () => undefined;
  readonly edited: string[] = [];

  readonly transport: Transport = createRouterTransport(({ service }) => {
    service(UploadService, {
      createUpload: async ({ requestId, sizeBytes, channelId, filename }) => {
        await this.before("createUpload");
        const known = [...this.uploads.values()].find((one) => one.requestId === requestId);
        if (known !== undefined) return { upload: known.upload };
        const uploadId = `upload-${this.uploads.size + 1}`;
        const size = Number(sizeBytes);
        const whole = Math.floor(size / PART);
        const rest = size % PART;
        const layout = [
          { firstNumber: 1, count: whole, sizeBytes: BigInt(PART) },
          ...(rest === 0 ? [] : [{ firstNumber: whole + 1, count: 1, sizeBytes: BigInt(rest) }]),
        ];
        const upload = create(UploadSchema, {
          ...{ uploadId, videoId: `video-${this.uploads.size + 1}`, channelId, accountId: ACCOUNT, sizeBytes, filename },
          ...{ state: UploadState.ACTIVE, layout, partCount: whole + (rest === 0 ? 0 : 1) },
        });
        this.uploads.set(uploadId, { upload, requestId, parts: new Map() });
        return { upload };
      },
      getUpload: ({ uploadId }) => ({ upload: this.known(uploadId).upload }),
      listParts: ({ uploadId }) => ({
        parts: [...this.known(uploadId).parts].map(([number, sha256]) => ({ number, sha256 })),
      }),
      signParts: async ({ uploadId, parts }) => {
        await this.before("signParts");
        this.known(uploadId);
        const expireTime = timestampFromMs(Date.now() + 60_000);
        return {
          parts: parts.map(({ number, sha256 }) => {
            const url = `/source/${uploadId}/${number}?digest=${Buffer.from(sha256).toString("hex")}`;
            return { number, url, headers: { "content-length": "1", "if-none-match": "*" }, expireTime };
          }),
        };
      },
      confirmParts: async ({ uploadId, parts }) => {
        await this.before("confirmParts");
        const kept = this.known(uploadId);
        for (const { number, sha256 } of parts) kept.parts.set(number, sha256);
        const bytes = [...kept.parts.keys()].map((number) => this.stored.get(`${uploadId}/${number}`)?.length ?? 0);
        kept.upload = create(UploadSchema, {
          ...kept.upload,
          receivedPartCount: kept.parts.size,
          receivedBytes: BigInt(bytes.reduce((sum, one) => sum + one, 0)),
        });
        return { upload: kept.upload };
      },
      completeUpload: async ({ uploadId, digest }) => {
        await this.before("completeUpload");
        const kept = this.known(uploadId);
        if (kept.parts.size !== kept.upload.partCount) throw refusal(Code.FailedPrecondition, "PARTS_MISSING");
        const whole = createHash("sha256");
        for (const [, sha256] of [...kept.parts].sort(([one], [other]) => one - other)) whole.update(sha256);
        if (!equal(new Uint8Array(whole.digest()), digest)) throw refusal(Code.InvalidArgument, "DIGEST_MISMATCH");
        kept.upload = create(UploadSchema, { ...kept.upload, state: UploadState.COMPLETED });
        return { upload: kept.upload };
      },
      abortUpload: ({ uploadId }) => {
        const kept = this.known(uploadId);
        kept.upload = create(UploadSchema, { ...kept.upload, state: UploadState.ABORTED });
        return {};
      },
    });
    service(VideoService, {
      updateVideo: ({ updateMask }) => {
        this.edited.push(...(updateMask?.paths ?? []));
        return {};
      },
      publishVideo: () => {
        this.edited.push("visibility");
        return {};
      },
    });
  });

  readonly putting: Putting = async ({ url, body, moved, signal }) => {
    await this.before("put");
    signal.throwIfAborted();
    const bytes = body instanceof Blob ? new Uint8Array(await body.arrayBuffer()) : body;
    const [, uploadId = "", number = "", digest = ""] = /\/source\/(.+)\/(\d+)\?digest=(.+)$/.exec(url) ?? [];
    if (createHash("sha256").update(bytes).digest("hex") !== digest) return { status: 400, sent: 0 };
    const key = `${uploadId}/${number}`;
    if (this.stored.has(key)) return { status: 412, sent: 0 };
    this.stored.set(key, bytes);
    this.put.push(Number(number));
    moved(bytes.length);
    return { status: 200, sent: bytes.length };
  };

  /** The bytes of an upload as they lie in the store. */
  file(uploadId: string): string {
    const { upload } = this.known(uploadId);
    const parts = Array.from({ length: upload.partCount }, (_, at) => this.stored.get(`${uploadId}/${at + 1}`) ?? []);
    return new TextDecoder().decode(joined(parts.map((part) => new Uint8Array(part))));
  }

  private known(uploadId: string): Kept {
    const kept = this.uploads.get(uploadId);
    if (kept === undefined) throw refusal(Code.NotFound, "UPLOAD_NOT_FOUND");
    return kept;
  }
}

/** Somebody who is signed in. */
export const SIGNED_IN: Session = {
  current: { accountId: ACCOUNT, username: "somebody" },
  subscribe: () => () => undefined,
  headers: () => Promise.resolve({ generation: 1, values: {}, signedIn: true }),
};
