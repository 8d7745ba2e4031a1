import { useTransport } from "@connectrpc/connect-query";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import { createClient } from "@connectrpc/connect";
import { useMutation } from "@tanstack/react-query";
import type { Video } from "@vidmesh/client/vidmesh/upload/v1/video_pb";
import { VideoService } from "@vidmesh/client/vidmesh/upload/v1/video_service_pb";
import { useId, useState } from "react";

import { aboutField, sentenceOf } from "../api/errors";
import { t } from "../i18n";
import { Button } from "../ui/Button";
import { Choice, TextArea, TextField } from "../ui/Field";
import { Notice } from "../ui/States";
import { useToast } from "../ui/toasts";
import { useVideoChanged } from "./queries";
import styles from "./VideoForm.module.css";
import { localInput, type Reach, reachOf, wanted } from "./visibility";

const REACHES: Reach[] = ["private", "unlisted", "public", "scheduled"];
const HOUR_MS = 3_600_000;

/** What somebody has changed in the form and not saved. */
interface Draft {
  title?: string;
  description?: string;
  tags?: string;
  reach?: Reach;
  time?: string;
}

/** Title, description, tags and who may see it, saved together. What is written here stays while the video changes. */
export function VideoForm({ video }: { video: Video }) {
  const name = useId();
  const toast = useToast();
  const changed = useVideoChanged();
  const videos = createClient(VideoService, useTransport());
  const [draft, setDraft] = useState<Draft>({});
  const [soon] = useState(() => localInput(new Date(Date.now() + HOUR_MS)));
  const {
    title = video.title,
    description = video.description,
    tags = video.tags.join(", "),
    reach = reachOf(video),
    time = reachOf(video) === "scheduled" && video.publishTime ? localInput(timestampDate(video.publishTime)) : soon,
  } = draft;
  const write = (part: Draft) => setDraft((before) => ({ ...before, ...part }));

  const save = useMutation({
    mutationFn: async (_sent: Draft) => {
      const words = { videoId: video.videoId, title: title.trim(), description, tags: tagsOf(tags) };
      const paths = [
        ...(words.title !== video.title ? ["title"] : []),
        ...(description !== video.description ? ["description"] : []),
        ...(words.tags.join() !== video.tags.join() ? ["tags"] : []),
      ];
      let now = video;
      if (paths.length) now = (await videos.updateVideo({ video: words, updateMask: { paths } })).video ?? now;
      if (reach !== reachOf(video) || reach === "scheduled") {
        now = (await videos.publishVideo({ videoId: video.videoId, ...wanted(reach, new Date(time)) })).video ?? now;
      }
      return now;
    },
    onSuccess: (now, sent) => {
      setDraft((later) => Object.fromEntries(Object.entries(later).filter(([part, written]) => sent[part as keyof Draft] !== written)));
      changed(now);
      toast(t("saved"));
    },
  });

  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate(draft);
      }}
    >
      {save.error && <Notice tone="bad">{sentenceOf(save.error)}</Notice>}
      <div className={styles.columns}>
        <div className={styles.column}>
          <TextField label={t("title")} required maxLength={100} value={title} error={aboutField(save.error, "title")} onChange={(event) => write({ title: event.target.value })} />
          <TextArea label={t("description")} maxLength={5000} value={description} error={aboutField(save.error, "description")} onChange={(event) => write({ description: event.target.value })} />
          <TextField label={t("tags")} hint={t("tagsHint")} value={tags} error={aboutField(save.error, "tags")} onChange={(event) => write({ tags: event.target.value })} />
        </div>
        <div className={styles.column}>
          <Choice
            legend={t("visibility")}
            name={name}
            value={reach}
            onChange={(chosen) => write({ reach: chosen })}
            options={REACHES.map((value) => ({ value, label: t(value), hint: t(`${value}Hint`) }))}
          />
          {reach === "scheduled" && (
            <TextField label={t("publishTime")} type="datetime-local" required min={localInput(new Date())} value={time} onChange={(event) => write({ time: event.target.value })} />
          )}
        </div>
      </div>
      <div className={styles.actions}>
        <Button type="submit" look="solid" busy={save.isPending}>
          {t("save")}
        </Button>
      </div>
    </form>
  );
}

/** Words between commas, each once. */
function tagsOf(written: string): string[] {
  return [...new Set(written.split(",").map((tag) => tag.trim()).filter(Boolean))];
}
