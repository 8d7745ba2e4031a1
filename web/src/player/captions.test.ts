import { expect, test } from "vitest";

import { captionName, keepWish, trackFor, wishIn } from "./captions";

const offered = (...labels: string[]) => labels.map((label) => ({ label, language: label.split(" ")[0] ?? "", url: "" }));
const store = () => {
  const kept = new Map<string, string>();
  return { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, value: string) => void kept.set(key, value) };
};

test("nobody has captions before they want them", () => {
  expect(wishIn(store())).toEqual({ on: false, language: "" });
});

test("a wish is remembered, and rubbish is none", () => {
  const kept = store();
  keepWish(kept, { on: true, language: "pt-BR" });
  expect(wishIn(kept)).toEqual({ on: true, language: "pt-BR" });
  kept.setItem("vidmesh.captions", "{");
  expect(wishIn(kept)).toEqual({ on: false, language: "" });
});

test("the language that was picked comes before those of the browser, and any track before none", () => {
  const tracks = offered("de", "en", "eng (SDH)", "pt-BR");
  expect(trackFor(tracks, "pt-br", ["en"])).toBe(3);
  expect(trackFor(tracks, "pt", ["en"])).toBe(3);
  expect(trackFor(tracks, "", ["en-GB", "de"])).toBe(1);
  expect(trackFor(offered("de", "eng (SDH)"), "en", [])).toBe(1);
  expect(trackFor(tracks, "fr", [])).toBe(0);
  expect(trackFor([], "fr", ["en"])).toBe(-1);
});

test("tracks are called by their language in the reader's own, and by their name", () => {
  expect(captionName({ label: "de (SDH)", language: "de" }, "en")).toBe("German (SDH)");
  expect(captionName({ label: "pt-BR", language: "pt-BR" }, "en")).toBe("Brazilian Portuguese");
  expect(captionName({ label: "und", language: "" }, "en")).toBe("und");
});
