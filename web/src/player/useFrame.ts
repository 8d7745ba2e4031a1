/** The box around a video: whether it fills the screen, and whether somebody is there. */
import { useCallback, useEffect, useRef, useState, useSyncExternalStore } from "react";

const IDLE_MS = 2800;

export function useFullscreen(frame: HTMLElement | null): boolean {
  return useSyncExternalStore(
    (changed) => {
      document.addEventListener("fullscreenchange", changed);
      return () => document.removeEventListener("fullscreenchange", changed);
    },
    () => frame !== null && document.fullscreenElement === frame,
  );
}

/** Nobody has moved or pressed anything for a while. */
export function useIdle(counting: boolean): { idle: boolean; wake: () => void } {
  const [idle, setIdle] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const wake = useCallback(() => {
    setIdle(false);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setIdle(true), IDLE_MS);
  }, []);
  useEffect(() => {
    if (counting) wake();
    return () => clearTimeout(timer.current);
  }, [counting, wake]);
  return { idle, wake };
}
