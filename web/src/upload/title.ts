/** A title to begin with, from the name of a file. */
export function titleFrom(name: string): string {
  const bare = name.replace(/\.[A-Za-z0-9]{1,5}$/, "").replace(/[_\s]+/g, " ").trim();
  return [...(bare || name)].slice(0, 100).join("");
}
