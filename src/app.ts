import { randomUUID } from "node:crypto";
import type { FastifyBaseLogger, FastifyInstance } from "fastify";
import type { GraphQLSchema } from "graphql";
import { addOtherFaces } from "./add-faces.js";
import { OPEN_PRINCIPAL, type Principal } from "./auth/principal.js";
import { createRateLimit } from "./auth/rate-limit.js";
import { loadExamples } from "./examples.js";
import { asSubgraph } from "./graphql/api/federation.js";
import { createGraphqlSchema } from "./graphql/api/schema.js";
import { createGraphqlListener } from "./graphql/server/graphql-handler.js";
import { readTrustedTexts, TrustedDocuments } from "./graphql/server/query/trusted-documents.js";
import { ResponseCache } from "./graphql/server/response/response-cache.js";
import type { TimeOuts } from "./http/connection-limits.js";
import type { Drain, DrainTimes } from "./http/drain.js";
import { createHttpServer } from "./http/http-server.js";
import { createMetrics, type Metrics } from "./http/metrics/metrics.js";
import { createResponseHeaders } from "./http/response-headers.js";
import { BulkCache } from "./ofrep/bulk-cache.js";
import { openAccess } from "./open-access.js";
import { type OpenedSchemas, openSchemas } from "./open-schemas.js";
import { ACCOUNTS_SHARE, MEBIBYTE, openPlaces, type Places } from "./open-store.js";
import type { CurrentSchemas } from "./schema/current-schemas.js";
import type { Reload } from "./schema/folder/schema-reloader.js";
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
import type { Settings } from "./settings.js";
import type { RedisMergeCache } from "./store/redis/redis-merge-cache.js";
import type { Store } from "./store/store.js";
import { OpenStreams } from "./stream/open-streams.js";
import { STREAM_TIMES, type StreamTimes } from "./stream/stream-times.js";
import { detectTracing } from "./telemetry/spans.js";

type AppSettings = Omit<Settings, "host" | "port" | "logLevel" | "drainDelay">;

/** What has which part of the memory for caches. */
const RESPONSES_SHARE = 8 / 27;
const FLAGS_SHARE = 1 / 27;
const MERGES_SHARE = 5 / 9;

/** Absent: those of production. */
export interface AppTimes {
  readonly connections?: TimeOuts | undefined;
  readonly streams?: StreamTimes | undefined;
  /** The clock of tokens and commits. */
  readonly now?: (() => Date) | undefined;
}

/**
 * Puts the whole service together, ready to listen. Closing the app finishes what runs and closes the store.
 * @throws Error with a message for the operator when the schemas or the store cannot be used
 */
export async function createApp(
  settings: AppSettings,
  logger: FastifyBaseLogger,
  times: AppTimes = {},
): Promise<FastifyInstance> {
  const isTraced = detectTracing();
  const metrics = createMetrics();
  const folder = await openSchemas(settings, logger, metrics);
  const places = await openPlaces(settings, logger, metrics, isTraced);
  try {
    const app = await assemble(settings, logger, metrics, folder.schemas, places, times);
    if (settings.watchSchemas) app.addHook("onClose", folder.watch());
    folders.set(app, folder);
    return app;
  } catch (error) {
    places.shared?.close();
    await places.store.close();
    throw error;
  }
}

/** What has to end before an app is closed. */
interface Ending {
  readonly drain: Drain;
  readonly streams: OpenStreams;
}
const endings = new WeakMap<FastifyInstance, Ending>();
const folders = new WeakMap<FastifyInstance, OpenedSchemas>();

/** Loads the schema folder again. What is in force afterwards is whole, and what came of it is logged. */
export function reloadSchemas(app: FastifyInstance): Promise<Reload> {
  const folder = folders.get(app);
  if (folder === undefined) throw new Error("the app is none that createApp made");
  return folder.reload();
}

/**
 * From now on `/health/ready` is 503. Requests are answered as before; streams end one after the other.
 * @param seconds until the app is closed
 */
export function announceEnd(app: FastifyInstance, seconds = 0): void {
  const ending = endings.get(app);
  ending?.drain.announce();
  if (seconds > 0) ending?.streams.drain(seconds);
}

/** Ends the streams, answers what has been sent and whatever comes on open connections, then closes the app. */
export async function closeApp(app: FastifyInstance, times: DrainTimes): Promise<void> {
  const ending = endings.get(app);
  ending?.streams.close();
  await ending?.drain.finish(times);
  await app.close();
}

