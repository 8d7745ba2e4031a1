/** How the processing of a video stands. */
import { useQuery, useTransport } from "@connectrpc/connect-query";
import { watchProcessing } from "@vidmesh/client";
import type { Processing } from "@vidmesh/client/vidmesh/transcode/v1/transcode_pb";
import { TranscodeService } from "@vidmesh/client/vidmesh/transcode/v1/transcode_service_pb";
import { ProcessingState } from "@vidmesh/client/vidmesh/upload/v1/video_pb";
import { useEffect, useState } from "react";

import { reasonOf } from "../api/errors";

const AGAIN_MS = 3000;

export interface Followed {
  processing: Processing | undefined;
  error: unknown;
}

/**
 * Every change as it happens, by a stream. A browser has six connections to a host, so a page follows one or two
 * videos so; `useProcessingNow` serves the others.
 */
export function useProcessing(videoId: string, enabled: boolean): Followed {
  const transport = useTransport();
  const [followed, setFollowed] = useState<Followed>({ processing: undefined, error: undefined });
  useEffect(() => {
    if (!enabled || !videoId) return;
    const left = new AbortController();
    const follow = async () => {
      try {
        for await (const processing of watchProcessing(transport, videoId, { signal: left.signal })) setFollowed({ processing, error: undefined });
      } catch (error) {
        if (left.signal.aborted) return;
        // Nobody knows of it before enough of the file is there.
        if (reasonOf(error) === "VIDEO_NOT_FOUND") setTimeout(() => left.signal.aborted || void follow(), AGAIN_MS);
        else setFollowed(({ processing }) => ({ processing, error }));
      }
    };
    void follow();
    return () => left.abort();
  }, [transport, videoId, enabled]);
  return followed;
}

/** As it is, asked again every few seconds until it ends. */
export function useProcessingNow(videoId: string, enabled: boolean): Followed {
  const { data, error } = useQuery(
    TranscodeService.method.getProcessing,
    { videoId },
    {
      enabled: enabled && videoId !== "",
      staleTime: 0,
      refetchInterval: (query) => (query.state.data?.processing && ended(query.state.data.processing.state) ? false : AGAIN_MS),
    },
  );
  return { processing: data?.processing, error: error && reasonOf(error) !== "VIDEO_NOT_FOUND" ? error : undefined };
}

export const ended = (state: ProcessingState): boolean => state === ProcessingState.PROCESSED || state === ProcessingState.FAILED;
