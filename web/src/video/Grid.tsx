import type { Channel } from "@vidmesh/client/vidmesh/social/v1/channel_pb";
import type { Video } from "@vidmesh/client/vidmesh/upload/v1/video_pb";

import { t } from "../i18n";
import styles from "./Grid.module.css";
import { VideoCard } from "./VideoCard";

/** Cards that are on the screen at once, at most. */
const FIRST = 4;

/** Videos beside and under each other, as many as there is room for. */
export function Grid({ videos, channels }: { videos: readonly Video[]; channels?: ReadonlyMap<string, Channel> }) {
  return (
    <ul className={styles.grid}>
      {videos.map((video, at) => (
        <li key={video.videoId}>
          <VideoCard video={video} channel={channels?.get(video.channelId)} first={at < FIRST} />
        </li>
      ))}
    </ul>
  );
}

/** Where videos are about to be. */
export function GridBones({ count = 12 }: { count?: number }) {
  return (
    <div className={styles.grid} role="status">
      <span className="visually-hidden">{t("loading")}</span>
      {Array.from({ length: count }, (_, at) => (
        <div key={at} className={styles.bone} />
      ))}
    </div>
  );
}
