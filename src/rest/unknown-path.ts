import type { FastifyRequest } from "fastify";
import { type Answer, refusal } from "./answer.js";
import { allowedMethods, type RestRoute } from "./route.js";

/** The answer to everything that no route of the table takes: OPTIONS, other methods, other paths. */
export function answerUnknownPath(
  routes: readonly RestRoute[],
  request: Pick<FastifyRequest, "method" | "originalUrl">,
): Answer {
  const allowed = allowedMethods(routes, pathOf(request));
  if (allowed === undefined) return refusal(404, "There is nothing here.");
  const headers = { Allow: allowed.join(", ") };
  if (request.method === "OPTIONS") return { status: 204, headers };
  // The router passes over what is longer than any id.
  if (allowed.includes(request.method)) return refusal(400, "An id in the path cannot be used.");
  return refusal(405, `This takes ${headers.Allow}.`, {}, headers);
}

export function pathOf({ originalUrl }: Pick<FastifyRequest, "originalUrl">): string {
  return originalUrl.split("?", 1)[0] ?? "";
}
