/** Chapters as the player shows them: without a gap, the first from 0 on, the last to the end. */
import { durationMs } from "@bufbuild/protobuf/wkt";
import type { PlaybackChapter } from "@vidmesh/client/vidmesh/playback/v1/playback_pb";

export interface Chapter {
  /** Seconds. */
  readonly start: number;
  readonly title: string;
}

/** Going back within so many seconds of a chapter's beginning leads to the one before. */
const AGAIN_S = 3;

export const chaptersIn = (told: readonly PlaybackChapter[]): Chapter[] =>
  told.map(({ startTime, title }) => ({ start: startTime ? durationMs(startTime) / 1000 : 0, title }));

/** The number of the chapter that a moment is in; -1 where there are none. */
export function chapterAt(chapters: readonly Chapter[], seconds: number): number {
  let at = chapters.length > 0 ? 0 : -1;
  while (at + 1 < chapters.length && (chapters[at + 1]?.start ?? Infinity) <= seconds) at += 1;
  return at;
}

/** Where the next chapter begins, or this one, or the one before; undefined behind the last and without chapters. */
export function chapterFrom(chapters: readonly Chapter[], seconds: number, steps: 1 | -1): Chapter | undefined {
  const at = chapterAt(chapters, seconds);
  const here = chapters[at];
  if (!here || steps > 0) return here && chapters[at + 1];
  return seconds - here.start > AGAIN_S ? here : chapters[Math.max(0, at - 1)];
}
