import { create } from "@bufbuild/protobuf";
import { mkdtemp, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

import { CreateUploadRequestSchema } from "../src/gen/vidmesh/upload/v1/upload_service_pb.js";
import { FolderJournal, PathSource } from "../src/node/index.js";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "vidmesh-"));
});
afterEach(() => rm(folder, { recursive: true }));

test("a journal in a folder gives back what was kept in it, to the next program as well", async () => {
  const request = create(CreateUploadRequestSchema, { channelId: "c", sizeBytes: 5_000_000_000n });
  const entry = {
    ...{ accountId: "a", identity: "/clip.mp4", fingerprint: { size: 1, modifiedMs: 2.5 }, request },
    ...{ uploadId: "u", videoId: "v", startedMs: 3 },
  };
  await new FolderJournal(join(folder, "made")).keep(entry);
  const next = new FolderJournal(join(folder, "made"));
  expect(await next.find("a", "c", "/clip.mp4")).toEqual(entry);
  expect(await next.list("a")).toEqual([entry]);
  expect(await next.list("b")).toEqual([]);
  await next.forget(entry);
  expect(await next.find("a", "c", "/clip.mp4")).toBeUndefined();
});

test("a file on this machine is read in pieces, and a change of it is seen", async () => {
  const path = join(folder, "clip.mp4");
  await writeFile(path, "0123456789");
  const source = await PathSource.open(path);
  expect(new TextDecoder().decode(await source.read(3, 6))).toBe("345");
  await source.check();
  await utimes(path, 1, 1);
  await expect(source.check()).rejects.toThrow("changed");
  await expect(source.read(5, 20)).rejects.toThrow("changed");
  await source.close();
});

test("what is no file, and an empty one, are refused", async () => {
  await expect(PathSource.open(folder)).rejects.toThrow("not a file");
  await writeFile(join(folder, "nothing"), "");
  await expect(PathSource.open(join(folder, "nothing"))).rejects.toThrow("empty");
});
