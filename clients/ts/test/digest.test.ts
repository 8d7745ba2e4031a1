import { createHash } from "node:crypto";
import { expect, test } from "vitest";

import { sha256, sha256InScript } from "../src/upload/digest.js";

test.each([0, 1, 64, 1 << 20, (2 << 20) + 3])("SHA-256 of %i bytes is the same by the platform and by script", async (size) => {
  const bytes = new Uint8Array(size).map((_, at) => (at * 7) % 251);
  const expected = createHash("sha256").update(bytes).digest("hex");
  expect(Buffer.from(await sha256(bytes)).toString("hex")).toBe(expected);
  expect(Buffer.from(await sha256InScript(bytes)).toString("hex")).toBe(expected);
});
