import type { FastifyRequest } from "fastify";
import type { JsonObject } from "../domain/json/json.js";
import type { RestContext, RestRequest } from "./route.js";

/** KAZOO's default where no config is named. */
const DEFAULT_CONFIG = "default";

/** A request as the handlers read it, once its route's schemas have passed it. */
export function readRequest(request: FastifyRequest, context: RestContext): RestRequest {
  return {
    context,
    headers: request.headers,
    target: targetOf(request),
    provenance: memberOf(request.query, "provenance") === true,
    dryRun: memberOf(request.query, "dryRun") === true,
    data: (memberOf(request.body, "data") ?? {}) as JsonObject,
  };
}

/** The ids in the path, percent-decoded. */
export function targetOf({ params }: FastifyRequest): RestRequest["target"] {
  return {
    accountId: textAt(params, "account_id") ?? "",
    configId: textAt(params, "config_id") ?? DEFAULT_CONFIG,
  };
}

function textAt(object: unknown, name: string): string | undefined {
  const value = memberOf(object, name);
  return typeof value === "string" ? value : undefined;
}

function memberOf(object: unknown, name: string): unknown {
  if (typeof object !== "object" || object === null || !Object.hasOwn(object, name)) return undefined;
  return (object as Record<string, unknown>)[name];
}
