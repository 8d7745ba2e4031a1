import { useState } from "react";

import { t } from "../../i18n";
import { Text } from "../../video/Text";
import styles from "./Description.module.css";

const LONG = 280;
const LINES = 4;

/** What the creator says, folded where it is long. */
export function Description({ text, onTime }: { text: string; onTime: (seconds: number) => void }) {
  const [open, setOpen] = useState(false);
  const long = text.length > LONG || text.split("\n").length > LINES;
  if (!text) return null;
  return (
    <>
      <div className={`${styles.text} ${long && !open ? styles.folded : ""}`}>
        <Text text={text} onTime={onTime} />
      </div>
      {long && (
        <button type="button" className={styles.more} aria-expanded={open} onClick={() => setOpen(!open)}>
          {open ? t("showLess") : t("showAll")}
        </button>
      )}
    </>
  );
}
