import { type ReactNode, useEffect, useRef, useState } from "react";
import { Link } from "wouter";

import { Icon, type IconName } from "./Icon";
import styles from "./Menu.module.css";

export type Item = { label: string; icon?: IconName; danger?: boolean } & ({ onPick: () => void } | { to: string });

/**
 * A button that opens a list of actions: arrows move, Enter picks, Escape closes and gives the focus back
 * (WAI-ARIA menu button pattern).
 */
export function Menu({ label, button, items, header }: { label: string; button: ReactNode; items: Item[]; header?: ReactNode }) {
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const opener = useRef<HTMLButtonElement>(null);

  useEffect(() => {
    if (!open) return;
    root.current?.querySelector<HTMLElement>("[role=menuitem]")?.focus();
    const outside = (event: PointerEvent) => {
      if (!root.current?.contains(event.target as Node)) setOpen(false);
    };
    document.addEventListener("pointerdown", outside);
    return () => document.removeEventListener("pointerdown", outside);
  }, [open]);

  const close = () => {
    setOpen(false);
    opener.current?.focus();
  };

  const onKeyDown = (event: React.KeyboardEvent) => {
    if (!open) return;
    const all = [...(root.current?.querySelectorAll<HTMLElement>("[role=menuitem]") ?? [])];
    const at = all.indexOf(document.activeElement as HTMLElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1 + all.length, Home: 0, End: all.length - 1 }[event.key];
    if (event.key === "Escape") close();
    else if (event.key === "Tab") setOpen(false);
    else if (to !== undefined) {
      event.preventDefault();
      all[to % all.length]?.focus();
    }
  };

  return (
    <div className={styles.menu} ref={root} onKeyDown={onKeyDown}>
      <button ref={opener} type="button" className={styles.opener} aria-haspopup="menu" aria-expanded={open} aria-label={label} title={label} onClick={() => setOpen(!open)}>
        {button}
      </button>
      {open && (
        <div className={styles.list}>
          {header && <div className={styles.header}>{header}</div>}
          <div role="menu" aria-label={label}>
            {items.map((item) => {
              const inside = (
                <>
                  {item.icon && <Icon name={item.icon} />}
                  {item.label}
                </>
              );
              const shared = { role: "menuitem", tabIndex: -1, className: `${styles.item} ${item.danger ? styles.danger : ""}` };
              return "to" in item ? (
                <Link key={item.label} href={item.to} {...shared} onClick={() => setOpen(false)}>
                  {inside}
                </Link>
              ) : (
                <button
                  key={item.label}
                  type="button"
                  {...shared}
                  onClick={() => {
                    close();
                    item.onPick();
                  }}
                >
                  {inside}
                </button>
              );
            })}
          </div>
        </div>
      )}
    </div>
  );
}
