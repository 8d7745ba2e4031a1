/** The engine behind a video element: loaded when it is wanted, renewed when its grant ends. */
import type { Playback } from "@vidmesh/client/vidmesh/playback/v1/playback_pb";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { useCallback, useEffect, useRef, useState } from "react";

import { isFinal, reasonOf } from "../api/errors";
import { patiently } from "../app/patiently";
import type { Offered } from "./captions";
import type { Choices, Engine } from "./engine";

const EARLY_MS = 60_000;
const MOST_MS = 2 ** 31 - 1;
const AGAIN_MS = 3000;
/** Between two grants that are asked for because one was refused. */
const SPACE_MS = 1000;

const NONE: Choices = { qualities: [], picked: -1, shown: "", sounds: [], sound: 0, captions: [], caption: -1 };

export const loadEngine = () => patiently(() => import("./engine"));

export interface Driven {
  choices: Choices;
  /** Why playing cannot go on, as the engine names it. */
  failure: string | undefined;
  pick: (level: number) => void;
  pickSound: (track: number) => void;
  /** -1: none. */
  pickCaption: (track: number) => void;
  /** What is shown afterwards; undefined: none. */
  toggleCaptions: () => Offered | undefined;
  /** Another manifest is being loaded: what the element tells meanwhile means nothing. */
  reloading: boolean;
  /** Begins again after a failure, where it stopped. */
  restart: () => void;
  /** Loads the qualities that were made since. */
  upgrade: (playback: Playback) => void;
}

/** `still` hides the element while it is emptied for another manifest, by the last picture. */
export function useEngine(video: HTMLVideoElement | null, still: HTMLCanvasElement | null, first: Playback, startAt: number, renew: () => Promise<Playback>): Driven {
  const engine = useRef<Engine>(undefined);
  const [choices, setChoices] = useState(NONE);
  const [failure, setFailure] = useState<string>();
  const [reloading, setReloading] = useState(false);
  const [run, setRun] = useState({ playback: first, at: startAt });
  const [expires, setExpires] = useState(first.expireTime);

  const renewed = useCallback(async () => {
    const playback = await renew();
    setExpires(playback.expireTime);
    return playback;
  }, [renew]);

  useEffect(() => {
    if (!video || !still) return;
    let left = false;
    let asking = false;
    let asked = -Infinity;
    const later = (ms: number) => setTimeout(() => void refused(), ms);
    const refused = async () => {
      if (asking || left) return;
      asking = true;
      try {
        await pause(asked + SPACE_MS - performance.now());
        asked = performance.now();
        const playback = await renewed();
        if (!left) engine.current?.renew(playback);
      } catch (error) {
        // The network may be gone as well: it is asked for again as long as somebody watches.
        if (!isFinal(error)) later(AGAIN_MS);
        else if (!left) setFailure(reasonOf(error) || "REFUSED");
      } finally {
        asking = false;
      }
    };
    const start = async () => {
      try {
        const { Engine } = await loadEngine();
        if (left) return;
        const made: Engine = new Engine(video, run.playback, run.at, {
          changed: () => setChoices(made.now),
          refused: () => void refused(),
          reloading: () => {
            keepStill(video, still);
            setReloading(true);
          },
          reloaded: () => {
            still.hidden = true;
            setReloading(false);
          },
          failed: (code) => left || setFailure(code),
        });
        engine.current = made;
      } catch (error) {
        if (!left) setFailure(error instanceof Error ? error.message : "ENGINE");
      }
    };
    void start();
    return () => {
      left = true;
      engine.current?.destroy();
      engine.current = undefined;
      still.hidden = true;
      setReloading(false);
    };
  }, [video, still, run, renewed]);

  // A grant is renewed before it ends, so that nobody notices.
  useEffect(() => {
    if (!expires) return;
    const wait = Math.max(AGAIN_MS, timestampMs(expires) - Date.now() - EARLY_MS);
    const timer = setTimeout(() => renewed().then((playback) => engine.current?.renew(playback)).catch(() => undefined), Math.min(wait, MOST_MS));
    return () => clearTimeout(timer);
  }, [expires, renewed]);

  const restart = useCallback(async () => {
    const at = video?.currentTime || startAt;
    try {
      const playback = await renewed();
      setFailure(undefined);
      setRun({ playback, at });
    } catch {
      setFailure("NETWORK");
    }
  }, [video, startAt, renewed]);

  const toggleCaptions = useCallback(() => engine.current?.toggleCaptions(), []);

  return {
    choices,
    failure,
    reloading,
    pick: (level) => engine.current?.pick(level),
    pickSound: (track) => engine.current?.pickSound(track),
    pickCaption: (track) => engine.current?.pickCaption(track),
    toggleCaptions,
    restart: () => void restart(),
    upgrade: (playback) => engine.current?.upgrade(playback),
  };
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));

/** Shows the picture that the element shows, in front of it. */
function keepStill(video: HTMLVideoElement, still: HTMLCanvasElement): void {
  if (video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA) return;
  still.width = video.videoWidth;
  still.height = video.videoHeight;
  still.getContext("2d")?.drawImage(video, 0, 0);
  still.hidden = false;
}
