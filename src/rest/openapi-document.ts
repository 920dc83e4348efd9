import { createHash } from "node:crypto";
import { STATUS_CODES } from "node:http";
import type { JsonObject } from "../domain/json.js";
import { entityTag, isNamed } from "./entity-tag.js";
import type { PartSchema } from "./request-schemas.js";
import { PREFIX, type RestRoute } from "./route.js";
import { ANSWER_SCHEMAS } from "./schemas.js";

const PATH = "/openapi.json";
const ETAG_HEADER = { ETag: { description: "Names the state answered.", schema: { type: "string" } } };

/** The route that serves the document; it is in the document itself. */
export function openapiRoute(routes: readonly RestRoute[], version: string): RestRoute {
  let headers: Readonly<Record<string, string>> = {};
  let document: JsonObject = {};
  const route: RestRoute = {
    method: "GET",
    path: PATH,
    operationId: "fetchOpenApi",
    summary: "This document",
    request: {},
    success: { status: 200, schema: "Document" },
    refusals: [304, 400, 421, 500],
    handle: async (request) => {
      const known = request.headers["if-none-match"];
      if (known !== undefined && isNamed(known, etag)) return { status: 304, headers };
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
    paths,
    components: { schemas: ANSWER_SCHEMAS },
  };
}

function operation({ operationId, summary, description, request, ...route }: RestRoute): JsonObject {
  const parameters = [
    ...parametersOf("path", request.params),
    ...parametersOf("query", request.querystring),
    ...parametersOf("header", request.headers),
  ];
  return {
    operationId,
    summary,
    ...(description !== undefined && { description }),
    ...(parameters.length > 0 && { parameters }),
    ...(request.body && {
      requestBody: {
        required: route.bodyless !== true,
        content: { "application/json": { schema: request.body } },
      },
    }),
    responses: responsesOf(route),
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

function responsesOf({ success, refusals }: Pick<RestRoute, "success" | "refusals">): JsonObject {
  const entries = refusals.map((status) => [status, response(status, "Error")] as const);
  return Object.fromEntries([[success.status, response(success.status, success.schema)], ...entries]);
}

function response(status: number, schema: keyof typeof ANSWER_SCHEMAS): JsonObject {
  const tagged = status < 400 || status === 412;
  return {
    description: STATUS_CODES[status] ?? String(status),
    ...(tagged && { headers: ETAG_HEADER }),
    ...(status !== 304 && {
      content: { "application/json": { schema: { $ref: `#/components/schemas/${schema}` } } },
    }),
  };
}
