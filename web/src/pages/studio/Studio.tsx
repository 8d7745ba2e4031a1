import { useInfiniteQuery } from "@connectrpc/connect-query";
import { VideoService } from "@vidmesh/client/vidmesh/upload/v1/video_service_pb";
import { useCallback } from "react";

import { untilAnswered } from "../../api/queries";
import { useMyChannels } from "../../api/session";
import { paths } from "../../app/paths";
import { useTitle } from "../../app/title";
import { t } from "../../i18n";
import { ButtonLink } from "../../ui/Button";
import { PagesEnd } from "../../ui/Pages";
import { Empty, Failure, Loading } from "../../ui/States";
import { isUnderWay } from "../../video/queries";
import { Row } from "./Row";
import styles from "./Studio.module.css";

const PAGE = 50;
const LOOK_MS = 4000;

/** Every video of one's channel, with what can be done about it. */
export default function Studio() {
  useTitle(t("studio"));
  const { channels, error, retry } = useMyChannels();
  if (error) return <Failure error={error} onRetry={retry} />;
  const channel = channels?.[0];
  return channel ? <List channelId={channel.channelId} /> : <Loading />;
}

function List({ channelId }: { channelId: string }) {
  const { data, error, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } = useInfiniteQuery(
    VideoService.method.listVideos,
    { channelId, pageSize: PAGE, pageToken: "", showDeleted: true },
    {
      pageParamKey: "pageToken",
      getNextPageParam: (page) => page.nextPageToken || undefined,
      refetchInterval: ({ state }) => untilAnswered(state.error) || (state.data?.pages.some((page) => page.videos.some(isUnderWay)) ? LOOK_MS : false),
    },
  );
  const onMore = useCallback(() => void fetchNextPage(), [fetchNextPage]);
  if (error && !data) return <Failure error={error} onRetry={() => void refetch()} />;
  if (!data) return <Loading />;
  const videos = data.pages.flatMap((page) => page.videos);
  if (!videos.length && !hasNextPage) {
    return (
      <Empty
        icon="film"
        title={t("studioEmpty")}
        action={
          <ButtonLink to={paths.upload} look="solid" icon="upload">
            {t("uploadFirst")}
          </ButtonLink>
        }
      >
        {t("studioEmptyText")}
      </Empty>
    );
  }
  return (
    <div className={styles.page}>
      <header className={styles.head}>
        <h1>{t("yourVideos")}</h1>
      </header>
      <ul className={styles.rows}>
        {videos.map((video) => (
          <li key={video.videoId}>
            <Row video={video} />
          </li>
        ))}
      </ul>
      <PagesEnd more={hasNextPage} busy={isFetchingNextPage} onMore={onMore} />
    </div>
  );
}
