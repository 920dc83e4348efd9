import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { compressAssets } from "./compress-assets.js";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Where `vite dev` finds a gateway; a build needs none. */
const gateway = process.env.STRATA_URL ?? "http://127.0.0.1:4000";

/** One build of both pages. The gateway serves `dist/web/assets` below /web/assets, and each page at its own path. */
export default defineConfig({
  root: here("."),
  base: "/web/",
  plugins: [react(), compressAssets()],
  worker: { format: "es" },
  build: {
    outDir: here("../dist/web"),
    emptyOutDir: true,
    target: "es2023",
    // Every asset stays a file of its own: the content security policy knows no data: URLs for scripts and styles.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // The two pages share little; the explorer's editor is large and loaded only there.
    chunkSizeWarningLimit: 6000,
    rolldownOptions: {
      // Directives such as "use client" are for servers that render pages.
      onwarn: (warning, warn) => {
        if (warning.code !== "MODULE_LEVEL_DIRECTIVE") warn(warning);
      },
      input: { console: here("console/index.html"), explorer: here("explorer/index.html") },
    },
  },
  server: { proxy: { "/graphql": { target: gateway, ws: true } } },
});
