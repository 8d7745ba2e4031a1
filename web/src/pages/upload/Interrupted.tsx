import type { Entry } from "@vidmesh/client";
import { useMutation } from "@tanstack/react-query";
import { useRef, useState } from "react";

import { sentenceOf } from "../../api/errors";
import { t } from "../../i18n";
import { ago, bytes } from "../../i18n/formats";
import { Button } from "../../ui/Button";
import { Notice } from "../../ui/States";
import type { Uploads } from "../../upload/uploads";
import styles from "./Interrupted.module.css";

/** Uploads that a closed tab left behind. A page may not open a file by itself, so it asks for it again. */
export function Interrupted({ uploads, entries }: { uploads: Uploads; entries: readonly Entry[] }) {
  return (
    <section className={styles.section} aria-label={t("interrupted")}>
      <h2>{t("interrupted")}</h2>
      {entries.map((entry) => (
        <One key={entry.uploadId} uploads={uploads} entry={entry} />
      ))}
    </section>
  );
}

function One({ uploads, entry }: { uploads: Uploads; entry: Entry }) {
  const input = useRef<HTMLInputElement>(null);
  const [wrong, setWrong] = useState(false);
  const giveUp = useMutation({ mutationFn: () => uploads.giveUp(entry) });
  const { filename, sizeBytes, channelId } = entry.request;
  const known = { name: filename, size: bytes(Number(sizeBytes)) };
  return (
    <div className={styles.one}>
      <p>{t("interruptedText", { ...known, ago: ago(new Date(entry.startedMs)) })}</p>
      {wrong && <Notice tone="bad">{t("otherFile", known)}</Notice>}
      {giveUp.error && <Notice tone="bad">{sentenceOf(giveUp.error)}</Notice>}
      <div className={styles.actions}>
        <Button look="solid" icon="upload" onClick={() => input.current?.click()}>
          {t("chooseAgain")}
        </Button>
        <Button look="plain" busy={giveUp.isPending} onClick={() => giveUp.mutate()}>
          {t("giveUp")}
        </Button>
      </div>
      <input
        ref={input}
        type="file"
        hidden
        aria-label={t("chooseAgain")}
        onChange={(event) => {
          const file = event.target.files?.[0];
          event.target.value = "";
          if (!file) return;
          const same = file.size === entry.fingerprint.size && file.lastModified === entry.fingerprint.modifiedMs && file.name === filename;
          setWrong(!same);
          if (same) uploads.begin(file, channelId);
        }}
      />
    </div>
  );
}
