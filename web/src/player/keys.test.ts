import { expect, test } from "vitest";

import { actionOf, nextSpeed, type Pressed } from "./keys";

const press = (key: string, held: Partial<Pressed> = {}) => actionOf({ key, shiftKey: false, ctrlKey: false, altKey: false, metaKey: false, ...held });

test("letters work with and without capitals", () => {
  expect(press("k")).toEqual({ do: "toggle" });
  expect(press("K")).toEqual({ do: "toggle" });
});

test("digits jump to tenths of the video", () => {
  expect(press("0")).toEqual({ do: "jump", share: 0 });
  expect(press("9")).toEqual({ do: "jump", share: 0.9 });
});

test("c switches captions", () => {
  expect(press("c")).toEqual({ do: "captions" });
  expect(press("c", { ctrlKey: true })).toBeUndefined();
});

test("arrows with the control key go from chapter to chapter", () => {
  expect(press("ArrowRight", { ctrlKey: true })).toEqual({ do: "chapter", steps: 1 });
  expect(press("ArrowLeft", { ctrlKey: true })).toEqual({ do: "chapter", steps: -1 });
  expect(press("ArrowRight", { ctrlKey: true, shiftKey: true })).toBeUndefined();
});

test("keys of the browser are left to it", () => {
  expect(press("f", { ctrlKey: true })).toBeUndefined();
  expect(press("ArrowLeft", { altKey: true })).toBeUndefined();
  expect(press("Tab")).toBeUndefined();
});

test("speeds stop at both ends", () => {
  expect(nextSpeed(1, 1)).toBe(1.25);
  expect(nextSpeed(2, 1)).toBe(2);
  expect(nextSpeed(0.25, -1)).toBe(0.25);
});
