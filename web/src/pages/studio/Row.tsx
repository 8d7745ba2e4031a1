import { timestampDate } from "@bufbuild/protobuf/wkt";
import { ProcessingState, type Video } from "@vidmesh/client/vidmesh/upload/v1/video_pb";
import { Link } from "wouter";

import { paths } from "../../app/paths";
import { t } from "../../i18n";
import { ago, date, dateTime } from "../../i18n/formats";
import { Button } from "../../ui/Button";
import { Icon } from "../../ui/Icon";
import { type Item, Menu } from "../../ui/Menu";
import { Picture } from "../../video/VideoCard";
import { useDeletion } from "../../video/useDeletion";
import { REACH_ICONS, reachOf } from "../../video/visibility";
import styles from "./Row.module.css";

/** One video in the studio. */
export function Row({ video }: { video: Video }) {
  const { remove, restore } = useDeletion();
  const reach = reachOf(video);
  const time = video.uploadTime && timestampDate(video.uploadTime);
  const items: Item[] = [
    { label: t("editDetails"), icon: "edit", to: paths.edit(video.videoId) },
    ...(video.playableTime ? [{ label: t("watchNow"), icon: "play", to: paths.watch(video.videoId) } as const] : []),
    { label: t("delete"), icon: "trash", danger: true, onPick: () => remove.mutate(video) },
  ];
  if (video.deleteTime) {
    return (
      <article className={`${styles.row} ${styles.deleted}`}>
        <Picture video={video} />
        <div className={styles.words}>
          <h2>{video.title}</h2>
          <p>{t("deletedAgo", { ago: ago(timestampDate(video.deleteTime)) })}</p>
        </div>
        <Button look="soft" icon="replay" busy={restore.isPending} onClick={() => restore.mutate(video)}>
          {t("restore")}
        </Button>
      </article>
    );
  }
  return (
    <article className={styles.row}>
      <Picture video={video} />
      <div className={styles.words}>
        <h2>
          <Link href={paths.edit(video.videoId)}>{video.title}</Link>
        </h2>
        <p className={styles.facts}>
          <span>
            <Icon name={REACH_ICONS[reach]} size="1em" />
            {reach === "scheduled" && video.publishTime ? t("scheduledFor", { time: dateTime(timestampDate(video.publishTime)) }) : t(reach)}
          </span>
          <State video={video} />
          {time && <time title={dateTime(time)}>{date(time)}</time>}
        </p>
      </div>
      <Menu label={t("actionsOf", { title: video.title })} button={<Icon name="more" />} items={items} />
    </article>
  );
}

function State({ video }: { video: Video }) {
  switch (video.processingState) {
    case ProcessingState.UPLOADING:
      return <span>{t("stateUploading")}</span>;
    case ProcessingState.PROCESSING:
      return <span>{video.playableTime ? t("processingPlayable") : t("stateProcessing")}</span>;
    case ProcessingState.FAILED:
      return (
        <span className={styles.bad}>
          <Icon name="alert" size="1em" /> {t("processingFailed")}
        </span>
      );
    default:
      return null;
  }
}
