import { createHash } from "node:crypto";
import { STATUS_CODES } from "node:http";
import type { JsonObject } from "../../domain/json/json.js";
import { entityTag, namedTag } from "../entity-tag.js";
import { PREFIX, type RestRoute, TAGS } from "../route.js";
import type { PartSchema } from "./request-schemas.js";
import { ANSWER_SCHEMAS } from "./schemas.js";

const PATH = "/openapi.json";

const text = (description: string) => ({ description, schema: { type: "string" } });
const seconds = (description: string) => ({ description, schema: { type: "integer", minimum: 1 } });
const RETRY_AFTER = { "Retry-After": seconds("Seconds after which the same request makes sense again.") };

/** Of answers with these statuses, beside those of every answer. */
const HEADERS_OF: Readonly<Record<number, JsonObject>> = {
  401: { "WWW-Authenticate": text("Says how to prove who calls: `Bearer`.") },
  429: {
    ...RETRY_AFTER,
    RateLimit: text('How many requests are left, and for how many seconds: `"default";r=0;t=1`.'),
    "RateLimit-Policy": text('How many requests there are, in how many seconds: `"default";q=50;w=1`.'),
  },
  503: RETRY_AFTER,
};
const ETAG_HEADER = { ETag: text("Names the state answered.") };

/** What the same caller may show in one header or the other. */
const SECURITY_SCHEMES = {
  bearer: {
    type: "http",
    scheme: "bearer",
    bearerFormat: "JWT",
    description: "A token in `Authorization: Bearer`. Needed where the server asks for tokens.",
  },
  authToken: {
    type: "apiKey",
    in: "header",
    name: "X-Auth-Token",
    description: "The same token where KAZOO's clients send it.",
  },
} as const;
/** One of them is enough. */
const EITHER_TOKEN = Object.keys(SECURITY_SCHEMES).map((name) => ({ [name]: [] }));

/** Explorers fill their forms with it. Of the schema alone they would make a text for every member, `verb` too, and be refused. */
const EXAMPLE_BODY = { data: { pin_timeout: 3_000 } };

/** The route that serves the document; it is in the document itself. */
export function openapiRoute(routes: readonly RestRoute[], version: string): RestRoute {
  let headers: Readonly<Record<string, string>> = {};
  let document: JsonObject = {};
  const route: RestRoute = {
    method: "GET",
    path: PATH,
    operationId: "fetchOpenApi",
    tag: "description",
    summary: "This document",
    description:
      "Describes every request of this face, and all its answers, in OpenAPI 3.1. Asks for no token.",
    takesToken: false,
    request: {},
    success: { status: 200, schema: "Document" },
    refusals: [304, 400, 401, 421, 429, 500],
    handle: async (request) => {
      const known = request.headers["if-none-match"];
      const named = known === undefined ? undefined : namedTag(known, etag);
      if (named !== undefined) return { status: 304, headers: { ...headers, ETag: entityTag(named) } };
      return { status: 200, headers, document };
    },
  };
  document = openapiDocument([...routes, route], version);
  const etag = createHash("sha256").update(JSON.stringify(document)).digest("base64url").slice(0, 27);
  headers = { ETag: entityTag(etag) };
  return route;
}

/** OpenAPI 3.1, out of the table that the routes are registered from. HEAD and OPTIONS go without saying. */
export function openapiDocument(routes: readonly RestRoute[], version: string): JsonObject {
  const paths: Record<string, Record<string, JsonObject>> = {};
  for (const route of routes) {
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operation(route) };
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Strata: the configs of KAZOO's API",
      version,
      description:
        "Layered configuration of accounts: every answer is the merged config, every write stores only what differs from the inherited values.",
      license: { name: "Apache 2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: PREFIX }],
    tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
    paths,
    components: { schemas: ANSWER_SCHEMAS, securitySchemes: SECURITY_SCHEMES },
  };
}

function operation({ operationId, tag, summary, description, request, ...route }: RestRoute): JsonObject {
  const parameters = [
    ...parametersOf("path", request.params),
    ...parametersOf("query", request.querystring),
    ...parametersOf("header", request.headers),
  ];
  return {
    operationId,
    tags: [tag],
    summary,
    description,
    security: route.takesToken ? EITHER_TOKEN : [],
    ...(parameters.length > 0 && { parameters }),
    ...(request.body && {
      requestBody: {
        required: route.bodyless !== true,
        content: { "application/json": { schema: request.body, example: EXAMPLE_BODY } },
      },
    }),
    // Of a dry run nothing is created.
    responses: responsesOf(route, request.querystring?.properties?.dryRun !== undefined),
  };
}

function parametersOf(place: string, part: PartSchema | undefined): JsonObject[] {
  return Object.entries(part?.properties ?? {}).map(([name, { description, ...schema }]) => ({
    name,
    in: place,
    required: part?.required?.includes(name) ?? false,
    ...(description !== undefined && { description }),
    schema,
  }));
}

function responsesOf(
  { success, refusals }: Pick<RestRoute, "success" | "refusals">,
  isTriable: boolean,
): JsonObject {
  const entries = refusals.map((status) => [status, response(status, "Error")] as const);
  const { schema, mediaType } = success;
  const told = isTriable ? [200, success.status] : [success.status];
  const successes = told.map((status) => [status, response(status, schema, mediaType)] as const);
  return Object.fromEntries([...successes, ...entries]);
}

function response(
  status: number,
  schema: keyof typeof ANSWER_SCHEMAS,
  mediaType = "application/json",
): JsonObject {
  const isState = (status < 400 && mediaType === "application/json") || status === 412;
  const headers = isState ? ETAG_HEADER : HEADERS_OF[status];
  return {
    description: STATUS_CODES[status] ?? String(status),
    ...(headers && { headers }),
    ...(status !== 304 && {
      content: { [mediaType]: { schema: { $ref: `#/components/schemas/${schema}` } } },
    }),
  };
}
