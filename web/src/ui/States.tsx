import type { ReactNode } from "react";

import { sentenceOf } from "../api/errors";
import { t } from "../i18n";
import { Button } from "./Button";
import { Icon, type IconName } from "./Icon";
import { Spinner } from "./Spinner";
import styles from "./States.module.css";

/** Something is on its way; shown only where it takes long enough to be noticed. */
export function Loading() {
  return (
    <div className={styles.loading} role="status">
      <Spinner large />
      <span className="visually-hidden">{t("loading")}</span>
    </div>
  );
}

/** There is nothing here yet, and what to do about it. `inside` a page that has its own heading. */
export function Empty({ icon, title, children, action, inside = false }: { icon: IconName; title: string; children?: ReactNode; action?: ReactNode; inside?: boolean }) {
  const Heading = inside ? "h2" : "h1";
  return (
    <div className={styles.state}>
      <span className={styles.badge}>
        <Icon name={icon} size="1.8rem" />
      </span>
      <Heading>{title}</Heading>
      {children && <p>{children}</p>}
      {action}
    </div>
  );
}

/** Something failed: why, in a sentence, and a way on. `inside` a page that has its own heading. */
export function Failure({ error, onRetry, title = t("failed"), inside = false }: { error: unknown; onRetry?: (() => void) | undefined; title?: string; inside?: boolean }) {
  const Heading = inside ? "h2" : "h1";
  return (
    <div className={styles.state} role="alert">
      <span className={styles.badge}>
        <Icon name="alert" size="1.8rem" />
      </span>
      <Heading>{title}</Heading>
      <p>{sentenceOf(error)}</p>
      {onRetry && (
        <Button look="solid" icon="replay" onClick={onRetry}>
          {t("retry")}
        </Button>
      )}
    </div>
  );
}

/** A note inside a form or a page. */
export function Notice({ tone, children }: { tone: "bad" | "good" | "plain"; children: ReactNode }) {
  return (
    <div className={`${styles.notice} ${styles[tone]}`} role={tone === "bad" ? "alert" : "status"}>
      <Icon name={tone === "good" ? "check" : "alert"} />
      <span>{children}</span>
    </div>
  );
}
