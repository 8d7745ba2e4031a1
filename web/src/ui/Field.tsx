import { type InputHTMLAttributes, type ReactNode, type SelectHTMLAttributes, type TextareaHTMLAttributes, useId } from "react";

import styles from "./Field.module.css";

type Shared = { label: string; hint?: ReactNode; error?: string | undefined };

function Frame({ id, label, hint, error, children }: Shared & { id: string; children: ReactNode }) {
  return (
    <div className={styles.field}>
      <label htmlFor={id} className={styles.label}>
        {label}
      </label>
      {children}
      {error ? (
        <p id={`${id}-note`} className={styles.error} role="alert">
          {error}
        </p>
      ) : (
        hint && (
          <p id={`${id}-note`} className={styles.hint}>
            {hint}
          </p>
        )
      )}
    </div>
  );
}

const told = (id: string, { hint, error }: { hint?: ReactNode; error?: string | undefined }) => ({
  id,
  "aria-invalid": error ? true : undefined,
  "aria-describedby": error || hint ? `${id}-note` : undefined,
});

export function TextField({ label, hint, error, prefix, ...rest }: Shared & { prefix?: string } & Omit<InputHTMLAttributes<HTMLInputElement>, "prefix">) {
  const id = useId();
  return (
    <Frame id={id} label={label} hint={hint} error={error}>
      <span className={styles.box}>
        {prefix && (
          <span className={styles.prefix} aria-hidden="true">
            {prefix}
          </span>
        )}
        <input {...rest} {...told(id, { hint, error })} className={styles.input} />
      </span>
    </Frame>
  );
}

export function TextArea({ label, hint, error, ...rest }: Shared & TextareaHTMLAttributes<HTMLTextAreaElement>) {
  const id = useId();
  return (
    <Frame id={id} label={label} hint={hint} error={error}>
      <span className={styles.box}>
        <textarea {...rest} {...told(id, { hint, error })} className={styles.input} />
      </span>
    </Frame>
  );
}

export function Select({ label, hint, error, children, ...rest }: Shared & SelectHTMLAttributes<HTMLSelectElement>) {
  const id = useId();
  return (
    <Frame id={id} label={label} hint={hint} error={error}>
      <span className={styles.box}>
        <select {...rest} {...told(id, { hint, error })} className={styles.input}>
          {children}
        </select>
      </span>
    </Frame>
  );
}

/** One of a few, each explained. */
export function Choice<Value extends string>({
  legend,
  name,
  value,
  options,
  onChange,
}: {
  legend: string;
  name: string;
  value: Value;
  options: { value: Value; label: string; hint: string }[];
  onChange: (value: Value) => void;
}) {
  return (
    <fieldset className={styles.choices}>
      <legend className={styles.label}>{legend}</legend>
      {options.map((option) => (
        <label key={option.value} className={styles.choice}>
          <input type="radio" name={name} checked={option.value === value} onChange={() => onChange(option.value)} />
          <span>
            <b>{option.label}</b>
            <small>{option.hint}</small>
          </span>
        </label>
      ))}
    </fieldset>
  );
}
