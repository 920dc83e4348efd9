import type { FastifyInstance } from "fastify";
import { pino } from "pino";
import { onTestFinished } from "vitest";
import { createApp } from "../../../src/app.js";
import { parseRedisUrl } from "../../../src/store/redis-url.js";
import { OTHER_SETTINGS } from "../../graphql/test-app.js";
import { SHIPPED_SCHEMAS } from "../../service/services.js";
import { temporaryFolder } from "../../temporary-folder.js";

/** The service on a Redis store that holds the examples; closed with the test. */
export async function openApp(port: number, mergeCachePort?: number): Promise<FastifyInstance> {
  const app = await createApp(
    {
      ...OTHER_SETTINGS,
      mergeCache: mergeCachePort === undefined ? undefined : targetAt(mergeCachePort),
      store: {
        kind: "redis",
        target: targetAt(port),
        cell: "app",
        allowUnsafe: false,
        waitReplicas: 0,
        stateFolder: temporaryFolder(),
      },
      schemas: SHIPPED_SCHEMAS,
      examples: true,
      corsOrigins: [],
    },
    pino({ level: "silent" }),
  );
  onTestFinished(() => app.close());
  await app.ready();
  return app;
}

export const targetAt = (port: number) => parseRedisUrl(`redis://127.0.0.1:${port}`);
