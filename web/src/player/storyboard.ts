/** Small pictures of the whole video, from a WebVTT file whose cues name places on sheets (`#xywh=x,y,width,height`). */
export interface Tile {
  /** Seconds: the first moment that it stands for, and the first that it does not. */
  readonly start: number;
  readonly end: number;
  /** The sheet's address. */
  readonly url: string;
  /** Where on the sheet, and how large; pixels. */
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

const CUE = /^(?:(\d+):)?(\d\d):(\d\d)\.(\d{3}) --> (?:(\d+):)?(\d\d):(\d\d)\.(\d{3})[^\n]*\n(\S+)#xywh=(\d+),(\d+),(\d+),(\d+)$/gm;

/** The tiles of a file, in its order; `base` is its own address. What is no cue with a place is passed over. */
export function tilesIn(webvtt: string, base: string): Tile[] {
  return [...webvtt.replaceAll("\r\n", "\n").matchAll(CUE)].map((found) => {
    const number = (at: number) => Number(found[at] ?? 0);
    const clock = (at: number) => number(at) * 3600 + number(at + 1) * 60 + number(at + 2) + number(at + 3) / 1000;
    return { start: clock(1), end: clock(5), url: new URL(found[9] ?? "", base).href, x: number(10), y: number(11), width: number(12), height: number(13) };
  });
}

/** The tile of a moment; after the last one's end that one. Tiles are in order of time. */
export function tileAt(tiles: readonly Tile[], seconds: number): Tile | undefined {
  let [low, high] = [0, tiles.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((tiles[middle]?.end ?? 0) > seconds) high = middle;
    else low = middle + 1;
  }
  return tiles[low];
}

/** The tiles of a video; none where they cannot be had, because nobody needs them. */
export async function loadTiles(url: string): Promise<Tile[]> {
  try {
    const answer = await fetch(url, { credentials: "omit" });
    return answer.ok ? tilesIn(await answer.text(), url) : [];
  } catch {
    return [];
  }
}
