/** Asking for a grant, also ahead of the click. */
import { create } from "@bufbuild/protobuf";
import { createQueryOptions, useQuery, useTransport } from "@connectrpc/connect-query";
import { useQueryClient } from "@tanstack/react-query";
import type { Playback } from "@vidmesh/client/vidmesh/playback/v1/playback_pb";
import { PlaybackService } from "@vidmesh/client/vidmesh/playback/v1/playback_service_pb";
import type { Video } from "@vidmesh/client/vidmesh/upload/v1/video_pb";
import { GetVideoResponseSchema, VideoService } from "@vidmesh/client/vidmesh/upload/v1/video_service_pb";
import { useCallback } from "react";

import { untilAnswered } from "../api/queries";
import { loadAhead } from "../app/pages";
import { loadEngine } from "../player/useEngine";
import { device } from "../player/useReports";

const CODECS: Record<string, string> = {
  avc1: 'video/mp4; codecs="avc1.640028"',
  hvc1: 'video/mp4; codecs="hvc1.1.6.L93.B0"',
  av01: 'video/mp4; codecs="av01.0.05M.08"',
  mp4a: 'audio/mp4; codecs="mp4a.40.2"',
  opus: 'audio/mp4; codecs="opus"',
};

/** A grant lives an hour at least; one that was got ahead is used within this time. */
const FRESH_MS = 10 * 60_000;

function inputOf(videoId: string) {
  const can = (type: string) => "MediaSource" in window && MediaSource.isTypeSupported(type);
  const codecs = Object.keys(CODECS).filter((codec) => can(CODECS[codec] ?? ""));
  return { videoId, device: device(), codecs };
}

export const usePlayback = (videoId: string, refetchInterval: number | false = false) =>
  useQuery(PlaybackService.method.getPlayback, inputOf(videoId), { staleTime: FRESH_MS, gcTime: FRESH_MS, refetchInterval: ({ state }) => untilAnswered(state.error) || refetchInterval });

/** A grant that is certainly new. */
export function useRenewal(videoId: string): () => Promise<Playback> {
  const queries = useQueryClient();
  const transport = useTransport();
  return useCallback(async () => {
    const options = createQueryOptions(PlaybackService.method.getPlayback, inputOf(videoId), { transport });
    const { playback } = await queries.fetchQuery({ ...options, staleTime: 0 });
    if (!playback) throw new Error("The answer holds no playback.");
    return playback;
  }, [queries, transport, videoId]);
}

/** Somebody points at a video: what a click would need is got now. */
export function usePlaybackAhead(video: Video): () => void {
  const { videoId } = video;
  const queries = useQueryClient();
  const transport = useTransport();
  return useCallback(() => {
    loadAhead("watch");
    void loadEngine().catch(() => undefined);
    const read = createQueryOptions(VideoService.method.getVideo, { videoId }, { transport });
    if (!queries.getQueryData(read.queryKey)) queries.setQueryData(read.queryKey, create(GetVideoResponseSchema, { video }));
    const options = createQueryOptions(PlaybackService.method.getPlayback, inputOf(videoId), { transport });
    if (queries.getQueryData(options.queryKey)) return;
    void queries
      .fetchQuery({ ...options, staleTime: FRESH_MS })
      .then(({ playback }) => playback && manifestsAhead(playback))
      .catch(() => undefined);
  }, [queries, transport, video, videoId]);
}

/** Manifests never change under their address: the browser's cache keeps them for the player. */
async function manifestsAhead({ hlsUrl, startQuality }: Playback): Promise<void> {
  const master = await (await fetch(hlsUrl, { credentials: "omit" })).text();
  const lines = master.split("\n");
  const lists = lines.filter((line) => line && !line.startsWith("#"));
  const pictures = lists.find((line) => line.includes(startQuality)) ?? lists[0];
  const sound = lines.map((line) => /^#EXT-X-MEDIA:TYPE=AUDIO,.*DEFAULT=YES.*URI="([^"]+)"/.exec(line)?.[1]).find(Boolean);
  const get = (name: string | undefined) => name && fetch(new URL(name, hlsUrl), { credentials: "omit" });
  await Promise.all([get(pictures), get(sound)]);
}
