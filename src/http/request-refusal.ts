import type { IncomingMessage } from "node:http";
import { HEADER_LIMITS } from "./connection-limits.js";
import { contentCoding } from "./content-coding.js";

/** Why a request is refused before anything is read of its body. */
export interface RequestRefusal {
  readonly status: number;
  readonly message: string;
  readonly limit?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export const TOO_MANY_HEADERS: RequestRefusal = {
  status: 431,
  message: `The request's headers are over the limit of ${HEADER_LIMITS.count}, or of ${HEADER_LIMITS.bytes} bytes.`,
  limit: "headers",
};
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?$/i;
const FOREIGN_NAME: RequestRefusal = {
  status: 421,
  message: "Without access control, Strata answers to loopback names only: use 127.0.0.1 or localhost.",
};
/** Whether a text can be the value of a Host header. */
export function isHost(text: string): boolean {
  return HOST.test(text);
}
const HOST = /^([\w.-]+|\[[\da-f:.]+\])(:\d{1,5})?$/i;
const NO_NAME: RequestRefusal = { status: 400, message: "The Host header names no host." };
/** Node takes the first of them and drops the rest, a proxy in front may have gone by another. */
const SINGLE = /^(host|authorization|content-type)$/i;
const TWICE: RequestRefusal = { status: 400, message: "A header that may come once came twice." };
const NO_CODING: RequestRefusal = {
  status: 406,
  message: "The Accept-Encoding allows no coding that there is: br, gzip, identity.",
};
/** A few bytes would unpack to gigabytes. */
const PACKED: RequestRefusal = {
  status: 415,
  message: "Requests with a compressed body are not taken: send it as it is, without Content-Encoding.",
  headers: { "accept-encoding": "identity" },
};

/** @param loopbackOnly a page elsewhere can point a name of its own at this machine; browsers then take us for its server */
export function refusalOf(
  { rawHeaders, headers }: Pick<IncomingMessage, "rawHeaders" | "headers">,
  loopbackOnly: boolean,
): RequestRefusal | undefined {
  const { host = "" } = headers;
  if (rawHeaders.length > 2 * HEADER_LIMITS.count) return TOO_MANY_HEADERS;
  if (isTwice(rawHeaders)) return TWICE;
  if (loopbackOnly && !LOOPBACK.test(host)) return FOREIGN_NAME;
  if (!isHost(host)) return NO_NAME;
  if (contentCoding(headers["accept-encoding"]?.toString(), 0) === undefined) return NO_CODING;
  const coding = headers["content-encoding"];
  return coding === undefined || /^(identity)?$/i.test(coding) ? undefined : PACKED;
}

/** @param headers names and values in turn, as they came */
function isTwice(headers: readonly string[]): boolean {
  let seen = "";
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at] ?? "";
    if (!SINGLE.test(name)) continue;
    const lower = ` ${name.toLowerCase()}`;
    if (seen.includes(lower)) return true;
    seen += lower;
  }
  return false;
}
