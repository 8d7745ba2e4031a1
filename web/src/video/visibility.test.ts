import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { Visibility } from "@vidmesh/client/vidmesh/upload/v1/video_pb";
import { expect, test } from "vitest";

import { localInput, reachOf, wanted } from "./visibility";

const noon = new Date("2030-01-01T12:00:00Z");
const later = new Date("2030-01-01T12:01:00Z");
const earlier = new Date("2030-01-01T11:59:00Z");

test("a video whose visibility is not stated is private", () => {
  expect(reachOf({ visibility: Visibility.UNSPECIFIED })).toBe("private");
});

test("a public video is scheduled until its time has come", () => {
  expect(reachOf({ visibility: Visibility.PUBLIC, publishTime: timestampFromDate(later) }, noon)).toBe("scheduled");
  expect(reachOf({ visibility: Visibility.PUBLIC, publishTime: timestampFromDate(earlier) }, noon)).toBe("public");
});

test("only a scheduled video is asked for with a time", () => {
  expect(wanted("public", later)).toEqual({ visibility: Visibility.PUBLIC });
  expect(wanted("scheduled", later)).toEqual({ visibility: Visibility.PUBLIC, publishTime: timestampFromDate(later) });
});

test("a moment is written as the clock on the wall shows it", () => {
  expect(new Date(localInput(noon)).getTime()).toBe(noon.getTime());
});
