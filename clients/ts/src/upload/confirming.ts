/** Telling the service which parts are stored: promptly, and many at once where many wait. */
import type { Client } from "@connectrpc/connect";

import { pause } from "../calls/retrying.js";
import type { Upload } from "../gen/vidmesh/upload/v1/upload_pb.js";
import type { UploadService } from "../gen/vidmesh/upload/v1/upload_service_pb.js";
import { Queue } from "./queue.js";

/** As the contract allows. */
const MOST_AT_ONCE = 100;
/** How long a receipt waits for others to travel with; the first ones of an upload do not wait. */
const GATHER_MS = 200;
const PROMPT = 4;

interface Receipt {
  readonly number: number;
  readonly sha256: Uint8Array<ArrayBuffer>;
}

/** One loop that takes receipts until it is told that there will be no more. */
export class Confirmer {
  private readonly receipts = new Queue<Receipt>();

  constructor(
    private readonly uploads: Client<typeof UploadService>,
    private readonly uploadId: string,
    private readonly confirmed: (upload: Upload) => void,
  ) {}

  /** A part is in the store. */
  async stored(receipt: Receipt): Promise<void> {
    await this.receipts.put(receipt);
  }

  /** `run` returns once what is waiting is confirmed. */
  noMore(): void {
    this.receipts.close();
  }

  /** Throws `VidmeshError` (PART_MISMATCH, UPLOAD_NOT_ACTIVE). */
  async run(signal: AbortSignal): Promise<void> {
    let told = 0;
    for (let next = await this.receipts.take(signal); next !== undefined; next = await this.receipts.take(signal)) {
      const parts = [next];
      if (told >= PROMPT && !this.receipts.ended) await pause(GATHER_MS, signal);
      while (parts.length < MOST_AT_ONCE && this.receipts.size > 0) {
        const more = await this.receipts.take(signal);
        if (more !== undefined) parts.push(more);
      }
      const { upload } = await this.uploads.confirmParts({ uploadId: this.uploadId, parts }, { signal });
      if (upload !== undefined) this.confirmed(upload);
      told += parts.length;
    }
  }
}
