import { useState } from "react";

import { t } from "../../i18n";
import { TextField } from "../../ui/Field";
import styles from "./PasswordField.module.css";

/** A password that can be looked at while it is typed. */
export function PasswordField({ name, label, fresh, hint, error }: { name: string; label: string; fresh: boolean; hint?: string; error?: string | undefined }) {
  const [shown, setShown] = useState(false);
  return (
    <div className={styles.password}>
      <TextField
        label={label}
        name={name}
        type={shown ? "text" : "password"}
        autoComplete={fresh ? "new-password" : "current-password"}
        required
        minLength={fresh ? 8 : 1}
        maxLength={128}
        hint={hint}
        error={error}
      />
      <button type="button" aria-pressed={shown} onClick={() => setShown(!shown)}>
        {shown ? t("hidePassword") : t("showPassword")}
      </button>
    </div>
  );
}
