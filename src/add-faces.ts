import type { IncomingMessage } from "node:http";
import type { FastifyInstance } from "fastify";
import type { Principal } from "./auth/principal.js";
import { callerOf, type RateLimit } from "./auth/rate-limit.js";
import type { Identify } from "./graphql/server/identify.js";
import type { ReadClient } from "./http/client-address.js";
import { readJson } from "./http/json-body.js";
import type { TellRequest } from "./http/request-log.js";
import { createResponseHeaders } from "./http/response-headers.js";
import type { BulkCache } from "./ofrep/bulk-cache.js";
import type { OfrepContext } from "./ofrep/bulk-read.js";
import { createOfrepFace, type OfrepFace } from "./ofrep/ofrep-face.js";
import { SharedSigning, type StreamSigning, signedWith, UNSIGNED } from "./ofrep/stream-signing.js";
import type { Access } from "./open-access.js";
import { addRestFace } from "./rest/rest-face.js";
import type { LiveConfigs } from "./service/live/live-configs.js";
import type { RequestJournal } from "./service/request-journal.js";
import type { Settings } from "./settings.js";
import type { CallerStreams } from "./stream/caller-streams.js";
import type { OpenStreams } from "./stream/open-streams.js";

interface FaceParts {
  readonly settings: Pick<Settings, "access" | "corsOrigins">;
  readonly access: Access;
  readonly limit: RateLimit;
  readonly readClient: ReadClient;
  readonly identify: Identify;
  readonly streams: OpenStreams;
  readonly live: LiveConfigs;
  readonly openRead: (principal: Principal, journal: RequestJournal) => OfrepContext;
  readonly bulkCache: BulkCache;
  readonly tell: TellRequest;
  /** Of the store. */
  readonly readSecret: () => Promise<string | undefined>;
  readonly now: () => Date;
}

/** OFREP and REST, beside GraphQL. */
export async function addOtherFaces(app: FastifyInstance, parts: FaceParts): Promise<OfrepFace> {
  const { settings, access, limit, readClient, identify, live, openRead, now } = parts;
  const originOf = (request: IncomingMessage): string => readClient(request).origin;
  const streams: CallerStreams = {
    open: parts.streams,
    recheck: access.recheck,
    callerOf: (request, principal) => callerOf(principal, readClient(request).address),
  };
  const ofrep = createOfrepFace(app, {
    readClient,
    loopbackOnly: access.isOpen,
    responseHeaders: createResponseHeaders({
      corsOrigins: settings.corsOrigins,
      limitsOf: limit.headersOf,
      exposed: ["ETag"],
    }),
    tell: parts.tell,
    createContext: openRead,
    identify,
    count: (request, principal) => limit.check(request, principal, readClient(request).address),
    live,
    streams,
    signing: await openStreamSigning(app, parts),
    cache: parts.bulkCache,
    originOf,
    now,
  });
  await addRestFace(app, {
    createContext: (principal, journal) => ({ live, ...openRead(principal, journal) }),
    identify,
    streams,
    originOf,
    readJson,
    corsOrigins: settings.corsOrigins,
    now,
  });
  return ofrep;
}

/** With the secret of the tokens, where these have one: then a ticket ends with it, as they do. Else with one of the store. */
async function openStreamSigning(app: FastifyInstance, parts: FaceParts): Promise<StreamSigning> {
  const { access } = parts.settings;
  if (access.kind === "open") return UNSIGNED;
  if (access.secret !== undefined) return signedWith(access.secret, parts.now);
  const signing = new SharedSigning(parts);
  app.addHook("onClose", async () => signing.close());
  await signing.look();
  return signing;
}
