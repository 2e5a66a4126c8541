import { defineConfig } from "vite";

// Relative to the package: set-up puts the pages where the wheel takes them from.
export default defineConfig({
  build: {
    outDir: "../src/freehold/_console",
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  server: { proxy: { "/api": { target: "http://127.0.0.1:5380", changeOrigin: true } } },
});
