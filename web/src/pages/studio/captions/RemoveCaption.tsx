import { type Caption, CaptionOrigin } from "@vidmesh/client/vidmesh/transcode/v1/caption_pb";

import { sentenceOf } from "../../../api/errors";
import { t } from "../../../i18n";
import { Button } from "../../../ui/Button";
import { Dialog } from "../../../ui/Dialog";
import { Notice } from "../../../ui/States";
import { titleOf } from "./Captions";
import styles from "./Captions.module.css";
import { useCaptionChanges } from "./useCaptions";

/** Asked first, because nothing brings them back but the file. */
export function RemoveCaption({ caption, onClose }: { caption: Caption; onClose: () => void }) {
  const { remove } = useCaptionChanges(caption.videoId, onClose);
  return (
    <Dialog title={t("captionDeleteTitle", { title: titleOf(caption) })} onClose={onClose}>
      {remove.error && <Notice tone="bad">{sentenceOf(remove.error)}</Notice>}
      <p>{caption.origin === CaptionOrigin.EMBEDDED ? t("captionDeleteEmbedded") : t("captionDeleteUploaded")}</p>
      <div className={styles.actions}>
        <Button look="plain" onClick={onClose}>
          {t("cancel")}
        </Button>
        <Button look="danger" icon="trash" busy={remove.isPending} onClick={() => remove.mutate(caption.captionId)}>
          {t("delete")}
        </Button>
      </div>
    </Dialog>
  );
}
