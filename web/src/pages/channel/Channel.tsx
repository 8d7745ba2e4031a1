import { useInfiniteQuery, useQuery } from "@connectrpc/connect-query";
import type { Channel as Shown } from "@vidmesh/client/vidmesh/social/v1/channel_pb";
import { ChannelService } from "@vidmesh/client/vidmesh/social/v1/channel_service_pb";
import { VideoStatus, Visibility } from "@vidmesh/client/vidmesh/upload/v1/video_pb";
import { VideoService } from "@vidmesh/client/vidmesh/upload/v1/video_service_pb";
import { useCallback, useState } from "react";

import { reasonOf } from "../../api/errors";
import { useMyChannels } from "../../api/session";
import { paths } from "../../app/paths";
import { useTitle } from "../../app/title";
import { t } from "../../i18n";
import { Avatar } from "../../ui/Avatar";
import { Button, ButtonLink } from "../../ui/Button";
import { PagesEnd } from "../../ui/Pages";
import { Empty, Failure, Loading } from "../../ui/States";
import { Grid, GridBones } from "../../video/Grid";
import { Text } from "../../video/Text";
import styles from "./Channel.module.css";
import { EditChannel } from "./EditChannel";

const PAGE = 24;

export default function Channel({ handle }: { handle: string }) {
  const { data, error, refetch } = useQuery(ChannelService.method.getChannel, { channel: `@${handle}` });
  const channel = data?.channel;
  useTitle(channel ? channel.name || channel.handle : undefined);
  const mine = useMyChannels().channels?.some(({ channelId }) => channelId === channel?.channelId) ?? false;
  const [editing, setEditing] = useState(false);
  if (error) {
    return reasonOf(error) === "CHANNEL_NOT_FOUND" ? (
      <Empty icon="user" title={t("notFoundTitle")}>
        {t("errorChannelNotFound")}
      </Empty>
    ) : (
      <Failure error={error} onRetry={() => void refetch()} />
    );
  }
  if (!channel) return <Loading />;
  return (
    <div className={styles.page}>
      <header className={styles.head}>
        <Avatar name={channel.name || channel.handle} large />
        <div className={styles.words}>
          <h1>{channel.name || channel.handle}</h1>
          <p className={styles.facts}>
            @{channel.handle}
            {channel.videoCount !== undefined && ` · ${t("videoCount", { count: Number(channel.videoCount) })}`}
          </p>
          {channel.description && (
            <p className={styles.description}>
              <Text text={channel.description} />
            </p>
          )}
        </div>
        {mine && (
          <div className={styles.actions}>
            <Button icon="edit" onClick={() => setEditing(true)}>
              {t("editChannel")}
            </Button>
            <ButtonLink to={paths.studio} icon="grid">
              {t("manageVideos")}
            </ButtonLink>
          </div>
        )}
      </header>
      <Videos channel={channel} />
      {editing && <EditChannel channel={channel} onClose={() => setEditing(false)} />}
    </div>
  );
}

function Videos({ channel }: { channel: Shown }) {
  const { data, error, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } = useInfiniteQuery(
    VideoService.method.listVideos,
    { channelId: channel.channelId, pageSize: PAGE, pageToken: "" },
    { pageParamKey: "pageToken", getNextPageParam: (page) => page.nextPageToken || undefined },
  );
  const onMore = useCallback(() => void fetchNextPage(), [fetchNextPage]);
  if (error && !data) return <Failure inside error={error} onRetry={() => void refetch()} />;
  if (!data) return <GridBones count={4} />;
  // Its people are given all of them; this is the page that everybody sees.
  const videos = data.pages.flatMap((page) => page.videos).filter(({ status, visibility }) => status === VideoStatus.PUBLISHED && visibility === Visibility.PUBLIC);
  if (!videos.length && !hasNextPage) {
    return (
      <Empty inside icon="film" title={t("channelEmpty")}>
        {t("channelEmptyText")}
      </Empty>
    );
  }
  return (
    <section>
      <Grid videos={videos} />
      <PagesEnd more={hasNextPage} busy={isFetchingNextPage} onMore={onMore} />
    </section>
  );
}
