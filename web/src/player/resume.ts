/** Where somebody stopped watching, in this browser. */
const KEY = "vidmesh.positions";
const MOST = 200;
/** Seconds at both ends that are not worth remembering. */
const EDGE = 5;

type Kept = [videoId: string, seconds: number][];
type Store = Pick<Storage, "getItem" | "setItem">;

export class Positions {
  constructor(private readonly store: Store) {}

  /** Where to go on; 0 for the beginning. */
  of(videoId: string): number {
    return this.read().find(([id]) => id === videoId)?.[1] ?? 0;
  }

  /** Remembers it, unless it is so near to an end that one would begin anew. */
  keep(videoId: string, seconds: number, duration: number): void {
    const others = this.read().filter(([id]) => id !== videoId);
    const worth = seconds > EDGE && seconds < duration - Math.max(EDGE, duration * 0.03);
    const now: Kept = worth ? [[videoId, Math.floor(seconds)], ...others] : others;
    this.store.setItem(KEY, JSON.stringify(now.slice(0, MOST)));
  }

  private read(): Kept {
    try {
      const kept: unknown = JSON.parse(this.store.getItem(KEY) ?? "[]");
      return Array.isArray(kept) ? (kept as Kept) : [];
    } catch {
      return [];
    }
  }
}

/** A time in a link: seconds ("90", "90s") or parts ("1h2m3s"); undefined where it is none. */
export function timeIn(text: string | null): number | undefined {
  const parts = /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s?)?$/.exec(text ?? "");
  if (!parts || !text) return undefined;
  const [hours, minutes, seconds] = [Number(parts[1] ?? 0), Number(parts[2] ?? 0), Number(parts[3] ?? 0)];
  return hours * 3600 + minutes * 60 + seconds;
}
