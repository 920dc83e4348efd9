import { createHash, randomUUID } from "node:crypto";
import { join, resolve } from "node:path";
import type { FastifyBaseLogger, FastifyInstance } from "fastify";
import type { GraphQLSchema } from "graphql";
import { type Authenticate, createAuthenticator } from "./auth/authenticator.js";
import type { KeySetNotice } from "./auth/key-set.js";
import { NOBODY, OPEN_PRINCIPAL, type Principal } from "./auth/principal.js";
import { createRateLimit, type RateLimit } from "./auth/rate-limit.js";
import { principalIn } from "./auth/token-header.js";
import { keySet, sharedSecret } from "./auth/token-keys.js";
import type { StrataError } from "./domain/errors.js";
import type { RedisSettings, Settings } from "./env.js";
import { loadExamples } from "./examples.js";
import { asSubgraph } from "./graphql/api/federation.js";
import { createGraphqlSchema } from "./graphql/api/schema.js";
import { createGraphqlListener, type Identify } from "./graphql/server/graphql-handler.js";
import { ResponseCache } from "./graphql/server/response-cache.js";
import { createResponseHeaders } from "./graphql/server/response-headers.js";
import { readTrustedTexts, TrustedDocuments } from "./graphql/server/trusted-documents.js";
import type { ReadClient } from "./http/client-address.js";
import type { TimeOuts } from "./http/connection-limits.js";
import type { Drain, DrainTimes } from "./http/drain.js";
import { createHttpServer } from "./http/http-server.js";
import { readJson } from "./http/json-body.js";
import { createMetrics, type Metrics } from "./http/metrics.js";
import { type OpenedSchemas, openSchemas } from "./open-schemas.js";
import { addRestFace } from "./rest/rest-face.js";
import type { CurrentSchemas } from "./schema/current-schemas.js";
import type { Reload } from "./schema/schema-reloader.js";
import { AccountService } from "./service/account-service.js";
import { ConfigService } from "./service/config-service.js";
import { LiveConfigs } from "./service/live/live-configs.js";
import { LineageCache } from "./service/read/lineage-cache.js";
import { MergedConfigs } from "./service/read/merged-configs.js";
import {
  createFailedReader,
  createRequestReader,
  type RequestReader,
} from "./service/read/request-reader.js";
import { StrayReads } from "./service/read/stray-reads.js";
import { RequestJournal } from "./service/request-journal.js";
import { KeyedMutex } from "./service/write/keyed-mutex.js";
import { boundStaleness } from "./store/bounded-store.js";
import { openLmdbStore } from "./store/lmdb/lmdb-store.js";
import { observeStore } from "./store/observed-store.js";
import { createRedisMergeCache, type RedisMergeCache } from "./store/redis/redis-merge-cache.js";
import { openRedisStore } from "./store/redis/redis-store.js";
import { describeRedis } from "./store/redis/redis-url.js";
import type { Store } from "./store/store.js";
import type { StoreNotice } from "./store/store-notice.js";
import { traceStore } from "./store/traced-store.js";
import { detectTracing } from "./telemetry/spans.js";

type AppSettings = Omit<Settings, "host" | "port" | "logLevel" | "drainDelay">;

/** What has which part of the memory for caches. */
const RESPONSES_SHARE = 1 / 3;
const MERGES_SHARE = 5 / 9;
const ACCOUNTS_SHARE = 1 / 9;
const MEBIBYTE = 2 ** 20;
/** What a cached version takes, its name included. */
const BYTES_PER_VERSION = 512;

/**
 * Puts the whole service together, ready to listen. Closing the app finishes what runs and closes the store.
 * @param timeOuts of connections; absent: those of production
 * @throws Error with a message for the operator when the schemas or the store cannot be used
 */
export async function createApp(
  settings: AppSettings,
  logger: FastifyBaseLogger,
  timeOuts?: TimeOuts,
): Promise<FastifyInstance> {
  const isTraced = detectTracing();
  const metrics = createMetrics();
  const folder = await openSchemas(settings, logger, metrics);
  const opened = await openStore(settings, logger, metrics);
  const store = isTraced ? traceStore(opened, settings.store.kind) : opened;
  const shared = openMergeCache(settings, logger);
  try {
    const app = await assemble(settings, logger, metrics, folder.schemas, store, shared, timeOuts);
    if (settings.watchSchemas) app.addHook("onClose", folder.watch());
    folders.set(app, folder);
    return app;
  } catch (error) {
    shared?.close();
    await store.close();
    throw error;
  }
}

const drains = new WeakMap<FastifyInstance, Drain>();
const folders = new WeakMap<FastifyInstance, OpenedSchemas>();

