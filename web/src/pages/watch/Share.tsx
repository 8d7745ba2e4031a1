import type { Video } from "@vidmesh/client/vidmesh/upload/v1/video_pb";
import { Visibility } from "@vidmesh/client/vidmesh/upload/v1/video_pb";
import { useState } from "react";

import { paths } from "../../app/paths";
import { t } from "../../i18n";
import { clock } from "../../i18n/formats";
import { Button } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { TextField } from "../../ui/Field";
import { Notice } from "../../ui/States";
import styles from "./Share.module.css";

/** A link to the video, at a time if wanted, and what to put into another page. */
export function Share({ video, time, onClose }: { video: Video; time: number; onClose: () => void }) {
  const [timed, setTimed] = useState(false);
  const at = timed && time >= 1 ? `?t=${Math.floor(time)}` : "";
  const link = `${location.origin}${paths.watch(video.videoId)}${at}`;
  const embed = `<iframe src="${location.origin}${paths.embed(video.videoId)}${at}" width="640" height="360" allow="autoplay; fullscreen; picture-in-picture" allowfullscreen></iframe>`;
  return (
    <Dialog title={t("share")} onClose={onClose}>
      {video.visibility === Visibility.PRIVATE && <Notice tone="plain">{t("sharePrivate")}</Notice>}
      <Copied label={t("link")} text={link} />
      <label className={styles.timed}>
        <input type="checkbox" checked={timed} onChange={(event) => setTimed(event.target.checked)} />
        {t("startAt", { time: clock(time) })}
      </label>
      <Copied label={t("embed")} text={embed} />
    </Dialog>
  );
}

function Copied({ label, text }: { label: string; text: string }) {
  const [done, setDone] = useState<boolean>();
  return (
    <div className={styles.copied}>
      <TextField label={label} readOnly value={text} hint={done === false ? t("notCopied") : undefined} onFocus={(event) => event.target.select()} />
      <Button
        icon={done ? "check" : "copy"}
        onClick={() =>
          navigator.clipboard.writeText(text).then(
            () => setDone(true),
            () => setDone(false),
          )
        }
      >
        <span aria-live="polite">{done ? t("copied") : t("copy")}</span>
      </Button>
    </div>
  );
}
