import type { Caption } from "@vidmesh/client/vidmesh/transcode/v1/caption_pb";
import type { Video } from "@vidmesh/client/vidmesh/upload/v1/video_pb";
import { useMemo, useState } from "react";

import { aboutField, sentenceOf } from "../../../api/errors";
import { t } from "../../../i18n";
import { languageName } from "../../../i18n/languages";
import { Button } from "../../../ui/Button";
import { Dialog } from "../../../ui/Dialog";
import { Select, TextField } from "../../../ui/Field";
import { Notice } from "../../../ui/States";
import { useToast } from "../../../ui/toasts";
import { titleOf } from "./Captions";
import styles from "./Captions.module.css";
import { isTag, languageIn, OFFERED, preferred } from "./languages";
import { useCaptionChanges } from "./useCaptions";

/** As the contract has it. */
const MOST_BYTES = 1 << 20;
const OTHER = "other";

interface Props {
  video: Video;
  /** Those that there are. */
  captions: Caption[];
  /** Only the file is asked for. */
  replaced?: Caption;
  onClose: () => void;
}

/** A file of captions, its language and its name. */
export function CaptionForm({ video, captions, replaced, onClose }: Props) {
  const toast = useToast();
  const [file, setFile] = useState<File>();
  const [picked, setPicked] = useState<string>();
  const [written, setWritten] = useState("");
  const [name, setName] = useState(replaced?.name ?? "");
  const [start] = useState(() => preferred(navigator.languages));
  const chosen = picked ?? start;
  const language = replaced?.language ?? (chosen === OTHER ? written.trim() : chosen);
  const { add } = useCaptionChanges(video.videoId, () => {
    toast(t("captionSaved", { title: titleOf({ language, name: name.trim() }) }));
    onClose();
  });
  const tooLarge = file !== undefined && file.size > MOST_BYTES;
  const wrongTag = chosen === OTHER && written !== "" && !isTag(written.trim());
  const there = !replaced && captions.some((one) => one.language.toLowerCase() === language.toLowerCase() && one.name === name.trim());
  return (
    <Dialog title={replaced ? t("captionReplaceTitle", { title: titleOf(replaced) }) : t("captionAdd")} onClose={onClose}>
      <form
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault();
          if (file && !tooLarge && !wrongTag) add.mutate({ language, name: name.trim(), file });
        }}
      >
        {add.error && <Notice tone="bad">{sentenceOf(add.error)}</Notice>}
        <TextField
          label={t("captionFile")}
          type="file"
          required
          accept=".srt,.vtt,.ass,.ssa,text/vtt,application/x-subrip"
          hint={t("captionFileHint")}
          error={tooLarge ? t("captionTooLarge") : undefined}
          onChange={(event) => {
            const one = event.target.files?.[0];
            setFile(one);
            add.reset();
            const told = one && languageIn(one.name);
            if (told && picked === undefined) setPicked(told);
          }}
        />
        {!replaced && (
          <>
            <Select label={t("captionLanguage")} value={chosen} onChange={(event) => setPicked(event.target.value)}>
              <Languages />
              <option value={OTHER}>{t("captionOther")}</option>
            </Select>
            {chosen === OTHER && (
              <TextField
                label={t("captionTag")}
                required
                maxLength={35}
                value={written}
                hint={t("captionTagHint")}
                error={wrongTag ? t("captionTagWrong") : aboutField(add.error, "language")}
                onChange={(event) => setWritten(event.target.value)}
              />
            )}
            <TextField label={t("captionName")} maxLength={60} value={name} hint={t("captionNameHint")} error={aboutField(add.error, "name")} onChange={(event) => setName(event.target.value)} />
            {there && <Notice tone="plain">{t("captionThere")}</Notice>}
          </>
        )}
        <div className={styles.actions}>
          <Button look="plain" onClick={onClose}>
            {t("cancel")}
          </Button>
          <Button type="submit" look="solid" icon="upload" busy={add.isPending}>
            {t("captionSend")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function Languages() {
  const locale = document.documentElement.lang;
  const named = useMemo(
    () => OFFERED.map((tag) => ({ tag, name: languageName(tag, locale) })).sort((one, other) => one.name.localeCompare(other.name, locale)),
    [locale],
  );
  return named.map(({ tag, name }) => (
    <option key={tag} value={tag}>
      {name}
    </option>
  ));
}