/** Loads the schema folder again. What is in force afterwards is whole, and what came of it is logged. */
export function reloadSchemas(app: FastifyInstance): Promise<Reload> {
  const folder = folders.get(app);
  if (folder === undefined) throw new Error("the app is none that createApp made");
  return folder.reload();
}

/** From now on `/health/ready` is 503. Everything else goes on. */
export function announceEnd(app: FastifyInstance): void {
  drains.get(app)?.announce();
}

/** Answers what has been sent and whatever comes on its open connections, then closes the app. */
export async function closeApp(app: FastifyInstance, times: DrainTimes): Promise<void> {
  await drains.get(app)?.finish(times);
  await app.close();
}

async function assemble(
  settings: AppSettings,
  logger: FastifyBaseLogger,
  metrics: Metrics,
  schemas: CurrentSchemas,
  store: Store,
  shared: RedisMergeCache | undefined,
  timeOuts: TimeOuts | undefined,
): Promise<FastifyInstance> {
  const plain = await createGraphqlSchema();
  const schema = settings.federation ? asSubgraph(plain) : plain;
  const trusted = await openTrustedDocuments(settings, schema);
  const services = createServices(settings, metrics, schemas, store, shared);
  const { live, cache, watched, createReader, openServices } = services;
  if (settings.examples)
    await fillWithExamples(openServices(), createReader(OPEN_PRINCIPAL), watched, logger);
  const authenticate = authenticatorOf(settings, logger, now);
  const scope = settings.store.kind === "redis" ? settings.store.cell : "";
  const limit = createRateLimit(settings.rateLimit, shared, scope);
  const { app, readClient, tell, serveGraphql, drain } = await createHttpServer({
    logger,
    limitsOf: limit.headersOf,
    corsOrigins: settings.corsOrigins,
    loopbackOnly: authenticate === undefined,
    metrics,
    trustProxy: settings.trustProxy,
    timeOuts,
    configs: () => schemas.registry.configs.size,
    checkReady: async () => {
      const [obstacle] = await Promise.all([watched.probeWrites(), watched.rootId()]);
      return obstacle;
    },
  });
  app.addHook("onClose", async () => {
    live.close();
    shared?.close();
    await store.close();
  });
  drains.set(app, drain);
  const identify = createIdentify(authenticate, limit, readClient);
  const graphql = await createGraphqlListener(app, {
    schema,
    trusted,
    identify,
    readClient,
    openContext: (principal, failure, journal) => ({
      ...openServices(journal),
      reader: failure === undefined ? createReader(principal, journal) : createFailedReader(failure),
    }),
    cache,
    introspection: settings.introspection,
    loopbackOnly: authenticate === undefined,
    responseHeaders: createResponseHeaders(settings.corsOrigins, limit.headersOf),
    configs: () => schemas.registry.configs.size,
    newId,
    onRequest: metrics.request,
    tell,
  });
  serveGraphql(graphql);
  await addRestFace(app, {
    createContext: (principal, journal) => ({
      principal,
      configs: openServices(journal).configs,
      reader: createReader(principal, journal),
    }),
    identify,
    originOf: (request) => readClient(request).origin,
    readJson,
    corsOrigins: settings.corsOrigins,
    now,
  });
  return app;
}

async function openTrustedDocuments(
  { trustedDocuments: file }: AppSettings,
  schema: GraphQLSchema,
): Promise<TrustedDocuments | undefined> {
  return file === undefined ? undefined : new TrustedDocuments(schema, file, await readTrustedTexts(file));
}

/** The use-cases over one store, and the caches that they share. */
function createServices(
  settings: AppSettings,
  metrics: Metrics,
  schemas: CurrentSchemas,
  store: Store,
  shared: RedisMergeCache | undefined,
) {
  const strayReads = new StrayReads();
  // Readers read the store itself; everything else is seen to read past them.
  const watched = strayReads.watch(store);
  const dependencies = { store: watched, now, newId };
  const bytes = settings.cacheMebibytes * MEBIBYTE;
  const merges = new MergedConfigs({
    bytes: bytes * MERGES_SHARE,
    shared,
    onLookup: metrics.mergeLookup,
  });
  const schemaDigest = () => schemas.registry.digest;
  const cache = new ResponseCache({ bytes: bytes * RESPONSES_SHARE, store, schemaDigest });
  const lineages = new LineageCache(bytes * ACCOUNTS_SHARE);
  const createReader = (principal: Principal, journal = new RequestJournal()) =>
    createRequestReader(journal.watch(store), principal, lineages, strayReads);
  const mutex = new KeyedMutex();
  /** Those of one request, under one registry. */
  const openServices = (journal?: RequestJournal) => {
    const own = { ...dependencies, registry: schemas.registry, ...(journal && { journal }) };
    return {
      accounts: new AccountService(own),
      configs: new ConfigService({ ...own, merges, mutex }),
    };
  };
  const openConfigs = () => openServices().configs;
  const live = new LiveConfigs({ store, openConfigs, createReader, now, notices: metrics.live });
  schemas.onChange(() => live.schemasChanged());
  return { live, cache, watched, createReader, openServices };
}

