import { useEffect, useId, useRef, useState } from "react";

import { t } from "../i18n";
import { IconButton } from "../ui/Button";
import { captionName } from "./captions";
import { SPEEDS } from "./keys";
import styles from "./Settings.module.css";
import type { Driven } from "./useEngine";
import type { Media } from "./useMedia";

/** Quality, speed, captions and sound. */
export function Settings({ media, engine, onSpeed }: { media: Media; engine: Driven; onSpeed: (speed: number) => void }) {
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const name = useId();
  const { qualities, picked, shown, sounds, sound, captions, caption } = engine.choices;

  useEffect(() => {
    if (!open) return;
    root.current?.querySelector<HTMLInputElement>("input:checked")?.focus();
    const outside = (event: PointerEvent) => {
      if (!root.current?.contains(event.target as Node)) setOpen(false);
    };
    document.addEventListener("pointerdown", outside);
    return () => document.removeEventListener("pointerdown", outside);
  }, [open]);

  return (
    <div
      ref={root}
      className={styles.settings}
      onKeyDown={(event) => {
        if (event.key !== "Escape" || !open) return;
        event.preventDefault();
        setOpen(false);
        root.current?.querySelector("button")?.focus();
      }}
    >
      <IconButton icon="settings" label={t("settings")} aria-expanded={open} onClick={() => setOpen(!open)} />
      {open && (
        <div className={styles.panel}>
          <Group legend={t("quality")}>
            <Radio name={`${name}q`} checked={picked < 0} label={picked < 0 && shown ? t("autoNow", { quality: shown }) : t("auto")} onPick={() => engine.pick(-1)} />
            {qualities.map((quality) => (
              <Radio key={quality.level} name={`${name}q`} checked={picked === quality.level} label={quality.name} onPick={() => engine.pick(quality.level)} />
            ))}
          </Group>
          <Group legend={t("speed")}>
            {SPEEDS.map((speed) => (
              <Radio key={speed} name={`${name}s`} checked={media.speed === speed} label={speed === 1 ? t("normalSpeed") : `${speed}×`} onPick={() => onSpeed(speed)} />
            ))}
          </Group>
          {captions.length > 0 && (
            <Group legend={t("captions")}>
              <Radio name={`${name}c`} checked={caption < 0} label={t("captionsOff")} onPick={() => engine.pickCaption(-1)} />
              {captions.map((offered, track) => (
                <Radio key={offered.label} name={`${name}c`} checked={caption === track} label={captionName(offered, document.documentElement.lang)} onPick={() => engine.pickCaption(track)} />
              ))}
            </Group>
          )}
          {sounds.length > 1 && (
            <Group legend={t("sound")}>
              {sounds.map(({ track, name: label }) => (
                <Radio key={track} name={`${name}a`} checked={sound === track} label={label} onPick={() => engine.pickSound(track)} />
              ))}
            </Group>
          )}
        </div>
      )}
    </div>
  );
}

function Group({ legend, children }: { legend: string; children: React.ReactNode }) {
  return (
    <fieldset>
      <legend>{legend}</legend>
      {children}
    </fieldset>
  );
}

function Radio({ name, label, checked, onPick }: { name: string; label: string; checked: boolean; onPick: () => void }) {
  return (
    <label className={styles.choice}>
      <input type="radio" name={name} checked={checked} onChange={onPick} />
      <span>{label}</span>
    </label>
  );
}
