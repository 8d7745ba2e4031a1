import { expect, test } from "vitest";

import { batches } from "./channels";

const of = (...ids: string[]) => ids.map((channelId) => ({ channelId }));

test("a channel is asked for once, however many videos it has", () => {
  expect(batches(of("a", "b", "a"))).toEqual([["a", "b"]]);
});

test("what was asked for stays the same when a page is added", () => {
  const page = of(...Array.from({ length: 24 }, (_, at) => `c${at % 5}`));
  const [first] = batches(page);
  expect(batches([...page, ...of("c0", "new")])).toEqual([first, ["new"]]);
});
