import { useEffect, useRef } from "react";

import { t } from "../i18n";
import { Button } from "./Button";
import styles from "./Pages.module.css";

interface Props {
  more: boolean;
  busy: boolean;
  onMore: () => void;
}

/** The end of a list that comes in pages: the next one is got when it comes near, or by the button. */
export function PagesEnd({ more, busy, onMore }: Props) {
  const end = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = end.current;
    if (!element || !more || busy) return;
    const watcher = new IntersectionObserver(([entry]) => entry?.isIntersecting && onMore(), { rootMargin: "600px" });
    watcher.observe(element);
    return () => watcher.disconnect();
  }, [more, busy, onMore]);
  if (!more) return null;
  return (
    <div ref={end} className={styles.end}>
      <Button busy={busy} onClick={onMore}>
        {t("showMore")}
      </Button>
    </div>
  );
}
