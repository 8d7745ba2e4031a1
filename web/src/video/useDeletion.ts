/** Deleting a video, and taking that back. */
import { createClient } from "@connectrpc/connect";
import { useTransport } from "@connectrpc/connect-query";
import { useMutation } from "@tanstack/react-query";
import type { Video } from "@vidmesh/client/vidmesh/upload/v1/video_pb";
import { VideoService } from "@vidmesh/client/vidmesh/upload/v1/video_service_pb";

import { sentenceOf } from "../api/errors";
import { t } from "../i18n";
import { useToast } from "../ui/toasts";
import { useVideoChanged } from "./queries";

export function useDeletion() {
  const toast = useToast();
  const changed = useVideoChanged();
  const videos = createClient(VideoService, useTransport());
  const onError = (error: unknown) => toast(sentenceOf(error));
  const restore = useMutation({
    mutationFn: ({ videoId }: Video) => videos.undeleteVideo({ videoId }),
    onSuccess: ({ video }) => video && changed(video),
    onError,
  });
  const remove = useMutation({
    mutationFn: ({ videoId }: Video) => videos.deleteVideo({ videoId }),
    onSuccess: ({ video }) => {
      if (!video) return;
      changed(video);
      toast(t("deleted", { title: video.title }), { label: t("undo"), onPick: () => restore.mutate(video) });
    },
    onError,
  });
  return { remove, restore };
}
