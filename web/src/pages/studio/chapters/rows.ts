/** Chapters as a person writes them: a time and a title each. */
import { durationFromMs, durationMs } from "@bufbuild/protobuf/wkt";
import type { Chapter } from "@vidmesh/client/vidmesh/upload/v1/video_pb";

import { clock } from "../../../i18n/formats";

export interface Row {
  /** Of the row, as long as it is on the page. */
  key: number;
  time: string;
  title: string;
}

const TIME = /^(?:(?:(\d{1,3}):)?(\d{1,3}):)?(\d{1,6})(?:[.,](\d{1,3}))?$/;
const DAY_MS = 86_400_000;

/** Milliseconds of "1:02:03", "62:03", "90" or "1:02.5"; undefined where it is no time. */
export function timeIn(text: string): number | undefined {
  const found = TIME.exec(text.trim());
  if (!found) return undefined;
  const [, hours = "0", minutes, seconds = "0", fraction = ""] = found;
  if (minutes !== undefined && Number(seconds) > 59) return undefined;
  const ms = ((Number(hours) * 60 + Number(minutes ?? 0)) * 60 + Number(seconds)) * 1000 + Number(fraction.padEnd(3, "0"));
  return ms < DAY_MS ? ms : undefined;
}

/** As it is read back by `timeIn`. */
export function timeOf(ms: number): string {
  const fraction = ms % 1000;
  return clock(Math.floor(ms / 1000)) + (fraction ? `.${String(fraction).padStart(3, "0").replace(/0+$/, "")}` : "");
}

export const rowsOf = (chapters: readonly Pick<Chapter, "startTime" | "title">[]): Row[] =>
  chapters.map(({ startTime, title }, key) => ({ key, time: timeOf(startTime ? Math.round(durationMs(startTime)) : 0), title }));

/** What the contract takes, in the order of time; undefined where a time is none. */
export function chaptersOf(rows: readonly Row[]) {
  const read = rows.map(({ key, time, title }) => ({ key, ms: timeIn(time), title: title.trim() }));
  if (read.some(({ ms }) => ms === undefined)) return undefined;
  const ordered = read.sort((one, other) => (one.ms ?? 0) - (other.ms ?? 0));
  return { keys: ordered.map(({ key }) => key), chapters: ordered.map(({ ms = 0, title }) => ({ startTime: durationFromMs(ms), title })) };
}
