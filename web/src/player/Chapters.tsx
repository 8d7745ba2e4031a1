import { useEffect, useRef, useState } from "react";

import { t } from "../i18n";
import { clock } from "../i18n/formats";
import { Icon } from "../ui/Icon";
import { type Chapter, chapterAt } from "./chapters";
import styles from "./Chapters.module.css";

/** What the chapter is called that plays; a press opens the list of all. */
export function Chapters({ chapters, time, onSeek }: { chapters: readonly Chapter[]; time: number; onSeek: (seconds: number) => void }) {
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const at = chapterAt(chapters, time);

  useEffect(() => {
    if (!open) return;
    root.current?.querySelector<HTMLElement>("[aria-current]")?.focus();
    const outside = (event: PointerEvent) => {
      if (!root.current?.contains(event.target as Node)) setOpen(false);
    };
    document.addEventListener("pointerdown", outside);
    return () => document.removeEventListener("pointerdown", outside);
  }, [open]);

  const close = () => {
    setOpen(false);
    root.current?.querySelector("button")?.focus();
  };

  const here = chapters[at];
  if (!here) return null;
  return (
    <div
      ref={root}
      className={styles.chapters}
      onKeyDown={(event) => {
        if (event.key !== "Escape" || !open) return;
        event.preventDefault();
        close();
      }}
    >
      <button type="button" className={styles.opener} aria-expanded={open} aria-label={t("chapterNow", { title: here.title })} title={t("chapters")} onClick={() => setOpen(!open)}>
        <span>{here.title}</span>
        <Icon name="chevron" size="1em" />
      </button>
      {open && (
        <nav className={styles.panel} aria-label={t("chapters")}>
          <ol>
            {chapters.map((chapter, number) => (
              <li key={chapter.start}>
                <button
                  type="button"
                  aria-current={number === at ? "true" : undefined}
                  onClick={() => {
                    onSeek(chapter.start);
                    close();
                  }}
                >
                  <time>{clock(chapter.start)}</time>
                  <span>{chapter.title}</span>
                </button>
              </li>
            ))}
          </ol>
        </nav>
      )}
    </div>
  );
}
