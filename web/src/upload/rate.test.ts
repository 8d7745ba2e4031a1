import { expect, test } from "vitest";

import { Rate } from "./rate";

test("a rate is not told before half a second has been seen", () => {
  const rate = new Rate();
  rate.saw(0, 0);
  rate.saw(1_000_000, 400);
  expect(rate.perSecond).toBe(0);
});

test("a rate is that of the last seconds alone", () => {
  const rate = new Rate();
  for (let second = 0; second <= 20; second += 1) rate.saw(second * 1000, second * 1000);
  for (let second = 1; second <= 10; second += 1) rate.saw(20_000 + second * 5000, 20_000 + second * 1000);
  expect(rate.perSecond).toBe(5000);
});

test("bytes that are taken back begin it anew", () => {
  const rate = new Rate();
  rate.saw(0, 0);
  rate.saw(8000, 1000);
  rate.saw(4000, 2000);
  rate.saw(6000, 3000);
  expect(rate.perSecond).toBe(2000);
});
