/** What the page remembers in this browser. */
type Store = Pick<Storage, "getItem" | "setItem" | "removeItem">;

/** `localStorage`; where the browser refuses it, as inside another site's page, a memory as long as the page. */
export const storage: Store = found();

function found(): Store {
  try {
    return window.localStorage;
  } catch {
    const kept = new Map<string, string>();
    return {
      getItem: (key) => kept.get(key) ?? null,
      setItem: (key, value) => void kept.set(key, value),
      removeItem: (key) => void kept.delete(key),
    };
  }
}
