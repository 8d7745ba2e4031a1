/** SHA-256 (FIPS 180-4), by the platform where it has it. */
export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  // The platform's own is missing in pages that were served by http from another machine.
  const subtle = globalThis.crypto.subtle as SubtleCrypto | undefined;
  if (subtle !== undefined) return new Uint8Array(await subtle.digest("SHA-256", bytes));
  return sha256InScript(bytes);
}

/** Without the platform's help: slower, and in slices, so that a page stays alive meanwhile. */
export async function sha256InScript(bytes: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  const { sha256: made } = await import("@noble/hashes/sha2.js");
  const hash = made.create();
  for (let start = 0; start < bytes.length; start += SLICE) {
    hash.update(bytes.subarray(start, start + SLICE));
    await new Promise((resolve) => setTimeout(resolve));
  }
  return new Uint8Array(hash.digest());
}

const SLICE = 1 << 20;
