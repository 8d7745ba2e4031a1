/** Who may see a video, as a person chooses it. */
import { timestampDate, timestampFromDate } from "@bufbuild/protobuf/wkt";
import { type Video, Visibility } from "@vidmesh/client/vidmesh/upload/v1/video_pb";

import type { IconName } from "../ui/Icon";

export type Reach = "private" | "unlisted" | "public" | "scheduled";

export const REACH_ICONS: Record<Reach, IconName> = { private: "lock", unlisted: "link", public: "globe", scheduled: "clock" };

/** What is in force now. */
export function reachOf(video: Pick<Video, "visibility" | "publishTime">, now = new Date()): Reach {
  if (video.visibility === Visibility.UNLISTED) return "unlisted";
  if (video.visibility !== Visibility.PUBLIC) return "private";
  return video.publishTime && timestampDate(video.publishTime) > now ? "scheduled" : "public";
}

/** What PublishVideo is asked for. */
export function wanted(reach: Reach, time: Date | undefined) {
  const visibility = { private: Visibility.PRIVATE, unlisted: Visibility.UNLISTED, public: Visibility.PUBLIC, scheduled: Visibility.PUBLIC }[reach];
  return reach === "scheduled" && time ? { visibility, publishTime: timestampFromDate(time) } : { visibility };
}

/** A moment as `<input type="datetime-local">` writes it, in the zone of who looks. */
export function localInput(time: Date): string {
  return new Date(time.getTime() - time.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