async function assemble(
  settings: AppSettings,
  logger: FastifyBaseLogger,
  metrics: Metrics,
  schemas: CurrentSchemas,
  { store, shared, readSecret }: Places,
  times: AppTimes,
): Promise<FastifyInstance> {
  const schema = await openGraphqlSchema(settings);
  const trusted = await openTrustedDocuments(settings, schema);
  const { now = systemClock } = times;
  const services = createServices(settings, metrics, schemas, store, shared, now);
  const { live, cache, bulkCache, watched, createReader, openServices, openRead } = services;
  if (settings.examples)
    await fillWithExamples(openServices(), createReader(OPEN_PRINCIPAL), watched, logger);
  const access = openAccess(settings, logger, now);
  const scope = settings.store.kind === "redis" ? settings.store.cell : "";
  const limit = createRateLimit(settings.rateLimit, shared, scope);
  const { app, readClient, tell, serveGraphql, serveFace, drain } = await createHttpServer({
    logger,
    limitsOf: limit.headersOf,
    corsOrigins: settings.corsOrigins,
    loopbackOnly: access.isOpen,
    metrics,
    trustProxy: settings.trustProxy,
    timeOuts: times.connections,
    configs: () => schemas.registry.configs.size,
    checkReady: () => readinessOf(watched),
  });
  app.addHook("onClose", async () => {
    live.close();
    shared?.close();
    await store.close();
  });
  const identify = access.createIdentify(limit, readClient);
  const streams = openStreams(settings, metrics, times);
  endings.set(app, { drain, streams });
  const { corsOrigins, introspection } = settings;
  const graphql = await createGraphqlListener(app, {
    schema,
    trusted,
    identify,
    readClient,
    streams,
    live,
    cache,
    introspection,
    corsOrigins,
    newId,
    tell,
    recheck: access.recheck,
    openContext: (principal, failure, journal) => ({
      reader: failure === undefined ? createReader(principal, journal) : createFailedReader(failure),
      ...openServices(journal),
    }),
    loopbackOnly: access.isOpen,
    responseHeaders: createResponseHeaders({ corsOrigins, limitsOf: limit.headersOf, varyingBy: ["Accept"] }),
    configs: () => schemas.registry.configs.size,
    onRequest: metrics.request,
  });
  serveGraphql(graphql);
  const ofrep = await addOtherFaces(app, {
    ...{ settings, access, limit, readClient, identify, streams, live },
    ...{ openRead, bulkCache, tell, now, readSecret },
  });
  serveFace(ofrep);
  schemas.onChange(() => ofrep.schemasChanged());
  return app;
}

async function openGraphqlSchema({ federation }: AppSettings): Promise<GraphQLSchema> {
  const schema = await createGraphqlSchema();
  return federation ? asSubgraph(schema) : schema;
}

/** Why no writes are taken, if so. */
async function readinessOf(store: Store): Promise<string | undefined> {
  const [obstacle] = await Promise.all([store.probeWrites(), store.rootId()]);
  return obstacle;
}

function openStreams(
  { subscriptionsPerCaller: perCaller, subscriptionsPerConnection: perConnection }: AppSettings,
  metrics: Metrics,
  { streams: times = STREAM_TIMES, now = systemClock }: AppTimes,
): OpenStreams {
  return new OpenStreams({ perCaller, perConnection, times, now, onStream: metrics.stream });
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
  now: () => Date,
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
  const bulkCache = new BulkCache({ bytes: bytes * FLAGS_SHARE, store, schemaDigest });
  const lineages = new LineageCache(bytes * ACCOUNTS_SHARE);
  const createReader = (principal: Principal, journal = new RequestJournal()) =>
    createRequestReader(journal.watch(store), principal, lineages, strayReads);
  const mutex = new KeyedMutex();
  const registryInForce = () => schemas.registry;
  /** Those of one request, under one registry. */
  const openServices = (journal?: RequestJournal) => {
    const own = { registry: schemas.registry, ...(journal && { journal }), ...dependencies };
    return {
      accounts: new AccountService(own),
      configs: new ConfigService({ registryInForce, merges, mutex, ...own }),
    };
  };
  const openRead = (principal: Principal, journal: RequestJournal) => ({
    principal,
    configs: openServices(journal).configs,
    reader: createReader(principal, journal),
  });
  const openConfigs = () => openServices().configs;
  const live = new LiveConfigs({ store, openConfigs, createReader, now, notices: metrics.live });
  schemas.onChange(() => live.schemasChanged());
  return { live, cache, bulkCache, watched, createReader, openServices, openRead };
}

function systemClock(): Date {
  return new Date();
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
