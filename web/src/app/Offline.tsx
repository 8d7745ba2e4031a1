import { useSyncExternalStore } from "react";

import { t } from "../i18n";
import { Icon } from "../ui/Icon";
import styles from "./Offline.module.css";

function follow(changed: () => void) {
  addEventListener("online", changed);
  addEventListener("offline", changed);
  return () => {
    removeEventListener("online", changed);
    removeEventListener("offline", changed);
  };
}

/** Says that the network is gone, as long as it is. */
export function Offline() {
  const online = useSyncExternalStore(follow, () => navigator.onLine);
  return (
    <div role="status">
      {!online && (
        <p className={styles.offline}>
          <Icon name="offline" /> {t("offline")}
        </p>
      )}
    </div>
  );
}
