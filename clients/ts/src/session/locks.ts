/** One at a time among all pages of an origin (Web Locks), or in this process where there are none. */
export async function exclusively<T>(name: string, work: () => Promise<T>): Promise<T> {
  // Browsers offer them to https and to this machine's own pages alone.
  const locks = (globalThis.navigator as Navigator | undefined)?.locks as LockManager | undefined;
  return locks === undefined ? work() : ((await locks.request(name, work)) as T);
}
