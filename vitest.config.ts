import { defineConfig } from "vitest/config";

export default defineConfig({
  // type-graphql loads the CommonJS build of graphql; one realm only.
  resolve: { alias: [{ find: /^graphql$/, replacement: "graphql/index.js" }] },
  test: {
    pool: "forks",
    setupFiles: ["reflect-metadata"],
    include: ["test/**/*.test.ts"],
    testTimeout: 120_000,
    hookTimeout: 60_000,
    server: { deps: { inline: [/type-graphql/] } },
  },
});
