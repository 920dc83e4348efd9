import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";

/** The proxy's id of the request, if it fits in a log; else an id of our own. */
export function requestId({ headers }: Pick<IncomingMessage, "headers">): string {
  const given = headers["x-request-id"];
  return typeof given === "string" && /^[A-Za-z0-9_.:-]{1,64}$/.test(given) ? given : randomUUID();
}
