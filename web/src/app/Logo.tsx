import styles from "./Logo.module.css";

export function Logo() {
  return (
    <span className={styles.logo} aria-hidden="true">
      <svg viewBox="0 0 32 32" width="1.75rem" height="1.75rem">
        <rect width="32" height="32" rx="9" fill="#e8501a" />
        <path d="M7 9.5 13.4 22a3 3 0 0 0 5.2 0L25 9.5" fill="none" stroke="#fff" strokeWidth="3.6" strokeLinecap="round" strokeLinejoin="round" />
        <circle cx="16" cy="11" r="2.6" fill="#fff" />
      </svg>
      <span>vidmesh</span>
    </span>
  );
}
