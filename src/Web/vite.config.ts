import { defineConfig } from "vite";

// Nothing is inlined: the page's Content-Security-Policy allows scripts and styles from its own address alone.
export default defineConfig({
    build: {
        target: "es2022",
        outDir: "../../artifacts/web",
        emptyOutDir: true,
        assetsInlineLimit: 0,
        modulePreload: { polyfill: false },
        reportCompressedSize: false,
    },
    server: { proxy: { "/api": process.env["R1_URL"] ?? "http://127.0.0.1:7180" } },
});
