import { useEffect, useState } from "react";

import { t } from "../i18n";
import { clock } from "../i18n/formats";
import { type Chapter, chapterAt } from "./chapters";
import styles from "./SeekBar.module.css";
import { type Tile, tileAt } from "./storyboard";
import type { Media } from "./useMedia";

const KEYS = /^(Arrow(Left|Right)|Home|End|[0-9jlJL.,])$/;
const KEYED_MS = 1500;

interface Props {
  media: Media;
  tiles: readonly Tile[];
  chapters: readonly Chapter[];
  onSeek: (seconds: number) => void;
  /** Somebody may be about to look for a moment. */
  onNear: () => void;
}

/** Where it plays, how much is there, and where a press would go, with its picture where there is one. */
export function SeekBar({ media, tiles, chapters, onSeek, onNear }: Props) {
  // Of the last key that moved it, while that is new.
  const [keyed, setKeyed] = useState<number>();
  const [hover, setHover] = useState<number>();
  const [dragged, setDragged] = useState<number>();
  const titleAt = (seconds: number) => chapters[chapterAt(chapters, seconds)]?.title;
  const { duration, buffered } = media;
  const time = dragged ?? media.time;
  useEffect(() => {
    if (keyed === undefined) return;
    const timer = setTimeout(() => setKeyed(undefined), KEYED_MS);
    return () => clearTimeout(timer);
  }, [keyed]);
  const looked = dragged ?? hover ?? (keyed === undefined ? undefined : media.time);
  const tile = looked === undefined ? undefined : tileAt(tiles, looked);
  const title = titleAt(time);
  const share = (seconds: number) => (duration > 0 ? Math.min(1, seconds / duration) : 0);
  const at = (event: React.PointerEvent<HTMLDivElement>) => {
    const { left, width } = event.currentTarget.getBoundingClientRect();
    return Math.max(0, Math.min(1, (event.clientX - left) / width)) * duration;
  };
  return (
    <div
      className={styles.bar}
      role="slider"
      tabIndex={0}
      aria-label={t("position")}
      aria-valuemin={0}
      aria-valuemax={Math.floor(duration)}
      aria-valuenow={Math.floor(time)}
      aria-valuetext={title === undefined ? t("saidTime", { time: clock(time), of: clock(duration) }) : t("saidTimeIn", { time: clock(time), of: clock(duration), title })}
      onPointerEnter={onNear}
      onFocus={onNear}
      onKeyDown={({ key, timeStamp }) => KEYS.test(key) && setKeyed(timeStamp)}
      onBlur={() => setKeyed(undefined)}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        setDragged(at(event));
      }}
      onPointerMove={(event) => {
        setHover(at(event));
        if (dragged !== undefined) setDragged(at(event));
      }}
      onPointerUp={(event) => {
        if (dragged !== undefined) onSeek(at(event));
        setDragged(undefined);
        if (event.pointerType !== "mouse") setHover(undefined);
      }}
      onPointerCancel={() => setDragged(undefined)}
      onPointerLeave={() => setHover(undefined)}
    >
      <div className={styles.track}>
        <div className={styles.buffered} style={{ transform: `scaleX(${share(buffered)})` }} />
        <div className={styles.played} style={{ transform: `scaleX(${share(time)})` }} />
        {chapters.slice(1).map(({ start }) => (
          <div key={start} className={styles.cut} style={{ left: `${share(start) * 100}%` }} />
        ))}
      </div>
      <div className={styles.knob} style={{ left: `${share(time) * 100}%` }} />
      {looked !== undefined && duration > 0 && (
        <div className={styles.tip} style={{ left: inside(share(looked), tile) }} aria-hidden="true">
          {tile && (
            <div
              className={styles.tile}
              style={{ width: tile.width, height: tile.height, backgroundImage: `url("${tile.url}")`, backgroundPosition: `${-tile.x}px ${-tile.y}px` }}
            />
          )}
          {chapters.length > 0 && <span className={styles.name}>{titleAt(looked)}</span>}
          <span>{clock(looked)}</span>
        </div>
      )}
    </div>
  );
}

/** How far from the left, so that neither end leaves the bar. */
function inside(share: number, tile: Tile | undefined): string {
  const half = tile ? `${tile.width / 2}px` : "1.8rem";
  return `clamp(${half}, ${share * 100}%, calc(100% - ${half}))`;
}
