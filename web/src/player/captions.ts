/** Which captions somebody wants, remembered in this browser, and what tracks are called. */
import { languageName } from "../i18n/languages";

const KEY = "vidmesh.captions";

type Store = Pick<Storage, "getItem" | "setItem">;

export interface Wish {
  on: boolean;
  /** BCP 47, of the track that was picked last; empty before the first. */
  language: string;
}

export interface Offered {
  /** As the manifest names it: its language, and a name in parentheses where it has one. */
  label: string;
  language: string;
  /** Of its WebVTT file. */
  url: string;
}

export function wishIn(store: Store): Wish {
  try {
    const { on, language } = JSON.parse(store.getItem(KEY) ?? "{}") as { on?: unknown; language?: unknown };
    return { on: on === true, language: typeof language === "string" ? language : "" };
  } catch {
    return { on: false, language: "" };
  }
}

export function keepWish(store: Store, wish: Wish): void {
  store.setItem(KEY, JSON.stringify(wish));
}

/** The track to show for who wants captions in this language, or in those that the browser prefers; -1 where none is. */
export function trackFor(tracks: readonly Offered[], language: string, preferred: readonly string[]): number {
  for (const wanted of [language, ...preferred]) {
    if (!wanted) continue;
    const same = tracks.findIndex((track) => track.language.toLowerCase() === wanted.toLowerCase());
    if (same >= 0) return same;
    const alike = tracks.findIndex((track) => main(track.language) === main(wanted));
    if (alike >= 0) return alike;
  }
  return tracks.length > 0 ? 0 : -1;
}

/** What a viewer reads: the language in the viewer's own, and the track's name. */
export function captionName({ label, language }: Pick<Offered, "label" | "language">, locale: string): string {
  const name = label.startsWith(`${language} (`) ? label.slice(language.length) : "";
  return language ? `${languageName(language, locale)}${name}` : label;
}

function main(language: string): string {
  try {
    // The shortest tag of a language, so that "eng" is "en".
    return new Intl.Locale(language).language;
  } catch {
    return language.toLowerCase();
  }
}
