/** What keys do in a player: those that people know from other players. */
export type Action =
  | { do: "toggle" | "mute" | "fullscreen" | "theatre" | "pip" | "captions" }
  | { do: "seek"; seconds: number }
  | { do: "jump"; share: number }
  | { do: "volume"; change: number }
  | { do: "speed"; steps: 1 | -1 }
  | { do: "frame"; steps: 1 | -1 }
  | { do: "chapter"; steps: 1 | -1 };

export interface Pressed {
  key: string;
  shiftKey: boolean;
  ctrlKey: boolean;
  altKey: boolean;
  metaKey: boolean;
}

const KEYS: Record<string, Action> = {
  " ": { do: "toggle" },
  k: { do: "toggle" },
  j: { do: "seek", seconds: -10 },
  l: { do: "seek", seconds: 10 },
  ArrowLeft: { do: "seek", seconds: -5 },
  ArrowRight: { do: "seek", seconds: 5 },
  ArrowUp: { do: "volume", change: 0.05 },
  ArrowDown: { do: "volume", change: -0.05 },
  Home: { do: "jump", share: 0 },
  End: { do: "jump", share: 1 },
  m: { do: "mute" },
  f: { do: "fullscreen" },
  t: { do: "theatre" },
  i: { do: "pip" },
  c: { do: "captions" },
  ">": { do: "speed", steps: 1 },
  "<": { do: "speed", steps: -1 },
  ".": { do: "frame", steps: 1 },
  ",": { do: "frame", steps: -1 },
};

/** With the control key. */
const CONTROL_KEYS: Record<string, Action> = {
  ArrowLeft: { do: "chapter", steps: -1 },
  ArrowRight: { do: "chapter", steps: 1 },
};

/** What a key does; undefined for one that is somebody else's. */
export function actionOf(pressed: Pressed): Action | undefined {
  if (pressed.altKey || pressed.metaKey) return undefined;
  if (pressed.ctrlKey) return pressed.shiftKey ? undefined : CONTROL_KEYS[pressed.key];
  if (/^[0-9]$/.test(pressed.key)) return { do: "jump", share: Number(pressed.key) / 10 };
  return KEYS[pressed.key.length === 1 ? pressed.key.toLowerCase() : pressed.key];
}

/** Whether what has the focus needs the key itself: somebody writes, chooses, or would press another button. */
export function isTaken(target: EventTarget | null, key: string): boolean {
  if (!(target instanceof HTMLElement)) return false;
  const picks = target.matches("input[type=radio], input[type=range]");
  if (picks) return key === " " || key.length > 1;
  if (target.closest("input, textarea, select, [contenteditable], [role=menu], dialog")) return true;
  return (key === " " || key === "Enter") && target.closest("button, a") !== null;
}

export const SPEEDS = [0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75, 2];

/** The next speed up or down. */
export function nextSpeed(speed: number, steps: 1 | -1): number {
  const at = SPEEDS.findIndex((one) => one >= speed);
  return SPEEDS[Math.max(0, Math.min(SPEEDS.length - 1, (at < 0 ? SPEEDS.length - 1 : at) + steps))] ?? 1;
}