function now(): Date {
  return new Date();
}

/** Says who sent a request, unless there are too many of them. */
function createIdentify(
  authenticate: Authenticate | undefined,
  limit: RateLimit,
  readClient: ReadClient,
): Identify {
  return async (request) => {
    const { address } = readClient(request);
    try {
      const principal = await principalIn(request.headers, authenticate);
      await limit.check(request, principal, address);
      return principal;
    } catch (error) {
      // A bad token counts against the same limit as no token.
      if ((error as StrataError).code === "UNAUTHENTICATED") await limit.check(request, NOBODY, address);
      throw error;
    }
  };
}

/** Undefined: nobody has to say who they are. */
function authenticatorOf(
  { access }: AppSettings,
  logger: FastifyBaseLogger,
  now: () => Date,
): Authenticate | undefined {
  if (access.kind === "open") {
    logger.warn("no tokens are asked for: everybody who reaches this address may do everything");
    return undefined;
  }
  const keys =
    access.secret === undefined
      ? keySet(access.keySet ?? "", { onNotice: (notice) => logKeySet(logger, notice) })
      : sharedSecret(access.secret);
  return createAuthenticator({ ...access, keys, now });
}

function logKeySet(logger: FastifyBaseLogger, notice: KeySetNotice): void {
  if (notice.kind === "readable") {
    logger.info("the key set of STRATA_JWT_JWKS can be read again");
    return;
  }
  const { reason, secondsLeft } = notice;
  logger.error(
    { reason, secondsLeft },
    secondsLeft > 0
      ? `the key set of STRATA_JWT_JWKS cannot be read: the keys it had stay in force for ${secondsLeft} s at most, then tokens are refused until it can`
      : "the key set of STRATA_JWT_JWKS cannot be read: tokens are refused until it can",
  );
}

/** 32 hexadecimal digits, as accounts elsewhere in telephony are called. */
function newId(): string {
  return randomUUID().replaceAll("-", "");
}

async function fillWithExamples(
  { accounts, configs }: { readonly accounts: AccountService; readonly configs: ConfigService },
  reader: RequestReader,
  store: Store,
  logger: FastifyBaseLogger,
): Promise<void> {
  if (store.writeObstacle() !== undefined) return;
  const [rootId, { lastDeletion }] = await Promise.all([store.rootId(), store.lineages([])]);
  const found = { rootId, hasDeleted: lastDeletion !== undefined };
  const loaded = await loadExamples(accounts, configs, reader, found);
  if (loaded !== undefined) logger.info(loaded, "the store was empty: examples loaded");
}

async function openStore(
  { store: place, maxStalenessMs, cacheMebibytes }: AppSettings,
  logger: FastifyBaseLogger,
  metrics: Metrics,
): Promise<Store> {
  const store =
    place.kind === "lmdb"
      ? await openLmdbStore({ ...place, folder: resolve(place.folder), onNotice: noticeTo(logger) })
      : await openRedisStore({
          ...place,
          markFile: markFile(place),
          onNotice: noticeTo(logger),
        });
  logger.info({ store: describeStore(place) }, "store opened");
  const observed = observeStore(store, ({ operation, outcome, size, seconds }) =>
    metrics.storeCall(operation, outcome, size, seconds),
  );
  if (maxStalenessMs === 0) return observed;
  const entries = Math.ceil((cacheMebibytes * MEBIBYTE * ACCOUNTS_SHARE) / BYTES_PER_VERSION);
  return boundStaleness(observed, { maxStalenessMs, entries });
}

/** Where the data is, for people; no password is in it. */
export function describeStore(place: Settings["store"]): string {
  return place.kind === "lmdb" ? resolve(place.folder) : `${describeRedis(place.target)}, cell ${place.cell}`;
}

function openMergeCache({ mergeCache }: AppSettings, logger: FastifyBaseLogger): RedisMergeCache | undefined {
  return mergeCache && createRedisMergeCache({ target: mergeCache, onNotice: noticeTo(logger) });
}

function noticeTo(logger: FastifyBaseLogger): (notice: StoreNotice) => void {
  return ({ level, message }) => logger[level](message);
}

/** One file for each store that this gateway has ever written to. */
function markFile({ target, cell, stateFolder }: RedisSettings): string {
  const store = createHash("sha256")
    .update(`${describeRedis(target)} ${cell}`)
    .digest("hex")
    .slice(0, 12);
  return join(stateFolder, `acknowledged-${cell}-${store}.json`);
}
