import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FastifyInstance } from "fastify";
import { pino } from "pino";
import { createApp } from "../../../src/app.js";
import { parseRedisUrl } from "../../../src/store/redis/redis-url.js";
import { OTHER_SETTINGS } from "../../graphql/test-app.js";
import { SHIPPED_SCHEMAS } from "../../service/services.js";

/** The service on a Redis store that holds the examples. Not closed by itself. */
export async function openApp(port: number, mergeCachePort?: number): Promise<FastifyInstance> {
  const stateFolder = mkdtempSync(join(tmpdir(), "strata-drill-"));
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
        stateFolder,
      },
      schemas: SHIPPED_SCHEMAS,
      examples: true,
      corsOrigins: [],
    },
    pino({ level: "silent" }),
  );
  app.addHook("onClose", async () => rmSync(stateFolder, { recursive: true, force: true }));
  await app.ready();
  return app;
}

export const targetAt = (port: number) => parseRedisUrl(`redis://127.0.0.1:${port}`);
