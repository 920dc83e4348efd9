import type { FastifyInstance } from "fastify";
import { pino } from "pino";
import { OPEN_PRINCIPAL, type Principal } from "../../../src/auth/principal.js";
import { createGraphqlSchema } from "../../../src/graphql/api/schema.js";
import { createGraphqlListener, type GraphqlOptions } from "../../../src/graphql/server/graphql-handler.js";
import { ResponseCache } from "../../../src/graphql/server/response/response-cache.js";
import { createHttpServer, type HttpServerOptions } from "../../../src/http/http-server.js";
import { createMetrics } from "../../../src/http/metrics/metrics.js";
import { createResponseHeaders } from "../../../src/http/response-headers.js";
import { LiveConfigs } from "../../../src/service/live/live-configs.js";
import { RequestJournal } from "../../../src/service/request-journal.js";
import type { Store } from "../../../src/store/store.js";
import { OpenStreams } from "../../../src/stream/open-streams.js";
import { STREAM_TIMES } from "../../../src/stream/stream-times.js";

interface EndpointOptions
  extends Pick<GraphqlOptions, "openContext">,
    Partial<Omit<GraphqlOptions, "openContext" | "readClient" | "tell">>,
    Partial<HttpServerOptions> {
  /** That the response cache asks for versions. */
  readonly store: Store;
}

/** The GraphQL endpoint in its HTTP server, put together as `createApp` does, over parts of the test's own. */
export async function openEndpoint(given: EndpointOptions): Promise<FastifyInstance> {
  const context = (principal: Principal) => given.openContext(principal, undefined, new RequestJournal());
  // Asked once: tests count how often a context is opened.
  const { schemaDigest } = context(OPEN_PRINCIPAL).configs;
  const options = {
    logger: pino({ level: "silent" }),
    corsOrigins: [],
    loopbackOnly: true,
    metrics: createMetrics(),
    configs: () => 1,
    checkReady: async () => given.store.writeObstacle(),
    schema: given.schema ?? (await createGraphqlSchema()),
    identify: async () => OPEN_PRINCIPAL,
    cache: new ResponseCache({
      bytes: 2 ** 20,
      store: given.store,
      schemaDigest: () => schemaDigest,
    }),
    introspection: true,
    responseHeaders: createResponseHeaders({ corsOrigins: given.corsOrigins ?? [], varyingBy: ["Accept"] }),
    newId: () => "incident-1",
    onRequest: () => undefined,
    streams: new OpenStreams({
      perCaller: 10,
      perConnection: 10,
      times: STREAM_TIMES,
      now: () => new Date(),
      onStream: () => undefined,
    }),
    recheck: async () => undefined,
    live: new LiveConfigs({
      store: given.store,
      openConfigs: () => context(OPEN_PRINCIPAL).configs,
      createReader: (principal) => context(principal).reader,
      now: () => new Date(),
    }),
    ...given,
  };
  const { app, readClient, tell, serveGraphql } = await createHttpServer(options);
  serveGraphql(await createGraphqlListener(app, { ...options, readClient, tell }));
  return app;
}
