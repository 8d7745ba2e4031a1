/** Notices that a video stands still although it should play and nothing is on its way. */
const LOOK_MS = 1000;
const FIRST_MS = 10_000;
const MOST_MS = 80_000;

export class Stillness {
  private since = performance.now();
  private patience = FIRST_MS;
  private readonly timer = setInterval(() => this.look(), LOOK_MS);

  /** `stirs` begins anew; each time in vain it is left twice as long. */
  constructor(
    private readonly video: HTMLVideoElement,
    private readonly stirs: () => void,
  ) {}

  /** Something came. */
  moved(): void {
    this.since = performance.now();
  }

  end(): void {
    clearInterval(this.timer);
  }

  private look(): void {
    const { paused, ended, readyState } = this.video;
    if (readyState >= HTMLMediaElement.HAVE_FUTURE_DATA) this.patience = FIRST_MS;
    if (paused || ended || readyState >= HTMLMediaElement.HAVE_FUTURE_DATA) this.moved();
    if (performance.now() - this.since < this.patience) return;
    this.patience = Math.min(MOST_MS, this.patience * 2);
    this.moved();
    this.stirs();
  }
}
