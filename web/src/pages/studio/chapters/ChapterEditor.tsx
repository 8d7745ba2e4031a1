import { createClient } from "@connectrpc/connect";
import { createConnectQueryKey, useTransport } from "@connectrpc/connect-query";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { ChapterOrigin } from "@vidmesh/client/vidmesh/playback/v1/playback_pb";
import { PlaybackService } from "@vidmesh/client/vidmesh/playback/v1/playback_service_pb";
import type { Video } from "@vidmesh/client/vidmesh/upload/v1/video_pb";
import { VideoService } from "@vidmesh/client/vidmesh/upload/v1/video_service_pb";
import { useRef, useState } from "react";

import { aboutField, sentenceOf } from "../../../api/errors";
import { t } from "../../../i18n";
import { Button, IconButton } from "../../../ui/Button";
import { TextField } from "../../../ui/Field";
import { Notice } from "../../../ui/States";
import { useToast } from "../../../ui/toasts";
import { usePlayback } from "../../../video/playback";
import { useVideoChanged } from "../../../video/queries";
import styles from "./ChapterEditor.module.css";
import { chaptersOf, type Row, rowsOf, timeIn } from "./rows";

const MOST = 100;

/** The chapters that the channel's people set; without any, players show those of the description or of the file. */
export function ChapterEditor({ video }: { video: Video }) {
  const toast = useToast();
  const changed = useVideoChanged();
  const queries = useQueryClient();
  const transport = useTransport();
  const [draft, setDraft] = useState<Row[]>();
  const [sent, setSent] = useState<number[]>([]);
  const next = useRef(1000);
  const rows = draft ?? rowsOf(video.chapters);
  const save = useMutation({
    mutationFn: async (chapters: NonNullable<ReturnType<typeof chaptersOf>>["chapters"]) =>
      createClient(VideoService, transport).updateVideo({ video: { videoId: video.videoId, chapters }, updateMask: { paths: ["chapters"] } }),
    onSuccess: ({ video: now }) => {
      if (now) changed(now);
      // A grant that was got before tells the chapters of before.
      queries.removeQueries({ queryKey: createConnectQueryKey({ schema: PlaybackService.method.getPlayback, transport, cardinality: "finite" }) });
      setDraft(undefined);
      toast(t("saved"));
    },
  });
  const write = (key: number, change: Partial<Row>) => setDraft(rows.map((row) => (row.key === key ? { ...row, ...change } : row)));
  const add = () => {
    next.current += 1;
    setDraft([...rows, { key: next.current, time: rows.length ? "" : "0:00", title: "" }]);
  };
  /** What is wrong with a field of a row: here, or by the last answer. */
  const wrong = (row: Row, field: "start_time" | "title") => {
    if (field === "start_time" && row.time !== "" && timeIn(row.time) === undefined) return t("chapterTimeWrong");
    const at = sent.indexOf(row.key);
    return at < 0 ? undefined : aboutField(save.error, `chapters[${at}].${field}`);
  };
  const inRows = rows.some((row) => wrong(row, "start_time") || wrong(row, "title"));
  const whole = aboutField(save.error, "chapters");
  return (
    <section className={styles.chapters} aria-labelledby="chapters">
      <header className={styles.head}>
        <div>
          <h2 id="chapters">{t("chapters")}</h2>
          <p>{t("chaptersText")}</p>
        </div>
        {rows.length < MOST && (
          <Button icon="plus" onClick={add}>
            {t("chapterAdd")}
          </Button>
        )}
      </header>
      {save.error && !inRows && <Notice tone="bad">{whole ?? sentenceOf(save.error)}</Notice>}
      {rows.length === 0 && video.playableTime && <Shown video={video} onTake={setDraft} />}
      {(draft || rows.length > 0) && (
        <form
          className={styles.form}
          onSubmit={(event) => {
            event.preventDefault();
            const read = chaptersOf(rows);
            if (!read) return;
            setSent(read.keys);
            save.mutate(read.chapters);
          }}
        >
          <ol className={styles.rows}>
            {rows.map((row, number) => (
              <li key={row.key}>
                <TextField
                  label={t("chapterTime", { number: number + 1 })}
                  required
                  inputMode="numeric"
                  placeholder="1:30"
                  value={row.time}
                  error={wrong(row, "start_time")}
                  onChange={(event) => write(row.key, { time: event.target.value })}
                />
                <TextField label={t("chapterTitle", { number: number + 1 })} required maxLength={100} value={row.title} error={wrong(row, "title")} onChange={(event) => write(row.key, { title: event.target.value })} />
                <IconButton icon="trash" label={t("chapterRemove", { number: number + 1 })} onClick={() => setDraft(rows.filter(({ key }) => key !== row.key))} />
              </li>
            ))}
          </ol>
          {draft && (
            <div className={styles.actions}>
              <Button type="submit" look="solid" busy={save.isPending}>
                {t("chaptersSave")}
              </Button>
              <Button
                look="plain"
                onClick={() => {
                  save.reset();
                  setDraft(undefined);
                }}
              >
                {t("cancel")}
              </Button>
            </div>
          )}
        </form>
      )}
    </section>
  );
}

const FROM = { [ChapterOrigin.DESCRIPTION]: "chaptersFromDescription", [ChapterOrigin.FILE]: "chaptersFromFile" } as const;

/** What players show as long as nobody set any. */
function Shown({ video, onTake }: { video: Video; onTake: (rows: Row[]) => void }) {
  const playback = usePlayback(video.videoId).data?.playback;
  const origin = playback?.chapterOrigin;
  if (!playback || (origin !== ChapterOrigin.DESCRIPTION && origin !== ChapterOrigin.FILE)) return null;
  return (
    <div className={styles.shown}>
      <p>{t(FROM[origin], { count: playback.chapters.length })}</p>
      <Button icon="edit" onClick={() => onTake(rowsOf(playback.chapters))}>
        {t("chaptersTake")}
      </Button>
    </div>
  );
}
