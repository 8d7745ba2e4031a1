/** The channels of a list of videos, each asked for once. */
import { createQueryOptions, useTransport } from "@connectrpc/connect-query";
import { useQueries } from "@tanstack/react-query";
import type { Channel } from "@vidmesh/client/vidmesh/social/v1/channel_pb";
import { ChannelService } from "@vidmesh/client/vidmesh/social/v1/channel_service_pb";
import type { Video } from "@vidmesh/client/vidmesh/upload/v1/video_pb";

const FRESH_MS = 10 * 60_000;

/** Those that are known by now, by id. A page that is added to a list asks for what it brings alone. */
export function useChannels(videos: readonly Video[]): ReadonlyMap<string, Channel> {
  const transport = useTransport();
  return useQueries({
    queries: batches(videos).map((channelIds) => ({
      ...createQueryOptions(ChannelService.method.batchGetChannels, { channelIds }, { transport }),
      staleTime: FRESH_MS,
    })),
    combine: (answers) => new Map(answers.flatMap(({ data }) => data?.channels.map((channel) => [channel.channelId, channel]) ?? [])),
  });
}

/** Fewer than the hundred that one call takes. */
const STEP = 24;

/** Ids of channels in the order in which they are needed: those of the first videos together, then of the next. */
export function batches(videos: readonly Pick<Video, "channelId">[]): string[][] {
  const known = new Set<string>();
  const all: string[][] = [];
  for (let from = 0; from < videos.length; from += STEP) {
    const fresh = [...new Set(videos.slice(from, from + STEP).map(({ channelId }) => channelId))].filter((id) => !known.has(id));
    for (const id of fresh) known.add(id);
    if (fresh.length) all.push(fresh);
  }
  return all;
}
