import type { IncomingMessage } from "node:http";
import type { FastifyInstance } from "fastify";
import { PREFIX } from "./route.js";

const malformed = new WeakSet<IncomingMessage>();

/**
 * The router answers malformed percent-encoding by itself, before any hook and in a shape of its own. Such a path is
 * sent to where this face refuses it.
 */
export function routeMalformedPaths({ server }: FastifyInstance): void {
  server.prependListener("request", (request) => {
    const path = request.url?.split("?", 1)[0] ?? "";
    if (!path.startsWith(`${PREFIX}/`) || isDecodable(path)) return;
    malformed.add(request);
    request.url = `${PREFIX}/malformed`;
  });
}

export function isMalformed(request: IncomingMessage): boolean {
  return malformed.has(request);
}

function isDecodable(path: string): boolean {
  try {
    decodeURI(path);
    return true;
  } catch {
    return false;
  }
}
