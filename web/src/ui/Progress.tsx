import styles from "./Progress.module.css";

/** A bar from 0 to 1. */
export function Progress({ value, label, done = false }: { value: number; label: string; done?: boolean }) {
  const share = Math.max(0, Math.min(1, value));
  return (
    <div
      className={`${styles.track} ${done ? styles.done : ""}`}
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.floor(share * 100)}
    >
      <div className={styles.bar} style={{ transform: `scaleX(${share})` }} />
    </div>
  );
}
