/** A video's captions, and changing them. */
import { createClient } from "@connectrpc/connect";
import { createConnectQueryKey, useQuery, useTransport } from "@connectrpc/connect-query";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { PlaybackService } from "@vidmesh/client/vidmesh/playback/v1/playback_service_pb";
import { CaptionService } from "@vidmesh/client/vidmesh/transcode/v1/caption_service_pb";
import type { Video } from "@vidmesh/client/vidmesh/upload/v1/video_pb";
import { useCallback } from "react";

import { untilAnswered } from "../../../api/queries";
import { isUnderWay } from "../../../video/queries";

const LOOK_MS = 4000;

export interface NewCaption {
  language: string;
  name: string;
  file: File;
}

/** Processing finds captions in the file, so it is looked again as long as that goes on. */
export const useCaptionList = (video: Video) =>
  useQuery(
    CaptionService.method.listCaptions,
    { videoId: video.videoId },
    { refetchInterval: ({ state }) => untilAnswered(state.error) || (isUnderWay(video) ? LOOK_MS : false) },
  );

export function useCaptionChanges(videoId: string, onDone: () => void) {
  const queries = useQueryClient();
  const transport = useTransport();
  const captions = createClient(CaptionService, transport);
  const onSuccess = useCallback(async () => {
    const list = createConnectQueryKey({ schema: CaptionService.method.listCaptions, input: { videoId }, transport, cardinality: "finite" });
    await queries.invalidateQueries({ queryKey: list });
    // A grant that was got before names the captions of before.
    queries.removeQueries({ queryKey: createConnectQueryKey({ schema: PlaybackService.method.getPlayback, transport, cardinality: "finite" }) });
    onDone();
  }, [queries, transport, videoId, onDone]);
  const add = useMutation({
    mutationFn: async ({ language, name, file }: NewCaption) =>
      captions.uploadCaption({ videoId, language, name, content: new Uint8Array(await file.arrayBuffer()) }),
    onSuccess,
  });
  const remove = useMutation({ mutationFn: (captionId: string) => captions.deleteCaption({ videoId, captionId }), onSuccess });
  return { add, remove };
}
