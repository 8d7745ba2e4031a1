/** The channels of a list of videos, each asked for once. */
import { createQueryOptions, useTransport } from "@connectrpc/connect-query";
import { useQueries } from "@tanstack/react-query";
import type { Channel } from "@vidmesh/client/vidmesh/social/v1/channel_pb";
import { ChannelService } from "@vidmesh/client/vidmesh/social/v1/channel_service_pb";
import type { Video } from "@vidmesh/client/vidmesh/upload/v1/video_pb";

const FRESH_MS = 10 * 60_000;

/** Those that are known by now, by id. */
export function useChannels(videos: readonly Video[]): ReadonlyMap<string, Channel> {
  const transport = useTransport();
  const ids = [...new Set(videos.map(({ channelId }) => channelId))];
  return useQueries({
    queries: ids.map((channel) => ({ ...createQueryOptions(ChannelService.method.getChannel, { channel }, { transport }), staleTime: FRESH_MS })),
    combine: (answers) => new Map(answers.flatMap(({ data }) => (data?.channel ? [[data.channel.channelId, data.channel]] : []))),
  });
}
