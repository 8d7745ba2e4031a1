/** Light or dark: as the system has it, unless somebody chose. */
import { useEffect, useState } from "react";

import { storage } from "./storage";

export type Theme = "system" | "light" | "dark";

const KEY = "vidmesh.theme";
const THEMES: Theme[] = ["system", "light", "dark"];

export const nextTheme = (theme: Theme): Theme => THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? "system";

function chosen(): Theme {
  const kept = storage.getItem(KEY);
  return kept === "light" || kept === "dark" ? kept : "system";
}

/** Puts the chosen theme on the page. */
export function applyTheme(theme: Theme = chosen()): void {
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}

export function useTheme(): [Theme, (theme: Theme) => void] {
  const [theme, setTheme] = useState(chosen);
  useEffect(() => {
    applyTheme(theme);
    storage.setItem(KEY, theme);
  }, [theme]);
  return [theme, setTheme];
}
