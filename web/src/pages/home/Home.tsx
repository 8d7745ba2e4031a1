import { useInfiniteQuery } from "@connectrpc/connect-query";
import { VideoService } from "@vidmesh/client/vidmesh/upload/v1/video_service_pb";
import { useCallback } from "react";

import { useSignedIn } from "../../api/session";
import { paths } from "../../app/paths";
import { useTitle } from "../../app/title";
import { t } from "../../i18n";
import { ButtonLink } from "../../ui/Button";
import { PagesEnd } from "../../ui/Pages";
import { Empty, Failure } from "../../ui/States";
import { useChannels } from "../../video/channels";
import { Grid, GridBones } from "../../video/Grid";

const PAGE = 24;

/** The newest public videos of the installation. */
export default function Home() {
  useTitle(undefined);
  const who = useSignedIn();
  const { data, error, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } = useInfiniteQuery(
    VideoService.method.listNewestVideos,
    { pageSize: PAGE, pageToken: "" },
    { pageParamKey: "pageToken", getNextPageParam: (page) => page.nextPageToken || undefined },
  );
  const videos = data?.pages.flatMap((page) => page.videos) ?? [];
  const channels = useChannels(videos);
  const onMore = useCallback(() => void fetchNextPage(), [fetchNextPage]);

  if (error && !data) return <Failure error={error} onRetry={() => void refetch()} />;
  if (!data) return <GridBones />;
  if (!videos.length && !hasNextPage) {
    return (
      <Empty
        icon="film"
        title={t("homeEmpty")}
        action={
          <ButtonLink to={who ? paths.upload : paths.signUp} look="solid" icon="upload">
            {t("homeFirst")}
          </ButtonLink>
        }
      >
        {t("homeEmptyText")}
      </Empty>
    );
  }
  return (
    <>
      <h1 className="visually-hidden">{t("newest")}</h1>
      <Grid videos={videos} channels={channels} />
      <PagesEnd more={hasNextPage} busy={isFetchingNextPage} onMore={onMore} />
    </>
  );
}
