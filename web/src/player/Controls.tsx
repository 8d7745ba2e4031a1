import { t } from "../i18n";
import { clock } from "../i18n/formats";
import { IconButton } from "../ui/Button";
import { Icon } from "../ui/Icon";
import type { Chapter } from "./chapters";
import { Chapters } from "./Chapters";
import styles from "./Controls.module.css";
import { SeekBar } from "./SeekBar";
import { Settings } from "./Settings";
import type { Actions } from "./useActions";
import type { Driven } from "./useEngine";
import type { Media } from "./useMedia";
import { useTiles } from "./useTiles";

interface Props {
  media: Media;
  actions: Actions;
  engine: Driven;
  fullscreen: boolean;
  /** Undefined where the page has no theatre. */
  theatre: boolean | undefined;
  /** There are more qualities than when it was loaded. */
  onUpgrade: (() => void) | undefined;
  /** Of the WebVTT file; empty where there is none. */
  storyboardUrl: string;
  chapters: readonly Chapter[];
}

export function Controls({ media, actions, engine, fullscreen, theatre, onUpgrade, storyboardUrl, chapters }: Props) {
  const { act } = actions;
  const { tiles, want } = useTiles(storyboardUrl);
  return (
    <div className={styles.controls}>
      {onUpgrade && (
        <button type="button" className={styles.chip} onClick={onUpgrade}>
          <Icon name="check" size="1em" /> {t("moreQualities")}
        </button>
      )}
      <SeekBar media={media} tiles={tiles} chapters={chapters} onSeek={actions.seek} onNear={want} />
      <div className={styles.row}>
        <IconButton icon={media.ended ? "replay" : media.paused ? "play" : "pause"} label={media.ended ? t("replay") : media.paused ? t("play") : t("pauseKey")} onClick={() => act({ do: "toggle" })} />
        <div className={styles.volume}>
          <IconButton icon={media.muted ? "muted" : "volume"} label={media.muted ? t("unmute") : t("mute")} onClick={() => act({ do: "mute" })} />
          <input
            type="range"
            min={0}
            max={100}
            value={media.muted ? 0 : Math.round(media.volume * 100)}
            aria-label={t("volume")}
            onChange={(event) => actions.setVolume(Number(event.target.value) / 100)}
          />
        </div>
        <span className={styles.time}>
          {clock(media.time)} <i>/</i> {clock(media.duration)}
        </span>
        <Chapters chapters={chapters} time={media.time} onSeek={actions.seek} />
        <span className={styles.gap} />
        <Settings media={media} engine={engine} onSpeed={actions.setSpeed} />
        {document.pictureInPictureEnabled && <IconButton icon="pip" label={t("pip")} aria-pressed={media.pip} onClick={() => act({ do: "pip" })} />}
        {theatre !== undefined && !fullscreen && <IconButton className={styles.theatre ?? ""} icon="theatre" label={t("theatre")} aria-pressed={theatre} onClick={() => act({ do: "theatre" })} />}
        {document.fullscreenEnabled && <IconButton icon={fullscreen ? "shrink" : "fullscreen"} label={fullscreen ? t("leaveFullscreen") : t("fullscreen")} onClick={() => act({ do: "fullscreen" })} />}
      </div>
    </div>
  );
}
