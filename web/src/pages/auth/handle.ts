/** A handle to begin with, from an address for sign-in; empty where none can be made of it. */
export function handleFrom(email: string): string {
  const name = (email.split("@")[0] ?? "").normalize("NFKD").replace(/[^a-zA-Z0-9_.-]/g, "");
  const handle = name.replace(/^[^a-zA-Z0-9]+/, "").toLowerCase().slice(0, 30);
  return handle.length >= 3 ? handle : "";
}
