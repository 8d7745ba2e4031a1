import { expect, test } from "vitest";

import { chaptersOf, rowsOf, timeIn, timeOf } from "./rows";

test("times are read as people write them", () => {
  expect(timeIn("0:00")).toBe(0);
  expect(timeIn("1:02:03")).toBe(3_723_000);
  expect(timeIn(" 62:03 ")).toBe(3_723_000);
  expect(timeIn("90")).toBe(90_000);
  expect(timeIn("1:02.5")).toBe(62_500);
  expect(timeIn("1:02,25")).toBe(62_250);
});

test("what is no time is not guessed at", () => {
  for (const text of ["", "x", "1:", ":1", "1:60", "1:1:1:1", "-1", "24:00:00", "1:02.1234", "1e3"]) expect(timeIn(text), text).toBeUndefined();
});

test("times are written so that they read the same", () => {
  for (const ms of [0, 1, 999, 1000, 62_500, 3_723_040, 86_399_999]) expect(timeIn(timeOf(ms))).toBe(ms);
  expect(timeOf(62_500)).toBe("1:02.5");
  expect(timeOf(3_723_000)).toBe("1:02:03");
});

test("chapters are sent in the order of time, and told apart by their rows", () => {
  const rows = [
    { key: 7, time: "1:00", title: " End " },
    { key: 9, time: "0:00", title: "Intro" },
  ];
  const sent = chaptersOf(rows);
  expect(sent?.keys).toEqual([9, 7]);
  expect(rowsOf(sent?.chapters.map((one) => ({ ...one })) ?? [])).toEqual([
    { key: 0, time: "0:00", title: "Intro" },
    { key: 1, time: "1:00", title: "End" },
  ]);
  expect(chaptersOf([{ key: 0, time: "soon", title: "x" }])).toBeUndefined();
});
