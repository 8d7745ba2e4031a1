/** What can be done to a video element, by key or by button, and what is said about it. */
import { useCallback, useState } from "react";

import { storage } from "../app/storage";
import { t } from "../i18n";
import { clock } from "../i18n/formats";
import { captionName, type Offered } from "./captions";
import { type Chapter, chapterFrom } from "./chapters";
import { type Action, nextSpeed } from "./keys";

const FRAME_S = 1 / 30;
const VOLUME = "vidmesh.volume";

export interface Actions {
  act: (action: Action) => void;
  seek: (seconds: number) => void;
  setVolume: (volume: number) => void;
  setSpeed: (speed: number) => void;
  /** What was done last by key; changes with every one. */
  said: { text: string; at: number } | undefined;
}

export function useActions(video: HTMLVideoElement | null, frame: HTMLElement | null, onTheatre: (() => void) | undefined, onCaptions: () => Offered | undefined, chapters: readonly Chapter[]): Actions {
  const [said, setSaid] = useState<Actions["said"]>();
  const say = useCallback((text: string) => setSaid((before) => ({ text, at: (before?.at ?? 0) + 1 })), []);

  const seek = useCallback(
    (seconds: number) => {
      if (!video || !Number.isFinite(video.duration)) return;
      const over = video.ended;
      video.currentTime = Math.max(0, Math.min(video.duration, seconds));
      // Who goes back from the end wants to see it.
      if (over && !video.ended) void video.play().catch(() => undefined);
    },
    [video],
  );

  const setVolume = useCallback(
    (volume: number) => {
      if (!video) return;
      video.volume = Math.max(0, Math.min(1, volume));
      video.muted = video.volume === 0;
      keepVolume(video);
    },
    [video],
  );

  const setSpeed = useCallback(
    (speed: number) => {
      if (video) video.playbackRate = speed;
    },
    [video],
  );

  const act = useCallback(
    (action: Action) => {
      if (!video) return;
      switch (action.do) {
        case "toggle":
          if (video.paused) void video.play().catch(() => undefined);
          else video.pause();
          break;
        case "seek":
          seek(video.currentTime + action.seconds);
          say(t("saidTime", { time: clock(video.currentTime), of: clock(video.duration) }));
          break;
        case "jump":
          seek(video.duration * action.share);
          say(t("saidTime", { time: clock(video.currentTime), of: clock(video.duration) }));
          break;
        case "chapter": {
          const to = chapterFrom(chapters, video.currentTime, action.steps);
          if (!to) break;
          seek(to.start);
          say(to.title);
          break;
        }
        case "volume":
          setVolume((video.muted ? 0 : video.volume) + action.change);
          say(t("saidVolume", { share: Math.round(video.volume * 100) }));
          break;
        case "mute":
          video.muted = !video.muted;
          if (!video.muted && video.volume === 0) video.volume = 0.5;
          keepVolume(video);
          say(video.muted ? t("saidMuted") : t("saidVolume", { share: Math.round(video.volume * 100) }));
          break;
        case "speed":
          setSpeed(nextSpeed(video.playbackRate, action.steps));
          say(t("saidSpeed", { speed: video.playbackRate }));
          break;
        case "frame":
          video.pause();
          seek(video.currentTime + action.steps * FRAME_S);
          break;
        case "captions": {
          const shown = onCaptions();
          say(shown ? captionName(shown, document.documentElement.lang) : t("saidNoCaptions"));
          break;
        }
        case "theatre":
          onTheatre?.();
          break;
        case "fullscreen":
          if (document.fullscreenElement) void document.exitFullscreen();
          else void frame?.requestFullscreen().catch(() => undefined);
          break;
        case "pip":
          if (document.pictureInPictureElement) void document.exitPictureInPicture();
          else void video.requestPictureInPicture().catch(() => undefined);
      }
    },
    [video, frame, onTheatre, onCaptions, chapters, seek, setVolume, setSpeed, say],
  );

  return { act, seek, setVolume, setSpeed, said };
}

function keepVolume({ volume, muted }: HTMLVideoElement): void {
  storage.setItem(VOLUME, JSON.stringify({ volume, muted }));
}

/** As loud as it was left. */
export function restoreVolume(video: HTMLVideoElement): void {
  try {
    const { volume, muted } = JSON.parse(storage.getItem(VOLUME) ?? "{}") as { volume?: unknown; muted?: unknown };
    if (typeof volume === "number" && volume >= 0 && volume <= 1) video.volume = volume;
    if (typeof muted === "boolean") video.muted = muted;
  } catch {
    // As loud as ever.
  }
}
