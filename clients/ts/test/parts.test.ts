import { create } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";

import { PartRunSchema } from "../src/gen/vidmesh/upload/v1/upload_pb.js";
import { joined } from "../src/upload/bytes.js";
import { findIndex, sendingOrder, spansOf } from "../src/upload/parts.js";

const run = (firstNumber: number, count: number, size: number) =>
  create(PartRunSchema, { firstNumber, count, sizeBytes: BigInt(size) });

const box = (kind: string, size: number) => {
  const bytes = Buffer.alloc(size);
  bytes.writeUInt32BE(size);
  bytes.write(kind, 4, "latin1");
  return bytes;
};

const readable = (...pieces: Buffer[]) => {
  const whole = joined(pieces.map((piece) => new Uint8Array(piece)));
  return { size: whole.length, read: (start: number, end: number) => Promise.resolve(whole.slice(start, end)) };
};

describe("the parts of an upload", () => {
  test("follow each other without a gap, run by run", () => {
    expect(spansOf([run(1, 2, 10), run(3, 1, 4)])).toEqual([
      { number: 1, offset: 0, end: 10 },
      { number: 2, offset: 10, end: 20 },
      { number: 3, offset: 20, end: 24 },
    ]);
  });

  test("are sent head first, then those that cover the index, then the others", () => {
    const spans = spansOf([run(1, 6, 10)]);
    expect(sendingOrder(spans, [45, 60]).map(({ number }) => number)).toEqual([1, 2, 5, 6, 3, 4]);
    expect(sendingOrder(spans, undefined).map(({ number }) => number)).toEqual([1, 2, 3, 4, 5, 6]);
  });
});

describe("the index of an MP4", () => {
  test("is found behind the media as well as in front of it", async () => {
    expect(await findIndex(readable(box("ftyp", 16), box("mdat", 100), box("moov", 40)))).toEqual([116, 156]);
    expect(await findIndex(readable(box("moov", 40), box("mdat", 100)))).toEqual([0, 40]);
  });

  test("is found behind a box with a 64-bit size", async () => {
    const large = box("mdat", 32);
    large.writeUInt32BE(1);
    large.writeBigUInt64BE(32n, 8);
    expect(await findIndex(readable(large, box("moov", 40)))).toEqual([32, 72]);
  });

  test("reaches to the end where its size is left open", async () => {
    const open = box("moov", 40);
    open.writeUInt32BE(0);
    expect(await findIndex(readable(box("ftyp", 16), open))).toEqual([16, 56]);
  });

  test.each([
    ["no MP4", Buffer.from("RIFF\0\0\0\0AVI LIST and so on")],
    ["nothing but zeros", Buffer.alloc(64)],
    ["cut within a header", box("moov", 40).subarray(0, 6)],
    ["a box that is longer than the file", box("moov", 40).subarray(0, 20)],
  ])("is not found in %s", async (_, bytes) => {
    expect(await findIndex(readable(bytes))).toBeUndefined();
  });
});
