/** A video element's state, as something that pages can follow. */
import { useCallback, useRef, useSyncExternalStore } from "react";

import { bufferedAt } from "./buffered";

export interface Media {
  readonly paused: boolean;
  readonly ended: boolean;
  readonly waiting: boolean;
  readonly seeking: boolean;
  readonly started: boolean;
  readonly time: number;
  readonly duration: number;
  readonly buffered: number;
  readonly volume: number;
  readonly muted: boolean;
  readonly speed: number;
  readonly pip: boolean;
}

const EVENTS = [
  "play",
  "pause",
  "playing",
  "ended",
  "waiting",
  "canplay",
  "seeking",
  "seeked",
  "timeupdate",
  "durationchange",
  "progress",
  "volumechange",
  "ratechange",
  "emptied",
  "enterpictureinpicture",
  "leavepictureinpicture",
];

const NOTHING: Media = {
  paused: true,
  ended: false,
  waiting: false,
  seeking: false,
  started: false,
  time: 0,
  duration: 0,
  buffered: 0,
  volume: 1,
  muted: false,
  speed: 1,
  pip: false,
};

/** While it is `held`, nothing of what happens to the element counts. */
export function useMedia(video: HTMLVideoElement | null, held: boolean): Media {
  const seen = useRef(NOTHING);
  const subscribe = useCallback(
    (changed: () => void) => {
      if (!video || held) return () => undefined;
      const look = () => {
        seen.current = stateOf(video, seen.current.started);
        changed();
      };
      for (const event of EVENTS) video.addEventListener(event, look);
      if (seen.current.started) look();
      return () => {
        for (const event of EVENTS) video.removeEventListener(event, look);
      };
    },
    [video, held],
  );
  return useSyncExternalStore(subscribe, () => seen.current);
}

function stateOf(video: HTMLVideoElement, started: boolean): Media {
  return {
    paused: video.paused,
    ended: video.ended,
    waiting: !video.paused && !video.ended && video.readyState < HTMLMediaElement.HAVE_FUTURE_DATA,
    seeking: video.seeking,
    started: started || video.currentTime > 0 || (!video.paused && video.readyState >= HTMLMediaElement.HAVE_FUTURE_DATA),
    time: video.currentTime,
    duration: Number.isFinite(video.duration) ? video.duration : 0,
    buffered: bufferedAt(video),
    volume: video.volume,
    muted: video.muted || video.volume === 0,
    speed: video.playbackRate,
    pip: document.pictureInPictureElement === video,
  };
}
