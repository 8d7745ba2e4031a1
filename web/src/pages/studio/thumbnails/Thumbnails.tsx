import { create } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { createConnectQueryKey, useQuery, useTransport } from "@connectrpc/connect-query";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { ThumbnailOrigin, type VideoThumbnail } from "@vidmesh/client/vidmesh/transcode/v1/thumbnail_pb";
import { ThumbnailService } from "@vidmesh/client/vidmesh/transcode/v1/thumbnail_service_pb";
import { ThumbnailSchema, type Video } from "@vidmesh/client/vidmesh/upload/v1/video_pb";
import { useId, useRef, useState } from "react";

import { sentenceOf } from "../../../api/errors";
import { untilAnswered } from "../../../api/queries";
import { t } from "../../../i18n";
import { Button } from "../../../ui/Button";
import { Notice } from "../../../ui/States";
import { isUnderWay } from "../../../video/queries";
import { Picture } from "../../../video/VideoCard";
import styles from "./Thumbnails.module.css";

const LOOK_MS = 4000;
/** By then the video itself says which picture is shown. */
const FOLLOWED_MS = 1500;
/** As the contract has it. */
const MOST_BYTES = 1_500_000;

/** The picture shown for a video, those to choose from, and one's own. `onChange`: the video shows another one now. */
export function Thumbnails({ video, onChange }: { video: Video; onChange: () => void }) {
  const { videoId } = video;
  const name = useId();
  const queries = useQueryClient();
  const transport = useTransport();
  const service = createClient(ThumbnailService, transport);
  const input = useRef<HTMLInputElement>(null);
  const [tooLarge, setTooLarge] = useState(false);
  const { data } = useQuery(
    ThumbnailService.method.listThumbnails,
    { videoId },
    { refetchInterval: ({ state }) => untilAnswered(state.error) || (isUnderWay(video) ? LOOK_MS : false) },
  );
  const onSuccess = async () => {
    const key = createConnectQueryKey({ schema: ThumbnailService.method.listThumbnails, input: { videoId }, transport, cardinality: "finite" });
    await queries.invalidateQueries({ queryKey: key });
    setTimeout(onChange, FOLLOWED_MS);
  };
  const choose = useMutation({ mutationFn: (thumbnailId: string) => service.chooseThumbnail({ videoId, thumbnailId }), onSuccess });
  const remove = useMutation({ mutationFn: (thumbnailId: string) => service.deleteThumbnail({ videoId, thumbnailId }), onSuccess });
  const send = useMutation({
    mutationFn: async (file: File) => service.uploadThumbnail({ videoId, content: new Uint8Array(await file.arrayBuffer()) }),
    onSuccess,
  });
  const all = data?.thumbnails ?? [];
  // Lists and cards follow a moment later.
  const shown = all.find((one) => one.shown);
  const picked = choose.isPending ? choose.variables : shown?.thumbnailId;
  const own = all.find(({ origin }) => origin === ThumbnailOrigin.UPLOADED);
  const error = send.error ?? choose.error ?? remove.error;
  return (
    <section className={styles.thumbnails} aria-labelledby={`${name}h`}>
      <h2 id={`${name}h`}>{t("thumbnail")}</h2>
      <Picture video={shown ? { ...video, thumbnail: create(ThumbnailSchema, { url: shown.url, width: shown.width, height: shown.height }) } : video} />
      {all.length > 0 && (
        <fieldset className={styles.choices}>
          <legend className="visually-hidden">{t("thumbnailChoose")}</legend>
          {all.map((one, number) => (
            <label key={one.thumbnailId} className={styles.choice}>
              <input type="radio" name={name} checked={one.thumbnailId === picked} onChange={() => choose.mutate(one.thumbnailId)} />
              <img src={one.url} width={one.width} height={one.height} alt={altOf(one, own ? number : number + 1)} decoding="async" />
            </label>
          ))}
        </fieldset>
      )}
      {(tooLarge || error) && <Notice tone="bad">{tooLarge ? t("thumbnailTooLarge") : sentenceOf(error)}</Notice>}
      {data && (
        <>
          <div className={styles.actions}>
            <input
              ref={input}
              type="file"
              hidden
              accept="image/jpeg,image/png,image/webp"
              onChange={(event) => {
                const file = event.target.files?.[0];
                event.target.value = "";
                if (!file) return;
                setTooLarge(file.size > MOST_BYTES);
                choose.reset();
                remove.reset();
                if (file.size <= MOST_BYTES) send.mutate(file);
                else send.reset();
              }}
            />
            <Button icon="upload" busy={send.isPending} onClick={() => input.current?.click()}>
              {own ? t("thumbnailReplace") : t("thumbnailUpload")}
            </Button>
            {own && (
              <Button look="plain" icon="trash" busy={remove.isPending} onClick={() => remove.mutate(own.thumbnailId)}>
                {t("thumbnailDelete")}
              </Button>
            )}
          </div>
          <p className={styles.hint}>{t("thumbnailHint")}</p>
        </>
      )}
    </section>
  );
}

const altOf = ({ origin }: VideoThumbnail, number: number) => (origin === ThumbnailOrigin.UPLOADED ? t("thumbnailOwn") : t("thumbnailSuggested", { number }));
