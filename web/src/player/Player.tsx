import type { Playback } from "@vidmesh/client/vidmesh/playback/v1/playback_pb";
import { type ReactNode, useEffect, useMemo, useRef, useState } from "react";

import { storage } from "../app/storage";
import { t } from "../i18n";
import { Button } from "../ui/Button";
import { Icon } from "../ui/Icon";
import { Spinner } from "../ui/Spinner";
import { chaptersIn } from "./chapters";
import { Controls } from "./Controls";
import { actionOf, isTaken } from "./keys";
import styles from "./Player.module.css";
import { Positions } from "./resume";
import { restoreVolume, useActions } from "./useActions";
import { useEngine } from "./useEngine";
import { useFullscreen, useIdle } from "./useFrame";
import { useMedia } from "./useMedia";
import { useReports } from "./useReports";

const KEEP_EVERY_MS = 5000;

interface Props {
  /** The first grant; later ones come from `renew`. */
  playback: Playback;
  /** As it would be granted now: where it has more qualities, they are offered. */
  latest: Playback;
  renew: () => Promise<Playback>;
  title: string;
  /** Seconds that somebody asked for; otherwise it goes on where it was left. */
  startAt: number | undefined;
  theatre?: boolean;
  onTheatre?: () => void;
  onTime?: (seconds: number) => void;
  onEnded?: () => void;
  autoPlay: boolean;
  /** What lies on the picture while the controls are shown. */
  overlay?: ReactNode;
}

export function Player({ playback, latest, renew, title, startAt, theatre, onTheatre, onTime, onEnded, autoPlay, overlay }: Props) {
  const [frame, setFrame] = useState<HTMLDivElement | null>(null);
  const [video, setVideo] = useState<HTMLVideoElement | null>(null);
  const [still, setStill] = useState<HTMLCanvasElement | null>(null);
  const [positions] = useState(() => new Positions(storage));
  const [from] = useState(() => startAt ?? positions.of(playback.videoId));
  const [first] = useState(playback);
  const [upgraded, setUpgraded] = useState(playback.manifestGeneration);
  const engine = useEngine(video, still, first, from, renew);
  const media = useMedia(video, engine.reloading);
  const chapters = useMemo(() => chaptersIn(latest.chapters), [latest.chapters]);
  const actions = useActions(video, frame, onTheatre, engine.toggleCaptions, chapters);
  const fullscreen = useFullscreen(frame);
  const { idle, wake } = useIdle(!media.paused);
  const touch = useRef(false);
  useReports(video, first, engine.choices, engine.failure);

  useEffect(() => {
    if (!video) return;
    restoreVolume(video);
    // Browsers refuse sound before somebody touched the page: then it waits for the button.
    if (autoPlay) void video.play().catch(() => undefined);
    // An element that is being filled is nowhere.
    const keep = () => video.readyState > 0 && positions.keep(playback.videoId, video.currentTime, video.duration);
    const timer = setInterval(() => video.paused || keep(), KEEP_EVERY_MS);
    video.addEventListener("pause", keep);
    addEventListener("pagehide", keep);
    return () => {
      clearInterval(timer);
      video.removeEventListener("pause", keep);
      removeEventListener("pagehide", keep);
      if (video.currentTime > 0) keep();
    };
  }, [video, autoPlay, positions, playback.videoId]);

  const { act } = actions;
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.defaultPrevented || isTaken(event.target, event.key)) return;
      const action = actionOf(event);
      if (!action) return;
      event.preventDefault();
      wake();
      act(action);
    };
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  }, [act, wake]);

  useEffect(() => onTime?.(media.time), [media.time, onTime]);
  useEffect(() => {
    if (media.ended) onEnded?.();
  }, [media.ended, onEnded]);

  const more = latest.manifestGeneration > upgraded && media.started;
  const hidden = idle && !media.paused;
  const loading = !engine.failure && (media.waiting || media.seeking || (!media.started && !media.paused));
  return (
    <div
      ref={setFrame}
      className={`${styles.frame} ${theatre ? styles.theatre : ""} ${fullscreen ? styles.full : ""}`}
      data-idle={hidden}
      role="region"
      aria-label={t("playerOf", { title })}
      onPointerMove={(event) => event.pointerType === "mouse" && wake()}
      onFocus={wake}
    >
      <video
        ref={setVideo}
        playsInline
        preload="auto"
        crossOrigin="anonymous"
        className={styles.video}
        {...(first.thumbnails[0] && { poster: first.thumbnails[0].url })}
        onPointerDown={(event) => {
          touch.current = event.pointerType !== "mouse";
        }}
        onClick={() => {
          // A first touch shows the controls; only a mouse pauses by a click on the picture.
          if (!touch.current || !media.started) act({ do: "toggle" });
          else wake();
        }}
        onDoubleClick={() => act({ do: "fullscreen" })}
      />
      <canvas ref={setStill} className={styles.still} aria-hidden="true" hidden />
      {overlay && <div className={styles.overlay}>{overlay}</div>}
      {loading && (
        <div className={styles.spinner}>
          <Spinner large />
        </div>
      )}
      {!engine.failure && !loading && media.paused && (
        <button type="button" className={styles.big} aria-label={media.ended ? t("replay") : t("play")} tabIndex={-1} onClick={() => act({ do: "toggle" })}>
          <Icon name={media.ended ? "replay" : "play"} size="2.2rem" />
        </button>
      )}
      {actions.said && (
        <div key={actions.said.at} className={styles.said} role="status">
          {actions.said.text}
        </div>
      )}
      {engine.failure ? (
        <div className={styles.failure} role="alert">
          <Icon name="alert" size="2rem" />
          <p>{engine.failure === "NO_MEDIA_SOURCE" ? t("noMediaSource") : t("playingFailed")}</p>
          <Button icon="replay" onClick={engine.restart}>
            {t("retry")}
          </Button>
        </div>
      ) : (
        <Controls
          media={media}
          actions={actions}
          engine={engine}
          fullscreen={fullscreen}
          chapters={chapters}
          storyboardUrl={latest.storyboardUrl}
          theatre={onTheatre ? Boolean(theatre) : undefined}
          onUpgrade={
            more
              ? () => {
                  setUpgraded(latest.manifestGeneration);
                  engine.upgrade(latest);
                }
              : undefined
          }
        />
      )}
    </div>
  );
}
