import type { FastifyInstance } from "fastify";
import { pino } from "pino";
import { expect, onTestFinished } from "vitest";
import { OPEN_PRINCIPAL } from "../../src/auth/principal.js";
import { createHttpServer } from "../../src/http/http-server.js";
import { readJson } from "../../src/http/json-body.js";
import { createMetrics } from "../../src/http/metrics/metrics.js";
import { addRestFace } from "../../src/rest/rest-face.js";
import { createRequestReader } from "../../src/service/read/request-reader.js";
import { observeStore } from "../../src/store/observed-store.js";
import { Services, SHIPPED_SCHEMAS } from "../service/services.js";
import { openTestStore } from "../store/test-store.js";
import { testStreams } from "./test-streams.js";

/** The one origin, besides the server's own, whose pages may call. */
export const TRUSTED_ORIGIN = "https://app.example";

/** The face in its server, over a real store with a small tree: root, reseller below it, leaf below that. */
export interface RestApp {
  readonly app: FastifyInstance;
  readonly services: Services;
  /** How many commits the store has taken. */
  readonly commits: () => number;
}

export async function openRestApp(schemas: string = SHIPPED_SCHEMAS): Promise<RestApp> {
  let commits = 0;
  const store = observeStore(await openTestStore(), ({ operation, outcome }) => {
    if (operation === "commit" && outcome === "done") commits++;
  });
  onTestFinished(() => store.close());
  const services = new Services(store, schemas);
  await services.tree(["root"], ["reseller*", "root"], ["leaf", "reseller"]);
  const { app, readClient } = await createHttpServer({
    logger: pino({ level: "silent" }),
    corsOrigins: [TRUSTED_ORIGIN],
    loopbackOnly: true,
    metrics: createMetrics(),
    configs: () => 1,
    checkReady: async () => store.writeObstacle(),
  });
  onTestFinished(() => app.close());
  await addRestFace(app, {
    identify: async () => OPEN_PRINCIPAL,
    originOf: (request) => readClient(request).origin,
    createContext: () => ({
      principal: OPEN_PRINCIPAL,
      configs: services.configs,
      reader: createRequestReader(store, OPEN_PRINCIPAL),
      live: services.live,
    }),
    streams: testStreams(),
    readJson,
    corsOrigins: [TRUSTED_ORIGIN],
    now: () => new Date("2026-11-22T12:00:00.500Z"),
  });
  await app.ready();
  return { app, services, commits: () => commits };
}

export const configUrl = (account: string, config: string) => `/v2/accounts/${account}/configs/${config}`;

/** What every answer under `/v2` has around it. */
export function expectEnvelope(body: Record<string, unknown>, status: number): void {
  const ok = status < 400;
  expect(body).toMatchObject({
    timestamp: expect.stringMatching(/^\d{11}$/),
    version: expect.stringMatching(/^\d+\.\d+\.\d+/),
    node: expect.stringMatching(/^strata-[0-9a-f]{8}$/),
    request_id: expect.stringMatching(/^.+$/),
    status: ok ? "success" : "error",
    auth_token: expect.any(String),
    data: expect.any(Object),
  });
  if (!ok) expect(body).toMatchObject({ error: String(status), message: expect.any(String) });
}
