import { expect, test } from "vitest";

import { grantIn, withGrant } from "./grant";

const url = "https://edge.example.org/media/~old.token.x/v/abc/s/1/seg.m4s?x=1";

test("a newer grant opens the same object", () => {
  expect(grantIn(url)).toBe("old.token.x");
  expect(withGrant(url, "new")).toBe("https://edge.example.org/media/~new/v/abc/s/1/seg.m4s?x=1");
});

test("what is not behind a grant stays as it is", () => {
  expect(withGrant("https://elsewhere.example/x", "new")).toBe("https://elsewhere.example/x");
  expect(withGrant(url, undefined)).toBe(url);
});
