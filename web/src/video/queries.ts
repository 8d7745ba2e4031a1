/** Reading a video, and keeping what was read in step with what was changed. */
import { create } from "@bufbuild/protobuf";
import { createConnectQueryKey, useQuery, useTransport } from "@connectrpc/connect-query";
import { useQueryClient } from "@tanstack/react-query";
import { ProcessingState, type Video } from "@vidmesh/client/vidmesh/upload/v1/video_pb";
import { GetVideoResponseSchema, VideoService } from "@vidmesh/client/vidmesh/upload/v1/video_service_pb";
import { useCallback } from "react";

import { untilAnswered } from "../api/queries";

const LATER_MS = 10_000;

/** Something about it is going to change by itself. */
export const isUnderWay = ({ processingState, deleteTime }: Video): boolean =>
  !deleteTime && (processingState === ProcessingState.UPLOADING || processingState === ProcessingState.PROCESSING);

export const useVideo = (videoId: string, options: { enabled?: boolean } = {}) => useQuery(VideoService.method.getVideo, { videoId }, options);

/** Read again until it is processed. */
export const useVideoUnderWay = (videoId: string) =>
  useQuery(
    VideoService.method.getVideo,
    { videoId },
    { refetchInterval: ({ state }) => untilAnswered(state.error) || (state.data?.video && isUnderWay(state.data.video) ? LATER_MS : false) },
  );

/** The video is now so: every page that shows it learns of it. */
export function useVideoChanged(): (video: Video) => void {
  const queries = useQueryClient();
  const transport = useTransport();
  return useCallback(
    (video) => {
      const one = createConnectQueryKey({ schema: VideoService.method.getVideo, input: { videoId: video.videoId }, transport, cardinality: "finite" });
      queries.setQueryData(one, create(GetVideoResponseSchema, { video }));
      const lists = createConnectQueryKey({ schema: VideoService.method.listVideos, transport, cardinality: undefined });
      void queries.invalidateQueries({ queryKey: lists });
    },
    [queries, transport],
  );
}
