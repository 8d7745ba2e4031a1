/** Tells the installation what was watched, and how well it went. */
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { createClient } from "@connectrpc/connect";
import { useTransport } from "@connectrpc/connect-query";
import { DeviceType, type Playback } from "@vidmesh/client/vidmesh/playback/v1/playback_pb";
import { PlaybackService } from "@vidmesh/client/vidmesh/playback/v1/playback_service_pb";
import { useEffect, useRef } from "react";

import type { Choices } from "./engine";
import { type Kind, Reporter } from "./report";

const WATCHED_EVERY_MS = 10_000;

/** What plays, as far as a page can tell. */
export function device(): DeviceType {
  if (!matchMedia("(pointer: coarse)").matches) return DeviceType.DESKTOP;
  return Math.min(screen.width, screen.height) < 600 ? DeviceType.PHONE : DeviceType.TABLET;
}

export function useReports(video: HTMLVideoElement | null, playback: Playback, choices: Choices, failure: string | undefined): void {
  const transport = useTransport();
  const reporter = useRef<Reporter>(undefined);
  const wished = useRef(performance.now());
  const { shown, picked } = choices;
  const before = useRef("");

  useEffect(() => {
    if (!video) return;
    const service = createClient(PlaybackService, transport);
    const mine = new Reporter(playback.sessionToken, (sessionToken, events) => service.reportPlayback({ sessionToken, events }));
    reporter.current = mine;
    let started = false;
    let finished = false;
    let stalled: number | undefined;
    let playingSince: number | undefined;
    let watchedMs = 0;
    const saw = (kind: Kind) => mine.saw(kind, video.currentTime);
    const stop = () => {
      if (playingSince !== undefined) watchedMs += performance.now() - playingSince;
      playingSince = undefined;
    };
    const watched = () => {
      const playing = playingSince !== undefined;
      stop();
      if (watchedMs > 0) saw({ case: "watched", value: { watchedTime: durationFromMs(Math.round(watchedMs)) } });
      watchedMs = 0;
      if (playing) playingSince = performance.now();
    };
    const on = {
      playing: () => {
        const now = performance.now();
        if (!started) {
          started = true;
          const startupTime = durationFromMs(Math.round(now - wished.current));
          const referrer = document.referrer.split(/[?#]/)[0] ?? "";
          saw({ case: "started", value: { startupTime, device: device(), referrer, quality: before.current } });
        } else if (stalled !== undefined) saw({ case: "buffered", value: { stallTime: durationFromMs(Math.round(now - stalled)) } });
        stalled = undefined;
        playingSince ??= now;
      },
      waiting: () => {
        stop();
        if (started && !video.seeking) stalled ??= performance.now();
      },
      seeking: stop,
      pause: stop,
      ended: () => {
        finished = true;
        watched();
        saw({ case: "ended", value: { finished } });
        void mine.flush();
      },
    };
    for (const [event, act] of Object.entries(on)) video.addEventListener(event, act);
    const timer = setInterval(watched, WATCHED_EVERY_MS);
    const hidden = () => {
      if (document.visibilityState !== "hidden") return;
      watched();
      void mine.flush();
    };
    document.addEventListener("visibilitychange", hidden);
    return () => {
      for (const [event, act] of Object.entries(on)) video.removeEventListener(event, act);
      document.removeEventListener("visibilitychange", hidden);
      clearInterval(timer);
      watched();
      if (started && !finished) saw({ case: "ended", value: { finished } });
      void mine.close();
    };
    // A renewed grant belongs to the same watching.
  }, [video, transport, playback.sessionToken]);

  useEffect(() => {
    if (!shown || shown === before.current) return;
    if (before.current) {
      reporter.current?.saw({ case: "qualityChanged", value: { fromQuality: before.current, toQuality: shown, manual: picked >= 0 } }, video?.currentTime ?? 0);
    }
    before.current = shown;
  }, [shown, picked, video]);

  useEffect(() => {
    if (failure) reporter.current?.saw({ case: "failed", value: { code: failure.slice(0, 64), fatal: true } }, video?.currentTime ?? 0);
  }, [failure, video]);
}
