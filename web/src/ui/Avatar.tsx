import styles from "./Avatar.module.css";

/** The first letter of a name on a colour of its own, which is always the same for the same name. */
export function Avatar({ name, large = false }: { name: string; large?: boolean }) {
  let hash = 0;
  for (const letter of name) hash = (hash * 31 + (letter.codePointAt(0) ?? 0)) >>> 0;
  return (
    <span className={`${styles.avatar} ${large ? styles.large : ""}`} style={{ "--hue": hash % 360 } as React.CSSProperties} aria-hidden="true">
      {[...name][0]?.toUpperCase() ?? "?"}
    </span>
  );
}
