import type { ReactNode } from "react";

import styles from "./AuthCard.module.css";

/** The frame of sign-in and sign-up. */
export function AuthCard({ title, children, foot }: { title: string; children: ReactNode; foot: ReactNode }) {
  return (
    <div className={styles.page}>
      <div className={styles.card}>
        <h1>{title}</h1>
        {children}
      </div>
      <p className={styles.foot}>{foot}</p>
    </div>
  );
}
