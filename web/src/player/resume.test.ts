import { expect, test } from "vitest";

import { Positions, timeIn } from "./resume";

function memory() {
  const kept = new Map<string, string>();
  return { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, value: string) => void kept.set(key, value) };
}

test("a video goes on where it was left", () => {
  const store = memory();
  new Positions(store).keep("a", 61.7, 600);
  expect(new Positions(store).of("a")).toBe(61);
  expect(new Positions(store).of("b")).toBe(0);
});

test.each([
  ["at its beginning", 3],
  ["near its end", 595],
])("a video that was left %s begins anew", (_, seconds) => {
  const positions = new Positions(memory());
  positions.keep("a", 100, 600);
  positions.keep("a", seconds, 600);
  expect(positions.of("a")).toBe(0);
});

test("the oldest are forgotten, and what cannot be read is no obstacle", () => {
  const store = memory();
  store.setItem("vidmesh.positions", "{broken");
  const positions = new Positions(store);
  for (let at = 0; at < 250; at += 1) positions.keep(`v${at}`, 100, 600);
  expect(positions.of("v0")).toBe(0);
  expect(positions.of("v249")).toBe(100);
});

test.each([
  ["90", 90],
  ["90s", 90],
  ["1h2m3s", 3723],
  ["2m", 120],
  ["", undefined],
  ["soon", undefined],
  [null, undefined],
])("the time %j in a link is %j", (text, seconds) => {
  expect(timeIn(text)).toBe(seconds);
});
