import { useMutation } from "@connectrpc/connect-query";
import { TranscodeService } from "@vidmesh/client/vidmesh/transcode/v1/transcode_service_pb";
import { ProcessingState, type Video } from "@vidmesh/client/vidmesh/upload/v1/video_pb";
import { useEffect } from "react";
import { Link } from "wouter";

import { sentenceOf } from "../../api/errors";
import { paths } from "../../app/paths";
import { useTitle } from "../../app/title";
import { t } from "../../i18n";
import { Button, ButtonLink } from "../../ui/Button";
import { Icon } from "../../ui/Icon";
import { Failure, Loading, Notice } from "../../ui/States";
import { useVideo } from "../../video/queries";
import { Rungs } from "../../video/Rungs";
import { useDeletion } from "../../video/useDeletion";
import { useProcessing } from "../../video/useProcessing";
import { VideoForm } from "../../video/VideoForm";
import { Captions } from "./captions/Captions";
import { ChapterEditor } from "./chapters/ChapterEditor";
import styles from "./Edit.module.css";
import { Thumbnails } from "./thumbnails/Thumbnails";

/** One video: its details, who may see it, its processing, its end. */
export default function Edit({ videoId }: { videoId: string }) {
  const { data, error, refetch } = useVideo(videoId);
  const video = data?.video;
  useTitle(video?.title);
  if (error) return <Failure error={error} onRetry={() => void refetch()} />;
  if (!video) return <Loading />;
  return (
    <div className={styles.page}>
      <Link href={paths.studio} className={styles.back}>
        <Icon name="back" /> {t("yourVideos")}
      </Link>
      <header className={styles.head}>
        <h1>{video.title}</h1>
        {video.playableTime && !video.deleteTime && (
          <ButtonLink to={paths.watch(videoId)} icon="play" look="solid">
            {t("watchNow")}
          </ButtonLink>
        )}
      </header>
      {video.deleteTime ? <Deleted video={video} /> : <Alive video={video} onDone={() => void refetch()} />}
    </div>
  );
}

function Alive({ video, onDone }: { video: Video; onDone: () => void }) {
  const { remove } = useDeletion();
  return (
    <>
      <div className={styles.columns}>
        <VideoForm key={video.videoId} video={video} />
        <div className={styles.side}>
          <Thumbnails video={video} onChange={onDone} />
          <ProcessingPart video={video} onDone={onDone} />
        </div>
      </div>
      <ChapterEditor video={video} />
      <Captions video={video} />
      <section className={styles.end}>
        <div>
          <h2>{t("deleteTitle")}</h2>
          <p>{t("deleteText")}</p>
        </div>
        <Button look="danger" icon="trash" busy={remove.isPending} onClick={() => remove.mutate(video)}>
          {t("delete")}
        </Button>
      </section>
    </>
  );
}

function ProcessingPart({ video, onDone }: { video: Video; onDone: () => void }) {
  const { processing, error } = useProcessing(video.videoId, true);
  const retry = useMutation(TranscodeService.method.retryProcessing, { onSuccess: onDone });
  const state = processing?.state;
  useEffect(() => {
    if (state !== undefined && state !== video.processingState) onDone();
  }, [state, video.processingState, onDone]);
  return (
    <section className={styles.processing} aria-label={t("stageProcessing")}>
      <h2>{t("qualities")}</h2>
      {processing && processing.renditions.length > 0 ? <Rungs processing={processing} /> : <p>{t("processingWaits")}</p>}
      {state === ProcessingState.FAILED && (
        <>
          <Notice tone="bad">{processing?.failureMessage || t("processingFailed")}</Notice>
          <Button icon="replay" busy={retry.isPending} onClick={() => retry.mutate({ videoId: video.videoId })}>
            {t("processAgain")}
          </Button>
        </>
      )}
      {(retry.error || Boolean(error)) && <Notice tone="bad">{sentenceOf(retry.error ?? error)}</Notice>}
    </section>
  );
}

function Deleted({ video }: { video: Video }) {
  const { restore } = useDeletion();
  return (
    <section className={styles.end}>
      <p>{t("deletedText")}</p>
      <Button look="solid" icon="replay" busy={restore.isPending} onClick={() => restore.mutate(video)}>
        {t("restore")}
      </Button>
    </section>
  );
}
