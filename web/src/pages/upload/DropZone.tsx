import { useEffect, useRef, useState } from "react";

import { t } from "../../i18n";
import { Button } from "../../ui/Button";
import { Icon } from "../../ui/Icon";
import styles from "./DropZone.module.css";

/** Takes files that are dropped anywhere on the page, or chosen. */
export function DropZone({ small, onFiles }: { small: boolean; onFiles: (files: File[]) => void }) {
  const input = useRef<HTMLInputElement>(null);
  const [over, setOver] = useState(false);

  useEffect(() => {
    let depth = 0;
    const files = (event: DragEvent) => event.dataTransfer?.types.includes("Files");
    const enter = (event: DragEvent) => files(event) && setOver(++depth > 0);
    const leave = (event: DragEvent) => files(event) && setOver(--depth > 0);
    const allow = (event: DragEvent) => files(event) && event.preventDefault();
    const drop = (event: DragEvent) => {
      event.preventDefault();
      depth = 0;
      setOver(false);
      onFiles([...(event.dataTransfer?.files ?? [])]);
    };
    const left = new AbortController();
    const { signal } = left;
    addEventListener("dragenter", enter, { signal });
    addEventListener("dragleave", leave, { signal });
    addEventListener("dragover", allow, { signal });
    addEventListener("drop", drop, { signal });
    return () => left.abort();
  }, [onFiles]);

  return (
    <div className={`${styles.zone} ${small ? styles.small : ""} ${over ? styles.over : ""}`}>
      <span className={styles.icon}>
        <Icon name="upload" size="2rem" />
      </span>
      <div className={styles.words}>
        <h2>{over ? t("dropNow") : t("dropHere")}</h2>
        {!small && <p>{t("dropHint")}</p>}
      </div>
      <Button look={small ? "soft" : "solid"} onClick={() => input.current?.click()}>
        {small ? t("chooseMore") : t("chooseFile")}
      </Button>
      <input
        ref={input}
        type="file"
        accept="video/*,.mkv,.ts,.m2ts"
        multiple
        hidden
        aria-label={t("chooseFile")}
        onChange={(event) => {
          onFiles([...(event.target.files ?? [])]);
          event.target.value = "";
        }}
      />
    </div>
  );
}
