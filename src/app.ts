import { randomUUID } from "node:crypto";
import type { FastifyBaseLogger, FastifyInstance } from "fastify";
import { OPEN_PRINCIPAL } from "./auth/principal.js";
import type { Settings } from "./env.js";
import { loadExamples } from "./examples.js";
import { addGraphqlFace } from "./graphql/graphql-face.js";
import { createHttpServer } from "./http/http-server.js";
import { readJson } from "./http/json-body.js";
import { createMetrics, type Metrics } from "./http/metrics.js";
import { addRestFace } from "./rest/rest-face.js";
import { loadSchemaRegistry, type SchemaRegistry } from "./schema/schema-registry.js";
import { AccountService } from "./service/account-service.js";
import { ConfigService } from "./service/config-service.js";
import { createFreshReader, createRequestReader } from "./service/layer-reader.js";
import { openLmdbStore } from "./store/lmdb-store.js";
import { observeStore } from "./store/observed-store.js";
import type { Store } from "./store/store.js";

type AppSettings = Pick<Settings, "store" | "schemas" | "examples" | "corsOrigins">;

/**
 * Puts the whole service together, ready to listen. Closing the app finishes what runs and closes the store.
 * @throws Error with a message for the operator when the schemas or the store cannot be used
 */
export async function createApp(settings: AppSettings, logger: FastifyBaseLogger): Promise<FastifyInstance> {
  const metrics = createMetrics();
  const registry = loadSchemas(settings.schemas, logger, metrics);
  const store = await openStore(settings.store.folder, metrics);
  try {
    return await assemble(settings, logger, metrics, registry, store);
  } catch (error) {
    await store.close();
    throw error;
  }
}

async function assemble(
  settings: AppSettings,
  logger: FastifyBaseLogger,
  metrics: Metrics,
  registry: SchemaRegistry,
  store: Store,
): Promise<FastifyInstance> {
  const shared = { store, now: () => new Date(), newId };
  const accounts = new AccountService(shared);
  const configs = new ConfigService({ ...shared, registry, onMerge: metrics.mergeLookup });
  if (settings.examples) {
    const loaded = await loadExamples(accounts, configs, createFreshReader(store), await store.rootId());
    if (loaded !== undefined) logger.info(loaded, "the store was empty: examples loaded");
  }
  const app = await createHttpServer({
    logger,
    corsOrigins: settings.corsOrigins,
    metrics,
    configs: registry.configs.size,
    checkReady: () => store.rootId(),
  });
  app.addHook("onClose", () => store.close());
  await addGraphqlFace(app, {
    createContext: (requestId) => ({
      requestId,
      principal: OPEN_PRINCIPAL,
      configs,
      accounts,
      reader: createRequestReader(store),
    }),
    onRequest: metrics.request,
    newId,
  });
  await addRestFace(app, {
    createContext: () => ({ principal: OPEN_PRINCIPAL, configs, reader: createRequestReader(store) }),
    readJson,
    corsOrigins: settings.corsOrigins,
    now: shared.now,
  });
  return app;
}

/** 32 hexadecimal digits, as accounts elsewhere in telephony are called. */
function newId(): string {
  return randomUUID().replaceAll("-", "");
}

function loadSchemas(folder: string, logger: FastifyBaseLogger, metrics: Metrics): SchemaRegistry {
  const registry = loadSchemaRegistry(folder);
  const counts = { refused: 0, ignored: 0 };
  for (const { consequence, ...problem } of registry.problems) {
    counts[consequence]++;
    logger.warn(
      problem,
      consequence === "refused" ? "schema file not served" : "part of a schema file ignored",
    );
  }
  metrics.schemas(registry.configs.size, counts);
  logger.info({ folder, configs: registry.configs.size, ...counts }, "schemas loaded");
  return registry;
}

async function openStore(folder: string, metrics: Metrics): Promise<Store> {
  const store = await openLmdbStore({ folder });
  return observeStore(store, ({ operation, outcome, size, seconds }) =>
    metrics.storeCall(operation, outcome, size, seconds),
  );
}
