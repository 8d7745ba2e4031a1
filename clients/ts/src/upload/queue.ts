/** A queue between tasks that ends, and that holds back who is too quick. */
export class Queue<T> {
  private readonly items: T[] = [];
  private readonly waiting: (() => void)[] = [];
  private closed = false;

  constructor(private readonly most = Number.POSITIVE_INFINITY) {}

  get size(): number {
    return this.items.length;
  }

  /** Waits while it is full. */
  async put(item: T, signal?: AbortSignal): Promise<void> {
    while (this.items.length >= this.most) await this.change(signal);
    this.items.push(item);
    this.wake();
  }

  /** The next one; undefined once it is closed and empty. */
  async take(signal?: AbortSignal): Promise<T | undefined> {
    while (this.items.length === 0) {
      if (this.closed) return undefined;
      await this.change(signal);
    }
    const item = this.items.shift();
    this.wake();
    return item;
  }

  /** Nothing more is put. */
  close(): void {
    this.closed = true;
    this.wake();
  }

  get ended(): boolean {
    return this.closed;
  }

  private change(signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason as Error);
      const stop = () => reject(signal?.reason as Error);
      signal?.addEventListener("abort", stop, { once: true });
      this.waiting.push(() => {
        signal?.removeEventListener("abort", stop);
        resolve();
      });
    });
  }

  private wake(): void {
    for (const one of this.waiting.splice(0)) one();
  }
}

/**
 * Runs tasks at the same time. When one fails the signal that they were given is aborted; once all have ended, the
 * first failure is thrown.
 */
export async function together(
  outer: AbortSignal,
  tasks: readonly ((signal: AbortSignal) => Promise<void>)[],
): Promise<void> {
  const stop = new AbortController();
  const signal = AbortSignal.any([outer, stop.signal]);
  const failures: unknown[] = [];
  await Promise.all(
    tasks.map(async (task) => {
      try {
        await task(signal);
      } catch (thrown) {
        failures.push(thrown);
        stop.abort(thrown);
      }
    }),
  );
  outer.throwIfAborted();
  if (failures.length > 0) throw failures[0];
}
