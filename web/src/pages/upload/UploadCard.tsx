import { ProcessingState, type Video } from "@vidmesh/client/vidmesh/upload/v1/video_pb";
import { type Processing, RenditionState } from "@vidmesh/client/vidmesh/transcode/v1/transcode_pb";
import { useEffect } from "react";

import { sentenceOf } from "../../api/errors";
import { paths } from "../../app/paths";
import { t } from "../../i18n";
import { bytes, wait } from "../../i18n/formats";
import { ButtonLink, IconButton } from "../../ui/Button";
import { Progress } from "../../ui/Progress";
import { Notice } from "../../ui/States";
import type { Item } from "../../upload/uploads";
import { useVideo } from "../../video/queries";
import { Rungs } from "../../video/Rungs";
import { useProcessing, useProcessingNow } from "../../video/useProcessing";
import { VideoForm } from "../../video/VideoForm";
import styles from "./UploadCard.module.css";

/** One upload: how much of it is there, how far its processing is, and what it shall be called meanwhile. */
export function UploadCard({ item, follow, onDrop }: { item: Item; follow: boolean; onDrop: () => void }) {
  const { snapshot, upload, name } = item;
  const { phase, videoId } = snapshot;
  const gone = phase === "cancelled";
  const streamed = useProcessing(videoId, follow && !gone);
  const polled = useProcessingNow(videoId, !follow && !gone);
  const { processing, error } = follow ? streamed : polled;
  const { data, refetch } = useVideo(videoId, { enabled: videoId !== "" && !gone });
  const playable = Boolean(processing?.playableTime);
  const title = data?.video?.title || name;

  useEffect(() => {
    if (playable) void refetch();
  }, [playable, refetch]);

  const stopped = phase === "failed" || gone;
  return (
    <article className={styles.card} aria-label={title}>
      <header className={styles.head}>
        <h2>{title}</h2>
        {playable && (
          <ButtonLink to={paths.watch(videoId)} look="solid" icon="play">
            {t("watchNow")}
          </ButtonLink>
        )}
        {phase === "sending" && <IconButton icon="pause" label={t("pause")} onClick={() => upload.pause()} />}
        {phase === "paused" && <IconButton icon="play" label={t("resume")} onClick={() => upload.resume()} />}
        {!stopped && phase !== "done" && <IconButton icon="close" label={t("cancelUpload")} onClick={() => void upload.cancel()} />}
        {(stopped || (phase === "done" && processing?.state === ProcessingState.PROCESSED)) && <IconButton icon="close" label={t("removeFromList")} onClick={onDrop} />}
      </header>
      <Sending item={item} />
      {!stopped && <ProcessingStage processing={processing} error={error} video={data?.video} />}
      {data?.video && !stopped && <VideoForm key={data.video.videoId} video={data.video} />}
    </article>
  );
}

function Sending({ item: { snapshot, rate, name } }: { item: Item }) {
  const { phase, sent, total, error } = snapshot;
  const share = total ? sent / total : 0;
  const going = phase === "sending";
  return (
    <section className={styles.stage} aria-label={t("stageUpload")}>
      <div className={styles.line}>
        <h3>{t("stageUpload")}</h3>
        <span aria-live="polite">{going ? "" : t(`phase_${phase}`)}</span>
        {going && (
          <span className={styles.numbers}>
            {t("sendingOf", { sent: bytes(sent), total: bytes(total) })}
            {rate > 0 && ` · ${t("perSecond", { rate: bytes(rate) })} · ${t("left", { wait: wait((total - sent) / rate) })}`}
          </span>
        )}
      </div>
      {phase !== "cancelled" && <Progress value={phase === "done" ? 1 : share} done={phase === "done"} label={t("uploadProgress", { name })} />}
      {phase === "failed" && error && <Notice tone="bad">{sentenceOf(error)}</Notice>}
    </section>
  );
}

function ProcessingStage({ processing, error, video }: { processing: Processing | undefined; error: unknown; video: Video | undefined }) {
  const failed = processing?.state === ProcessingState.FAILED;
  return (
    <section className={styles.stage} aria-label={t("stageProcessing")}>
      <div className={styles.line}>
        <h3>{t("stageProcessing")}</h3>
        <span aria-live="polite">{wordsOf(processing)}</span>
      </div>
      {processing && processing.renditions.length > 0 && <Rungs processing={processing} />}
      {failed && <Notice tone="bad">{processing.failureMessage || video?.failureMessage || t("processingFailed")}</Notice>}
      {Boolean(error) && <Notice tone="bad">{sentenceOf(error)}</Notice>}
    </section>
  );
}

function wordsOf(processing: Processing | undefined): string {
  if (!processing) return t("processingWaits");
  if (processing.state === ProcessingState.FAILED) return t("processingFailed");
  if (processing.state === ProcessingState.PROCESSED) return t("processingDone");
  if (processing.renditions.length && processing.renditions.every(({ state }) => state === RenditionState.PUBLISHED)) return t("processingDone");
  if (processing.playableTime) return t("processingPlayable");
  if (!processing.renditions.length) return t("processingBegins");
  return t("processingGoes", { share: Math.floor(processing.progress * 100) });
}
