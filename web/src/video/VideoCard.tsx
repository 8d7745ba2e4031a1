import { durationMs, timestampDate } from "@bufbuild/protobuf/wkt";
import type { Channel } from "@vidmesh/client/vidmesh/social/v1/channel_pb";
import type { Video } from "@vidmesh/client/vidmesh/upload/v1/video_pb";
import { Link } from "wouter";

import { paths } from "../app/paths";
import { ago, clock, dateTime } from "../i18n/formats";
import { Avatar } from "../ui/Avatar";
import { Icon } from "../ui/Icon";
import { usePlaybackAhead } from "./playback";
import styles from "./VideoCard.module.css";

/** A video in a grid or, in a row, beside another. `first`: among those that are seen without scrolling. */
export function VideoCard({ video, channel, row = false, first = false }: { video: Video; channel?: Channel | undefined; row?: boolean; first?: boolean }) {
  const ahead = usePlaybackAhead(video);
  const time = video.publishTime ?? video.uploadTime;
  const Heading = row ? "h3" : "h2";
  return (
    <article className={row ? styles.row : styles.card} onPointerEnter={ahead} onFocus={ahead} onTouchStart={ahead}>
      <Picture video={video} first={first} />
      <div className={styles.words}>
        {channel && !row && <Avatar name={channel.name || channel.handle} />}
        <div>
          <Heading>
            <Link href={paths.watch(video.videoId)} className={styles.title}>
              {video.title}
            </Link>
          </Heading>
          <p className={styles.line}>
            {channel && (
              <Link href={paths.channel(channel.handle)} className={styles.channel}>
                {channel.name || channel.handle}
              </Link>
            )}
            {time && <time title={dateTime(timestampDate(time))}>{ago(timestampDate(time))}</time>}
          </p>
        </div>
      </div>
    </article>
  );
}

/** A video's picture with its length. Its words stand beside it, so that it says nothing itself. */
export function Picture({ video, first = false }: { video: Video; first?: boolean }) {
  return (
    <div className={styles.picture}>
      {video.thumbnail?.url ? <img src={video.thumbnail.url} alt="" decoding="async" {...(first ? { fetchPriority: "high" } : { loading: "lazy" })} /> : <Icon name="film" size="1.8rem" />}
      {video.duration && <span className={styles.length}>{clock(durationMs(video.duration) / 1000)}</span>}
    </div>
  );
}
