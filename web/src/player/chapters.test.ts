import { create } from "@bufbuild/protobuf";
import { PlaybackChapterSchema } from "@vidmesh/client/vidmesh/playback/v1/playback_pb";
import { expect, test } from "vitest";

import { chapterAt, chapterFrom, chaptersIn } from "./chapters";

const CHAPTERS = [
  { start: 0, title: "Intro" },
  { start: 10, title: "Middle" },
  { start: 60.5, title: "End" },
];

test("a moment is in the chapter that began last", () => {
  expect([0, 9.99, 10, 60, 60.5, 1e6].map((seconds) => chapterAt(CHAPTERS, seconds))).toEqual([0, 0, 1, 1, 2, 2]);
  expect(chapterAt([], 5)).toBe(-1);
});

test("forward leads to the next chapter, and from the last nowhere", () => {
  expect(chapterFrom(CHAPTERS, 5, 1)?.title).toBe("Middle");
  expect(chapterFrom(CHAPTERS, 100, 1)).toBeUndefined();
  expect(chapterFrom([], 5, 1)).toBeUndefined();
});

test("back leads to the beginning of this chapter, and from there to the one before", () => {
  expect(chapterFrom(CHAPTERS, 20, -1)?.title).toBe("Middle");
  expect(chapterFrom(CHAPTERS, 11, -1)?.title).toBe("Intro");
  expect(chapterFrom(CHAPTERS, 1, -1)?.title).toBe("Intro");
  expect(chapterFrom([], 5, -1)).toBeUndefined();
});

test("chapters are read to the millisecond", () => {
  const told = [{ title: "Intro" }, { title: "End", startTime: { seconds: 60n, nanos: 500_000_000 } }];
  expect(chaptersIn(told.map((one) => create(PlaybackChapterSchema, one)))).toEqual([
    { start: 0, title: "Intro" },
    { start: 60.5, title: "End" },
  ]);
});
