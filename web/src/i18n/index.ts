/**
 * Words and formats of the language that the page speaks.
 *
 * A message is a text with `{names}`, or one text for each plural category of `{count}` (CLDR, `Intl.PluralRules`).
 * A translation is another object of the same keys.
 */
import { en } from "./en";

export type Message = string | { one: string; other: string };
export type Key = keyof typeof en;
export type Values = Record<string, string | number>;

const language = "en";
const plurals = new Intl.PluralRules(language);
const numbers = new Intl.NumberFormat(language);

/** The message of this key with its values filled in. */
export function t(key: Key, values: Values = {}): string {
  return fill(en[key], values);
}

export function fill(message: Message, values: Values): string {
  const text = typeof message === "string" ? message : plurals.select(Number(values.count)) === "one" ? message.one : message.other;
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name];
    return value === undefined ? whole : typeof value === "number" ? numbers.format(value) : value;
  });
}
