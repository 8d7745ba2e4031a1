/** How a file is sent: its parts, and the order in which they are worth most to who waits at the other end. */
import type { PartRun } from "../gen/vidmesh/upload/v1/upload_pb.js";

/** Parts at the beginning that go first: container header and first pictures. */
export const HEAD_PARTS = 2;
/** Top-level boxes looked at; a fragmented file has thousands, and its index in front. */
const MOST_BOXES = 1000;

/** One part. Parts are numbered from 1; bytes from `offset` to before `end`. */
export interface Span {
  readonly number: number;
  readonly offset: number;
  readonly end: number;
}

/** Bytes from the first number to before the second. */
export type Range = readonly [start: number, end: number];

/** Every part of an upload's layout, by number. */
export function spansOf(layout: readonly PartRun[]): Span[] {
  const spans: Span[] = [];
  let offset = 0;
  for (const run of layout) {
    const size = Number(run.sizeBytes);
    for (let at = 0; at < run.count; at += 1) {
      spans.push({ number: run.firstNumber + at, offset, end: offset + size });
      offset += size;
    }
  }
  return spans;
}

/** The head first, then the parts that cover the index, then the others. */
export function sendingOrder(spans: readonly Span[], index: Range | undefined): Span[] {
  const rank = (span: Span): number => {
    if (span.number <= HEAD_PARTS) return 0;
    return index !== undefined && span.offset < index[1] && span.end > index[0] ? 1 : 2;
  };
  return [...spans].sort((one, other) => rank(one) - rank(other) || one.number - other.number);
}

/** What of a file is looked into. */
export interface Readable {
  readonly size: number;
  read(start: number, end: number): Promise<Uint8Array<ArrayBuffer>>;
}

/**
 * Where an MP4 keeps its index, the `moov` box. Undefined for a file that has none among its first boxes, or is no MP4
 * (ISO/IEC 14496-12, 4.2).
 */
export async function findIndex(file: Readable): Promise<Range | undefined> {
  let start = 0;
  for (let looked = 0; looked < MOST_BOXES && start + 8 <= file.size; looked += 1) {
    const header = await file.read(start, Math.min(start + 16, file.size));
    const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
    let size = view.getUint32(0);
    let least = 8;
    if (size === 1) {
      if (header.length < 16) return undefined;
      size = Number(view.getBigUint64(8));
      least = 16;
    } else if (size === 0) {
      size = file.size - start;
    }
    const kind = header.subarray(4, 8);
    // What is not a box has no sensible size or name; then this is no such file, or it is damaged.
    if (size < least || start + size > file.size || kind.some((letter) => letter < 32 || letter > 126)) return undefined;
    if (String.fromCharCode(...kind) === "moov") return [start, start + size];
    start += size;
  }
  return undefined;
}
