import { useSearchParams } from "wouter";

import { reasonOf, sentenceOf } from "../../api/errors";
import { paths } from "../../app/paths";
import { useTitle } from "../../app/title";
import { t } from "../../i18n";
import { Player } from "../../player/Player";
import { timeIn } from "../../player/resume";
import { Icon } from "../../ui/Icon";
import { Spinner } from "../../ui/Spinner";
import { usePlayback, useRenewal } from "../../video/playback";
import { useVideo } from "../../video/queries";
import styles from "./Embed.module.css";

/** The player alone, inside another site's page. Nobody is signed in there: browsers keep the cookies away. */
export default function Embed({ videoId }: { videoId: string }) {
  const [search] = useSearchParams();
  const startAt = timeIn(search.get("t"));
  const { data, error } = useVideo(videoId);
  const playback = usePlayback(videoId);
  const renew = useRenewal(videoId);
  const title = data?.video?.title ?? "";
  useTitle(title);
  const granted = playback.data?.playback;
  const failure = error ?? playback.error;
  if (granted && data) {
    return (
      <main className={styles.page}>
        <h1 className="visually-hidden">{title}</h1>
        <Player
          playback={granted}
          latest={granted}
          renew={renew}
          title={title}
          startAt={startAt}
          autoPlay={search.get("autoplay") === "1"}
          overlay={
            <a href={paths.watch(videoId)} target="_blank" rel="noopener" className={styles.title}>
              {title}
            </a>
          }
        />
      </main>
    );
  }
  return (
    <main className={styles.page}>
      <div className={styles.state} role={failure ? "alert" : "status"}>
        {failure ? (
          <>
            <Icon name="film" size="2rem" />
            <p>{reasonOf(failure) === "INVALID_FIELD" ? t("errorVideoNotFound") : sentenceOf(failure)}</p>
          </>
        ) : (
          <>
            <Spinner large />
            <span className="visually-hidden">{t("loading")}</span>
          </>
        )}
      </div>
    </main>
  );
}
