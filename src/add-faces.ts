import { randomBytes } from "node:crypto";
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
import type { StreamSigning } from "./ofrep/stream-address.js";
import { StreamTickets } from "./ofrep/stream-ticket.js";
import type { Access } from "./open-access.js";
import { addRestFace } from "./rest/rest-face.js";
import type { LiveConfigs } from "./service/live/live-configs.js";
import type { RequestJournal } from "./service/request-journal.js";
import type { Settings } from "./settings.js";
import type { CallerStreams } from "./stream/caller-streams.js";
import type { OpenStreams } from "./stream/open-streams.js";

interface FaceParts {
  readonly settings: Pick<Settings, "access" | "store" | "corsOrigins">;
  readonly access: Access;
  readonly limit: RateLimit;
  readonly readClient: ReadClient;
  readonly identify: Identify;
  readonly streams: OpenStreams;
  readonly live: LiveConfigs;
  readonly openRead: (principal: Principal, journal: RequestJournal) => OfrepContext;
  readonly bulkCache: BulkCache;
  readonly tell: TellRequest;
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
    signing: openStreamSigning(settings, now),
    cache: parts.bulkCache,
    originOf,
    now,
  });
  await addRestFace(app, {
    createContext: (principal, journal) => ({ ...openRead(principal, journal), live }),
    identify,
    streams,
    originOf,
    readJson,
    corsOrigins: settings.corsOrigins,
    now,
  });
  return ofrep;
}

/**
 * How this gateway signs addresses of event streams. A client may come to another gateway with one, so all need the same
 * secret: that of the tokens, where these have one. A store in a folder has one gateway, which makes up a secret. Otherwise there
 * is none, and clients are told of no event streams.
 */
export function openStreamSigning(
  { access, store }: Pick<Settings, "access" | "store">,
  now: () => Date,
): StreamSigning {
  if (access.kind === "open") return { isOffered: true, tickets: undefined, id: "" };
  const secret = access.secret ?? (store.kind === "lmdb" ? randomBytes(32) : undefined);
  if (secret === undefined) return { isOffered: false, tickets: undefined, id: "" };
  const tickets = new StreamTickets(secret, now);
  return { isOffered: true, tickets, id: tickets.id };
}
