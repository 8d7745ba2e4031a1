/** Whether there is a network at all, as far as the platform knows. */
export interface Network {
  readonly online: boolean;
  /** Resolves once there is one; rejects with the signal's reason. */
  back(signal: AbortSignal): Promise<void>;
}

/** For programs that cannot know. */
export const ALWAYS_ONLINE: Network = { online: true, back: () => Promise.resolve() };

/** A browser's. It may say online where nothing is reached, never offline where something is. */
export function browserNetwork(page: Window = window): Network {
  return {
    get online() {
      return page.navigator.onLine;
    },
    back(signal) {
      return new Promise((resolve, reject) => {
        if (page.navigator.onLine) return resolve();
        const ended = new AbortController();
        const options = { once: true, signal: ended.signal };
        const end = (settle: () => void) => () => {
          ended.abort();
          settle();
        };
        page.addEventListener("online", end(resolve), options);
        signal.addEventListener("abort", end(() => reject(signal.reason as Error)), options);
      });
    },
  };
}
