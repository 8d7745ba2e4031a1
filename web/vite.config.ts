import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// The edge of a running stack, for `npm run dev`: what `vidmesh up` printed.
const edge = process.env.VIDMESH_URL ?? "http://127.0.0.1:8080";

// Paths that belong to the edge and never to the app.
const served = ["/v1", "/vidmesh.", "/media/", "/vidmesh-source/", "/healthz"];

export default defineConfig({
  plugins: [react()],
  build: {
    target: "es2022",
    manifest: true,
    // A page forbids `data:` by its policy, so nothing is inlined.
    assetsInlineLimit: 0,
    // Small as they are, the styles of all pages come at once: a page's code then waits for nothing but itself.
    cssCodeSplit: false,
    modulePreload: { polyfill: false },
  },
  server: {
    proxy: Object.fromEntries(served.map((path) => [path, { target: edge, changeOrigin: false }])),
  },
  test: {
    include: ["src/**/*.test.{ts,tsx}"],
  },
} as Parameters<typeof defineConfig>[0]);
