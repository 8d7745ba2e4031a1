import { expect, test } from "vitest";

import { titleFrom } from "./title";

test.each([
  ["My_first  clip.mp4", "My first clip"],
  [".mp4", ".mp4"],
  ["v1.2 final.mov", "v1.2 final"],
  ["no ending", "no ending"],
])("the file %s is called %s", (name, title) => {
  expect(titleFrom(name)).toBe(title);
});

test("a title has at most 100 characters, and none is cut in half", () => {
  expect([...titleFrom(`${"🎬".repeat(120)}.mp4`)]).toHaveLength(100);
});
