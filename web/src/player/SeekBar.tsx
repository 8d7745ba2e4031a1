import { useState } from "react";

import { t } from "../i18n";
import { clock } from "../i18n/formats";
import styles from "./SeekBar.module.css";
import type { Media } from "./useMedia";

/** Where it plays, how much is there, and where a press would go. */
export function SeekBar({ media, onSeek }: { media: Media; onSeek: (seconds: number) => void }) {
  const [hover, setHover] = useState<number>();
  const [dragged, setDragged] = useState<number>();
  const { duration, buffered } = media;
  const time = dragged ?? media.time;
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
      aria-valuetext={t("saidTime", { time: clock(time), of: clock(duration) })}
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
      </div>
      <div className={styles.knob} style={{ left: `${share(time) * 100}%` }} />
      {hover !== undefined && duration > 0 && (
        <div className={styles.tip} style={{ left: `clamp(1.8rem, ${share(hover) * 100}%, calc(100% - 1.8rem))` }} aria-hidden="true">
          {clock(hover)}
        </div>
      )}
    </div>
  );
}
