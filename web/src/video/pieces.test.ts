import { expect, test } from "vitest";

import { pieces } from "./pieces";

test("addresses end before the sentence does", () => {
  expect(pieces("See https://example.org/a?b=1.")).toEqual([
    { kind: "words", text: "See " },
    { kind: "link", text: "https://example.org/a?b=1" },
    { kind: "words", text: "." },
  ]);
});

test("only http and https become links", () => {
  expect(pieces("javascript:alert(1) ftp://x").every(({ kind }) => kind === "words")).toBe(true);
});

test("times lead into the video", () => {
  expect(pieces("0:00 Intro\n1:02:03 End")).toEqual([
    { kind: "time", text: "0:00", seconds: 0 },
    { kind: "words", text: " Intro\n" },
    { kind: "time", text: "1:02:03", seconds: 3723 },
    { kind: "words", text: " End" },
  ]);
});

test("numbers that are no times are words", () => {
  expect(pieces("16:9:1:2 and 12.30:15")).toEqual([{ kind: "words", text: "16:9:1:2 and 12.30:15" }]);
});
