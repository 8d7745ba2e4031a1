/** How fast bytes go, over the last few seconds. */
const WINDOW_MS = 8000;

export class Rate {
  private readonly seen: { at: number; bytes: number }[] = [];

  /** So many bytes in all at this moment (milliseconds). */
  saw(bytes: number, at: number): void {
    const last = this.seen.at(-1);
    // A part that is sent again takes bytes back.
    if (last && bytes < last.bytes) this.seen.length = 0;
    this.seen.push({ at, bytes });
    while (this.seen.length > 2 && at - (this.seen[0]?.at ?? at) > WINDOW_MS) this.seen.shift();
  }

  /** Bytes per second; 0 until it is known. */
  get perSecond(): number {
    const [first, last] = [this.seen[0], this.seen.at(-1)];
    if (!first || !last || last.at - first.at < 500) return 0;
    return ((last.bytes - first.bytes) * 1000) / (last.at - first.at);
  }

  /** It was paused: what was seen says nothing any more. */
  forget(): void {
    this.seen.length = 0;
  }
}
