import { expect, test } from "vitest";

import { isTag, languageIn, OFFERED, preferred } from "./languages";

test("languages are offered by tags that the contract takes", () => {
  expect(OFFERED.filter((tag) => !isTag(tag))).toEqual([]);
});

test("a language is read from a file's name where that tells one", () => {
  expect(languageIn("talk.de.srt")).toBe("de");
  expect(languageIn("talk_pt-br.vtt")).toBe("pt-BR");
  expect(languageIn("talk.DE.ass")).toBe("de");
  expect(languageIn("talk.srt")).toBeUndefined();
  expect(languageIn("my-cat.srt")).toBeUndefined();
  expect(languageIn("de.srt")).toBeUndefined();
  expect(languageIn("")).toBeUndefined();
});

test("the choice begins with what somebody reads", () => {
  expect(preferred(["tlh", "de-AT", "en"])).toBe("de");
  expect(preferred(["pt-BR"])).toBe("pt-BR");
  expect(preferred([])).toBe("en");
});

test("a language may be any other tag", () => {
  expect(isTag("gsw-CH")).toBe(true);
  expect(isTag("x")).toBe(false);
  expect(isTag("de_AT")).toBe(false);
  expect(isTag(`de${"-abcdefgh".repeat(5)}`)).toBe(false);
});
