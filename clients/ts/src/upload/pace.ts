/** How many parts are sent at once: more while all goes well, fewer when the other side suffers. */

/** Parts in a row without a failure, after which one more is sent at once. */
const RAISE_AFTER = 16;

/** A number of permits that grows by one and shrinks by half (AIMD, as RFC 5681 does with windows). */
export class Pace {
  private used = 0;
  private well = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(
    private permits: number,
    readonly most: number,
  ) {}

  /** Runs it as soon as one more may be under way. */
  async within<T>(work: () => Promise<T>): Promise<T> {
    while (this.used >= this.permits) await new Promise<void>((resolve) => this.waiting.push(resolve));
    this.used += 1;
    try {
      return await work();
    } finally {
      this.used -= 1;
      this.wake();
    }
  }

  /** A part was taken. */
  wentWell(): void {
    this.well += 1;
    if (this.well < RAISE_AFTER) return;
    this.well = 0;
    this.permits = Math.min(this.most, this.permits + 1);
    this.wake();
  }

  /** A part was refused for want of strength, or its connection broke. */
  wentBadly(): void {
    this.well = 0;
    this.permits = Math.max(1, Math.floor(this.permits / 2));
  }

  /** How many may be under way at the moment. */
  get now(): number {
    return this.permits;
  }

  private wake(): void {
    for (const one of this.waiting.splice(0)) one();
  }
}
