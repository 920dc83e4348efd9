import type { IncomingHttpHeaders } from "node:http";
import type { Principal } from "../auth/principal.js";
import type { JsonObject } from "../domain/json/json.js";
import type { ConfigService } from "../service/config-service.js";
import type { LiveConfigs } from "../service/live/live-configs.js";
import type { RequestReader } from "../service/read/request-reader.js";
import type { Answer } from "./answer.js";
import type { RequestSchemas } from "./openapi/request-schemas.js";
import type { ANSWER_SCHEMAS } from "./openapi/schemas.js";

/** The services and the reader of one request. */
export interface RestContext {
  readonly principal: Principal;
  readonly configs: ConfigService;
  readonly reader: RequestReader;
  readonly live: LiveConfigs;
}

/** A request that its route's schemas have passed. */
export interface RestRequest {
  readonly context: RestContext;
  readonly headers: IncomingHttpHeaders;
  readonly target: { readonly accountId: string; readonly configId: string };
  readonly provenance: boolean;
  /** Whether a write is only thought of. */
  readonly dryRun: boolean;
  /** The `data` member of the body; empty where the route takes no body. */
  readonly data: JsonObject;
}

/** One line of the table that everything is made of: the routes, `Allow`, and the OpenAPI document. */
export interface RestRoute {
  readonly method: "GET" | "PUT" | "POST" | "PATCH" | "DELETE";
  /** Below `/v2`, as OpenAPI spells it: `/accounts/{account_id}/configs`. */
  readonly path: string;
  readonly operationId: string;
  readonly tag: keyof typeof TAGS;
  readonly summary: string;
  readonly description: string;
  /** Whether a token is asked for, where Strata asks for tokens at all. */
  readonly takesToken: boolean;
  readonly request: RequestSchemas;
  readonly success: {
    readonly status: 200 | 201;
    readonly schema: keyof typeof ANSWER_SCHEMAS;
    /** Absent: JSON. */
    readonly mediaType?: "text/event-stream";
  };
  /** Every status there may be besides. */
  readonly refusals: readonly number[];
  /** Whether a request without a body, or with an empty one, counts as one with empty `data`. */
  readonly bodyless?: boolean;
  readonly handle: (request: RestRequest) => Promise<Answer>;
}

/** What groups of routes are about. */
export const TAGS = {
  configs: "The configs of an account: read what is in force, change what the account itself says.",
  description: "What there is, for programs.",
} as const;

/** Everything of this face is below it. */
export const PREFIX = "/v2";

/** The methods that a path takes, `Allow` for short; undefined where there is nothing. */
export function allowedMethods(routes: readonly RestRoute[], path: string): string[] | undefined {
  const methods = routes.filter((route) => pathPattern(route).test(path)).map(({ method }) => method);
  if (methods.length === 0) return undefined;
  return [...methods.flatMap((method) => (method === "GET" ? ["GET", "HEAD"] : [method])), "OPTIONS"];
}

/** Where a POST can only stand for another method. */
export function pathsWithoutPost(routes: readonly RestRoute[]): string[] {
  const taken = new Set(routes.flatMap(({ method, path }) => (method === "POST" ? [path] : [])));
  return [...new Set(routes.map(({ path }) => path))].filter((path) => !taken.has(path));
}

function pathPattern({ path }: RestRoute): RegExp {
  return new RegExp(`^${PREFIX}${path.replace(/\{[^}]+\}/g, "[^/]+").replaceAll(".", "\\.")}/?$`);
}
