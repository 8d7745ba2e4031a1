import { createContext, type ReactNode, useCallback, useContext, useMemo, useRef, useState } from "react";

import { t } from "../i18n";
import { IconButton } from "./Button";
import styles from "./toasts.module.css";

type Toast = { id: number; text: string; action?: { label: string; onPick: () => void } };
type Show = (text: string, action?: Toast["action"]) => void;

const Context = createContext<Show>(() => undefined);

/** Says something in passing at the foot of the page, with at most one thing to do about it. */
export const useToast = (): Show => useContext(Context);

const PLAIN_MS = 5000;
const ACTION_MS = 12_000;

export function Toasts({ children }: { children: ReactNode }) {
  const [toasts, setToasts] = useState<Toast[]>([]);
  const next = useRef(1);
  const drop = useCallback((id: number) => setToasts((all) => all.filter((toast) => toast.id !== id)), []);
  const show = useCallback<Show>(
    (text, action) => {
      const id = next.current++;
      setToasts((all) => [...all.slice(-2), { id, text, ...(action && { action }) }]);
      setTimeout(() => drop(id), action ? ACTION_MS : PLAIN_MS);
    },
    [drop],
  );
  const region = useMemo(
    () => (
      <div className={styles.region} role="status" aria-live="polite">
        {toasts.map(({ id, text, action }) => (
          <div key={id} className={styles.toast}>
            <span>{text}</span>
            {action && (
              <button
                type="button"
                onClick={() => {
                  drop(id);
                  action.onPick();
                }}
              >
                {action.label}
              </button>
            )}
            <IconButton icon="close" label={t("close")} onClick={() => drop(id)} />
          </div>
        ))}
      </div>
    ),
    [toasts, drop],
  );
  return (
    <Context value={show}>
      {children}
      {region}
    </Context>
  );
}
