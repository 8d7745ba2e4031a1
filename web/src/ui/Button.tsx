import type { ButtonHTMLAttributes, ReactNode } from "react";
import { Link } from "wouter";

import styles from "./Button.module.css";
import { Icon, type IconName } from "./Icon";
import { Spinner } from "./Spinner";

type Look = "solid" | "soft" | "plain" | "danger";

type Props = ButtonHTMLAttributes<HTMLButtonElement> & {
  look?: Look;
  icon?: IconName;
  /** Work is under way: the button cannot be pressed again and says so. */
  busy?: boolean;
};

export function Button({ look = "soft", icon, busy = false, children, type = "button", className, ...rest }: Props) {
  return (
    <button
      {...rest}
      type={type}
      className={`${styles.button} ${styles[look]} ${className ?? ""}`}
      aria-busy={busy || undefined}
      aria-disabled={busy || rest["aria-disabled"]}
      onClick={busy ? (event) => event.preventDefault() : rest.onClick}
    >
      {busy ? <Spinner /> : icon && <Icon name={icon} />}
      {children}
    </button>
  );
}

/** A link that looks like a button. */
export function ButtonLink({ to, look = "soft", icon, children }: { to: string; look?: Look; icon?: IconName; children: ReactNode }) {
  return (
    <Link href={to} className={`${styles.button} ${styles[look]}`}>
      {icon && <Icon name={icon} />}
      {children}
    </Link>
  );
}

/** A button that is an icon alone; its label is its name and its tip. */
export function IconButton({ icon, label, className, ...rest }: { icon: IconName; label: string } & ButtonHTMLAttributes<HTMLButtonElement>) {
  return (
    <button type="button" {...rest} className={`${styles.icon} ${className ?? ""}`} aria-label={label} title={label}>
      <Icon name={icon} />
    </button>
  );
}
