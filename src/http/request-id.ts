import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";

/** What whoever is in front of us calls the request, if that fits in a log; else a name of our own. */
export function requestId({ headers }: Pick<IncomingMessage, "headers">): string {
  const given = headers["x-request-id"];
  return typeof given === "string" && /^[A-Za-z0-9_.:-]{1,64}$/.test(given) ? given : randomUUID();
}
