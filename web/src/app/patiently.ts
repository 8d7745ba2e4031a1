/** Code that is loaded when it is wanted comes from the edge, which may be away for a while. */
const MOST_FAILURES = 15;

/** Loads; where nobody answers, again for a minute. Browsers ask anew for a module that they did not get. */
export async function patiently<T>(load: () => Promise<T>): Promise<T> {
  for (let failures = 0; ; failures += 1) {
    try {
      return await load();
    } catch (error) {
      if (!(error instanceof TypeError) || failures >= MOST_FAILURES) throw error;
      await new Promise((resolve) => setTimeout(resolve, Math.min(5000, 250 * 2 ** failures)));
    }
  }
}
