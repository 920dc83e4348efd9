import { defineConfig } from "vitest/config";

export default defineConfig({
  // type-graphql loads the CommonJS build of graphql; one realm only.
  resolve: { alias: [{ find: /^graphql$/, replacement: "graphql/index.js" }] },
  test: {
    pool: "forks",
    // Loading and compiling everything anew for each file took a third of a run.
    isolate: false,
    // Otherwise one of two cores would look on.
    maxWorkers: "100%",
    globalSetup: ["test/global-setup.ts"],
    setupFiles: ["reflect-metadata"],
    testTimeout: 120_000,
    hookTimeout: 60_000,
    server: { deps: { inline: [/type-graphql/] } },
    projects: [
      {
        extends: true,
        test: { name: "all", include: ["test/**/*.test.ts"], exclude: ["test/redis/drills/**"] },
      },
      {
        extends: true,
        // Everything above the port once more, on the other kind of store.
        test: {
          name: "redis",
          include: ["test/{service,graphql,rest}/**/*.test.ts"],
          env: {
            STRATA_TEST_STORE: "redis",
            // What does not depend on the store has been tried often enough on the other.
            LAW_TIMES: String(Number(process.env.LAW_TIMES ?? 1) / 4),
          },
        },
      },
      {
        extends: true,
        // What they hold against the clock would fail for want of a processor: after everything else, one at a time.
        test: {
          name: "drills",
          include: ["test/redis/drills/**/*.test.ts"],
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
