/** Fails a build whose first load is heavier than promised: the entry's scripts, gzipped. */
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const MOST = 180_000;
const dist = new URL("../dist/", import.meta.url);
const manifest = JSON.parse(readFileSync(new URL(".vite/manifest.json", dist), "utf8"));

const scripts = new Set();
const add = (/** @type {string} */ key) => {
  const { file, imports = [] } = manifest[key];
  if (scripts.has(file)) return;
  scripts.add(file);
  for (const one of imports) add(one);
};
// What a first visit to the home page and to a video loads, but for the player.
for (const key of ["index.html", "src/pages/home/Home.tsx", "src/pages/watch/Watch.tsx"]) add(key);

let total = 0;
for (const file of scripts) total += gzipSync(readFileSync(new URL(file, dist)), { level: 9 }).length;
console.log(`first load: ${(total / 1000).toFixed(1)} kB of compressed script in ${scripts.size} files (at most ${MOST / 1000})`);
if (total > MOST) process.exit(1);
