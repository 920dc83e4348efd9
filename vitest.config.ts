import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { relayPlugin } from "./test/clients/relay-plugin.js";

/** `npm run test:long`: everything, and more of it. */
const isLong = process.env.STRATA_TEST_LONG === "1";

/** The whole second round on Redis belongs to the long run; these touch every use case of the store through both faces. */
const ON_REDIS = isLong
  ? ["test/{service,graphql,rest}/**/*.test.ts", "test/ofrep/{values-law,event-stream,bulk-cache}.test.ts"]
  : [
      "test/service/{account-changes,account-service,config-service,constraint-law,constraints,history-law,layered-cases}.test.ts",
      "test/service/{audit/audit-page,live/interleavings,write/named-operation,write/rebase}.test.ts",
      "test/graphql/**/{accounts,constraints,writes,reads}.test.ts",
      "test/service/impact/*.test.ts",
      "test/rest/{faces-agree,rest-face}.test.ts",
      "test/ofrep/values-law.test.ts",
    ];

/** Clusters, failovers and a thousand accounts take minutes; each has a shorter relative in the usual run. */
const LONG_DRILLS = ["test/redis/drills/{failover,fan-out,scale}.test.ts"];

export default defineConfig({
  // type-graphql loads the CommonJS build of graphql; one realm only.
  resolve: { alias: [{ find: /^graphql$/, replacement: "graphql/index.js" }] },
  test: {
    pool: "forks",
    // Loading and compiling everything anew for each file took a third of a run.
    isolate: false,
    // Five projects load the same sources: what one has made of them, and an earlier run, serves the others. Kept by content.
    experimental: { fsModuleCache: true },
    // A test that waits for a disk, a time-out or a process leaves its core to others. (A percentage is of the cores at most.)
    maxWorkers: 2 * availableParallelism(),
    globalSetup: ["test/global-setup.ts"],
    setupFiles: ["reflect-metadata"],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    server: { deps: { inline: [/type-graphql/] } },
    projects: [
      {
        extends: true,
        test: {
          name: "all",
          include: ["test/**/*.test.ts"],
          exclude: ["test/redis/drills/**", "test/clients/**", "test/web/**"],
        },
      },
      {
        extends: true,
        plugins: [relayPlugin()],
        // A package of its own: it is installed when a test of it is to run.
        test: {
          name: "clients",
          include: ["test/clients/*.test.ts"],
          globalSetup: ["test/clients/install.ts"],
          setupFiles: ["test/clients/installed.ts"],
        },
      },
      {
        extends: true,
        // The pages in a browser, as `npm run build` has made them.
        test: {
          name: "web",
          include: ["test/web/**/*.test.ts"],
          // A browser needs a while on a busy machine.
          expect: { poll: { timeout: 20_000 } },
        },
      },
      {
        extends: true,
        // Everything above the port once more, on the other kind of store.
        test: {
          name: "redis",
          include: ON_REDIS,
          env: {
            STRATA_TEST_STORE: "redis",
            // What does not depend on the store has been tried often enough on the other.
            LAW_TIMES: String(Number(process.env.LAW_TIMES ?? 0.25) / 2),
          },
        },
      },
      {
        extends: true,
        // What they hold against the clock would fail for want of a processor: after everything else. They mostly wait, so two at a time.
        test: {
          name: "drills",
          include: ["test/redis/drills/**/*.test.ts"],
          exclude: isLong ? [] : LONG_DRILLS,
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
