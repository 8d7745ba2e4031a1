import { timestampDate } from "@bufbuild/protobuf/wkt";
import { type Caption, CaptionOrigin, type LeftOutCaption } from "@vidmesh/client/vidmesh/transcode/v1/caption_pb";
import type { Video } from "@vidmesh/client/vidmesh/upload/v1/video_pb";
import { useState } from "react";

import { sentenceOf } from "../../../api/errors";
import { t } from "../../../i18n";
import { date, dateTime } from "../../../i18n/formats";
import { languageName } from "../../../i18n/languages";
import { Button } from "../../../ui/Button";
import { Icon } from "../../../ui/Icon";
import { type Item, Menu } from "../../../ui/Menu";
import { Notice } from "../../../ui/States";
import { CaptionForm } from "./CaptionForm";
import styles from "./Captions.module.css";
import { RemoveCaption } from "./RemoveCaption";
import { useCaptionList } from "./useCaptions";

type Open = { form: "add" } | { form: "replace" | "remove"; caption: Caption };

/** What a track is called beside others: its language, and its name where it has one. */
export function titleOf({ language, name }: Pick<Caption, "language" | "name">): string {
  const spoken = language === "und" ? t("captionUnknown") : languageName(language, document.documentElement.lang);
  return name ? `${spoken} (${name})` : spoken;
}

/** The captions of a video: what there is, more, other, none. */
export function Captions({ video }: { video: Video }) {
  const { data, error, refetch } = useCaptionList(video);
  const [open, setOpen] = useState<Open>();
  const close = () => setOpen(undefined);
  const captions = data?.captions ?? [];
  return (
    <section className={styles.captions} aria-labelledby="captions">
      <header className={styles.head}>
        <div>
          <h2 id="captions">{t("captions")}</h2>
          <p>{t("captionsText")}</p>
        </div>
        <Button icon="plus" onClick={() => setOpen({ form: "add" })}>
          {t("captionAdd")}
        </Button>
      </header>
      {error && !data && (
        <div className={styles.failed}>
          <Notice tone="bad">{sentenceOf(error)}</Notice>
          <Button icon="replay" onClick={() => void refetch()}>
            {t("retry")}
          </Button>
        </div>
      )}
      {captions.length > 0 && (
        <ul className={styles.list}>
          {captions.map((caption) => (
            <li key={caption.captionId}>
              <Row caption={caption} onOpen={setOpen} />
            </li>
          ))}
        </ul>
      )}
      {data && data.leftOut.length > 0 && <LeftOut left={data.leftOut} />}
      {open?.form === "add" && <CaptionForm video={video} captions={captions} onClose={close} />}
      {open?.form === "replace" && <CaptionForm video={video} captions={captions} replaced={open.caption} onClose={close} />}
      {open?.form === "remove" && <RemoveCaption caption={open.caption} onClose={close} />}
    </section>
  );
}

function Row({ caption, onOpen }: { caption: Caption; onOpen: (open: Open) => void }) {
  const title = titleOf(caption);
  const time = caption.updateTime && timestampDate(caption.updateTime);
  const items: Item[] = [
    { label: t("captionReplace"), icon: "upload", onPick: () => onOpen({ form: "replace", caption }) },
    { label: t("delete"), icon: "trash", danger: true, onPick: () => onOpen({ form: "remove", caption }) },
  ];
  return (
    <div className={styles.row}>
      <Icon name="captions" />
      <div className={styles.words}>
        <h3>{title}</h3>
        <p>
          <span>{caption.origin === CaptionOrigin.EMBEDDED ? t("captionEmbedded") : t("captionUploaded")}</span>
          <span>{t("captionCues", { count: caption.cueCount })}</span>
          {time && <time title={dateTime(time)}>{date(time)}</time>}
        </p>
      </div>
      <Menu label={t("actionsOf", { title })} button={<Icon name="more" />} items={items} />
    </div>
  );
}

/** Captions of the file that nobody sees, and why. */
function LeftOut({ left }: { left: LeftOutCaption[] }) {
  return (
    <Notice tone="plain">
      {t("captionsLeftOut")}
      <ul className={styles.left}>
        {left.map((one, at) => (
          <li key={`${at}`}>
            {titleOf({ language: one.language, name: one.codec })}: {one.message}
          </li>
        ))}
      </ul>
    </Notice>
  );
}
