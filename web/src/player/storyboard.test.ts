import { describe, expect, it } from "vitest";

import { tileAt, tilesIn } from "./storyboard";

const BASE = "https://edge.example/media/~t/v/abc/b/1/storyboard.vtt";
const FILE = `WEBVTT

00:00:00.000 --> 00:00:02.000
sheet-0.jpg#xywh=0,0,160,90

00:00:02.000 --> 01:00:04.500
sheet-1.jpg#xywh=160,90,160,90
`;

describe("a storyboard", () => {
  it("names times, sheets by addresses beside its own, and places", () => {
    expect(tilesIn(FILE, BASE)).toEqual([
      { start: 0, end: 2, url: "https://edge.example/media/~t/v/abc/b/1/sheet-0.jpg", x: 0, y: 0, width: 160, height: 90 },
      { start: 2, end: 3604.5, url: "https://edge.example/media/~t/v/abc/b/1/sheet-1.jpg", x: 160, y: 90, width: 160, height: 90 },
    ]);
  });

  it("is read with the line ends of other systems, and without hours", () => {
    expect(tilesIn("WEBVTT\r\n\r\n00:01.500 --> 00:02.000\r\na.jpg#xywh=1,2,3,4\r\n", BASE)).toMatchObject([{ start: 1.5, end: 2, x: 1, height: 4 }]);
  });

  it("has nothing where it is something else", () => {
    expect(tilesIn("<html>", BASE)).toEqual([]);
    expect(tilesIn("WEBVTT\n\n00:00:00.000 --> 00:00:02.000\nHello\n", BASE)).toEqual([]);
  });

  it("has a tile for every moment", () => {
    const tiles = tilesIn(FILE, BASE);
    expect([0, 1.99, 2, 3604, 9999].map((seconds) => tileAt(tiles, seconds)?.start)).toEqual([0, 0, 2, 2, 2]);
    expect(tileAt([], 1)).toBeUndefined();
  });
});
