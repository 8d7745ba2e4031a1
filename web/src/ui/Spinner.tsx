import styles from "./Spinner.module.css";

export function Spinner({ large = false }: { large?: boolean }) {
  return <span className={`${styles.spinner} ${large ? styles.large : ""}`} aria-hidden="true" />;
}
