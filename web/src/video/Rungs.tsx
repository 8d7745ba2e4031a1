import { type Processing, type RenditionProgress, RenditionState } from "@vidmesh/client/vidmesh/transcode/v1/transcode_pb";

import { t } from "../i18n";
import { Icon } from "../ui/Icon";
import { Progress } from "../ui/Progress";
import styles from "./Rungs.module.css";

/** Processing, rung by rung. */
export function Rungs({ processing }: { processing: Processing }) {
  return (
    <ul className={styles.rungs} aria-label={t("qualities")}>
      {processing.renditions.map((rung) => (
        <li key={rung.quality}>
          <Rung rung={rung} />
        </li>
      ))}
    </ul>
  );
}

function Rung({ rung }: { rung: RenditionProgress }) {
  const name = rung.quality === "audio" ? t("sound") : rung.quality;
  const done = rung.state === RenditionState.PUBLISHED;
  const words = {
    [RenditionState.UNSPECIFIED]: t("rungQueued"),
    [RenditionState.QUEUED]: t("rungQueued"),
    [RenditionState.ENCODING]: t("percent", { share: Math.floor(rung.progress * 100) }),
    [RenditionState.PUBLISHED]: t("rungReady"),
    [RenditionState.FAILED]: rung.failureMessage || t("rungFailed"),
  }[rung.state];
  return (
    <div className={styles.rung}>
      <span className={styles.name}>{name}</span>
      <Progress value={done ? 1 : rung.progress} done={done} label={t("rungProgress", { name })} />
      <span className={done ? styles.ready : styles.words}>
        {done && <Icon name="check" size="1em" />}
        {words}
      </span>
    </div>
  );
}
