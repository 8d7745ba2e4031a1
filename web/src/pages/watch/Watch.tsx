import { useQuery } from "@connectrpc/connect-query";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import { ChannelService } from "@vidmesh/client/vidmesh/social/v1/channel_service_pb";
import { ProcessingState, type Video } from "@vidmesh/client/vidmesh/upload/v1/video_pb";
import { useCallback, useEffect, useRef, useState } from "react";
import { Link, useSearchParams } from "wouter";

import { reasonOf } from "../../api/errors";
import { useMyChannels } from "../../api/session";
import { paths } from "../../app/paths";
import { storage } from "../../app/storage";
import { useTitle } from "../../app/title";
import { t } from "../../i18n";
import { date, dateTime } from "../../i18n/formats";
import { Player } from "../../player/Player";
import { timeIn } from "../../player/resume";
import { Avatar } from "../../ui/Avatar";
import { Button, ButtonLink } from "../../ui/Button";
import { Icon } from "../../ui/Icon";
import { Empty, Failure } from "../../ui/States";
import { usePlayback, useRenewal } from "../../video/playback";
import { isUnderWay, useVideoUnderWay } from "../../video/queries";
import { REACH_ICONS, reachOf } from "../../video/visibility";
import { Description } from "./Description";
import { More } from "./More";
import { Share } from "./Share";
import styles from "./Watch.module.css";

const SOON_MS = 3000;
const LATER_MS = 10_000;
const THEATRE = "vidmesh.theatre";

export default function Watch({ videoId }: { videoId: string }) {
  const [search] = useSearchParams();
  const startAt = timeIn(search.get("t"));
  const { data, error, refetch } = useVideoUnderWay(videoId);
  const video = data?.video;
  useTitle(video?.title);
  const processing = video !== undefined && isUnderWay(video);
  const playback = usePlayback(videoId, processing ? LATER_MS : false);
  const renew = useRenewal(videoId);
  const { refetch: ask } = playback;
  const playAgain = useCallback(() => {
    void ask();
    void refetch();
  }, [ask, refetch]);
  const was = useRef(processing);
  useEffect(() => {
    // What was made last may be newer than the last look.
    if (was.current && !processing) void ask();
    was.current = processing;
  }, [ask, processing]);
  const time = useRef(0);
  const [theatre, setTheatre] = useState(() => storage.getItem(THEATRE) === "1");
  const [sharing, setSharing] = useState(false);
  const onTheatre = useCallback(() => {
    setTheatre((now) => {
      storage.setItem(THEATRE, now ? "0" : "1");
      return !now;
    });
  }, []);
  const onTime = useCallback((seconds: number) => {
    time.current = seconds;
  }, []);
  const seek = (seconds: number) => {
    const element = document.querySelector("video");
    if (!element) return;
    element.currentTime = seconds;
    element.scrollIntoView({ block: "center" });
  };

  const reason = playback.error ? reasonOf(playback.error) : "";
  if (error && !video) return <NotThere error={error} onRetry={() => void refetch()} />;
  const granted = playback.data?.playback;
  return (
    <div className={`${styles.page} ${theatre ? styles.wide : ""}`}>
      <div className={styles.stage}>
        {granted ? (
          <Player
            playback={granted}
            latest={granted}
            renew={renew}
            title={video?.title ?? ""}
            startAt={startAt}
            theatre={theatre}
            onTheatre={onTheatre}
            onTime={onTime}
            autoPlay
          />
        ) : reason === "VIDEO_NOT_PLAYABLE" ? (
          <Processing video={video} again={playAgain} />
        ) : playback.error ? (
          <div className={styles.box}>
            <Failure inside error={playback.error} onRetry={() => void playback.refetch()} />
          </div>
        ) : (
          <div className={styles.box} />
        )}
      </div>
      <div className={styles.about}>
        {video ? <About video={video} onShare={() => setSharing(true)} onTime={seek} /> : <div className={styles.bones} />}
      </div>
      {video && <More video={video} />}
      {sharing && video && <Share video={video} time={time.current} onClose={() => setSharing(false)} />}
    </div>
  );
}

function About({ video, onShare, onTime }: { video: Video; onShare: () => void; onTime: (seconds: number) => void }) {
  const { data } = useQuery(ChannelService.method.getChannel, { channel: video.channelId });
  const mine = useMyChannels().channels?.some(({ channelId }) => channelId === video.channelId);
  const channel = data?.channel;
  const reach = reachOf(video);
  const time = video.publishTime ?? video.uploadTime;
  return (
    <>
      <h1>{video.title}</h1>
      <div className={styles.line}>
        {channel && (
          <Link href={paths.channel(channel.handle)} className={styles.channel}>
            <Avatar name={channel.name || channel.handle} />
            <span>
              <b>{channel.name || channel.handle}</b>
              <small>@{channel.handle}</small>
            </span>
          </Link>
        )}
        <div className={styles.actions}>
          {mine && (
            <ButtonLink to={paths.edit(video.videoId)} icon="edit">
              {t("editDetails")}
            </ButtonLink>
          )}
          <Button icon="share" onClick={onShare}>
            {t("share")}
          </Button>
        </div>
      </div>
      <div className={styles.description}>
        <p className={styles.facts}>
          {time && <time title={dateTime(timestampDate(time))}>{date(timestampDate(time))}</time>}
          {reach !== "public" && (
            <span className={styles.reach}>
              <Icon name={REACH_ICONS[reach]} size="1em" /> {t(reach)}
            </span>
          )}
        </p>
        <Description text={video.description} onTime={onTime} />
      </div>
    </>
  );
}

/** Nothing can be played yet: looks again by itself. */
function Processing({ video, again }: { video: Video | undefined; again: () => void }) {
  useEffect(() => {
    const timer = setInterval(again, SOON_MS);
    return () => clearInterval(timer);
  }, [again]);
  const failed = video?.processingState === ProcessingState.FAILED;
  return (
    <div className={styles.box}>
      <Empty inside icon={failed ? "alert" : "clock"} title={failed ? t("processingFailed") : t("soonTitle")}>
        {failed ? video.failureMessage : t("soonText")}
      </Empty>
    </div>
  );
}

function NotThere({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  useTitle(t("notFoundTitle"));
  if (reasonOf(error) !== "VIDEO_NOT_FOUND" && reasonOf(error) !== "INVALID_FIELD") return <Failure error={error} onRetry={onRetry} />;
  return (
    <Empty
      icon="film"
      title={t("noVideoTitle")}
      action={
        <ButtonLink to={paths.home} look="solid">
          {t("toHome")}
        </ButtonLink>
      }
    >
      {t("errorVideoNotFound")}
    </Empty>
  );
}
