import { errorOf } from "@vidmesh/client";
import { useCallback, useSyncExternalStore } from "react";

import { useMyChannels } from "../../api/session";
import { useTitle } from "../../app/title";
import { t } from "../../i18n";
import { Failure, Loading } from "../../ui/States";
import { useToast } from "../../ui/toasts";
import { useItems, useUploads } from "../../upload/context";
import { DropZone } from "./DropZone";
import { Interrupted } from "./Interrupted";
import { UploadCard } from "./UploadCard";
import styles from "./Upload.module.css";

export default function Upload() {
  useTitle(t("uploadTitle"));
  const uploads = useUploads();
  const items = useItems(uploads);
  const interrupted = useSyncExternalStore(uploads.subscribe, uploads.interrupted);
  const toast = useToast();
  const { channels, error, retry } = useMyChannels();
  const channelId = channels?.[0]?.channelId;

  const begin = useCallback(
    (files: File[]) => {
      if (!channelId) return;
      for (const file of files) {
        try {
          uploads.begin(file, channelId);
        } catch (thrown) {
          toast(t("notSent", { name: file.name, why: errorOf(thrown).rawMessage }));
        }
      }
    },
    [uploads, channelId, toast],
  );

  if (error) return <Failure error={error} onRetry={retry} />;
  if (!channelId) return <Loading />;
  return (
    <div className={styles.page}>
      <h1 className={items.length ? "" : "visually-hidden"}>{t("uploadTitle")}</h1>
      {interrupted.length > 0 && <Interrupted uploads={uploads} entries={interrupted} />}
      {items.length > 0 && (
        <ul className={styles.list}>
          {items.map((item, at) => (
            <li key={item.key}>
              <UploadCard item={item} follow={at < 2} onDrop={() => uploads.drop(item.key)} />
            </li>
          ))}
        </ul>
      )}
      <DropZone small={items.length > 0} onFiles={begin} />
    </div>
  );
}
