import { useQuery } from "@connectrpc/connect-query";
import { type Video, VideoStatus } from "@vidmesh/client/vidmesh/upload/v1/video_pb";
import { VideoService } from "@vidmesh/client/vidmesh/upload/v1/video_service_pb";

import { t } from "../../i18n";
import { VideoCard } from "../../video/VideoCard";
import styles from "./More.module.css";

/** Other videos of the channel. */
export function More({ video }: { video: Video }) {
  const { data } = useQuery(VideoService.method.listVideos, { channelId: video.channelId, pageSize: 20 });
  const others = data?.videos.filter(({ videoId, status }) => videoId !== video.videoId && status === VideoStatus.PUBLISHED) ?? [];
  if (!others.length) return null;
  return (
    <aside className={styles.more} aria-label={t("moreOfChannel")}>
      <h2>{t("moreOfChannel")}</h2>
      <ul>
        {others.map((other) => (
          <li key={other.videoId}>
            <VideoCard video={other} row />
          </li>
        ))}
      </ul>
    </aside>
  );
}
