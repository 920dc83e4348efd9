import { type ParsedUrlQuery, parse } from "node:querystring";
import { OFREP_PREFIX, STREAM_PATH } from "./stream-address.js";

/** What a request is for. */
export interface OfrepPath {
  readonly kind: "bulk" | "flag" | "stream";
  /** The key in the path, percent-decoded; as it came where it is malformed; undefined: the request is about many. */
  readonly key: string | undefined;
  /** Whether something in the path is not percent-encoded as it should be. */
  readonly isMalformed: boolean;
}

const FLAGS = `${OFREP_PREFIX}/evaluate/flags`;
const STREAM = `${OFREP_PREFIX}${STREAM_PATH}`;

/** For the log and the metrics. */
export const ROUTES: Readonly<Record<OfrepPath["kind"], string>> = {
  bulk: FLAGS,
  flag: `${FLAGS}/*`,
  stream: STREAM,
};
export const BULK: OfrepPath = { kind: "bulk", key: undefined, isMalformed: false };
const EVENTS: OfrepPath = { ...BULK, kind: "stream" };

const NO_QUERY: ParsedUrlQuery = Object.freeze({});

/** Undefined: it is nothing of the protocol. */
export function ofrepPath(url: string): OfrepPath | undefined {
  if (url === FLAGS) return BULK;
  // However it is spelled: percent-encoded, with the server's name, or after the slash that the client's base URL ends with.
  if (/^\/(?!\/)/.test(url) && !url.startsWith(OFREP_PREFIX) && !url.includes("%")) return undefined;
  const given = pathIn(url);
  const decoded = decodedPath(given);
  const path = decoded ?? given;
  if (path === FLAGS) return BULK;
  if (path === STREAM) return EVENTS;
  // A key may hold slashes, and not every provider encodes them.
  if (!path.startsWith(`${FLAGS}/`)) return undefined;
  return { kind: "flag", key: path.slice(FLAGS.length + 1), isMalformed: decoded === undefined };
}

/** Parameters by name; one that came several times has a list. */
export function queryIn(url: string): ParsedUrlQuery {
  const start = url.indexOf("?");
  return start < 0 ? NO_QUERY : parse(url.slice(start + 1));
}

function pathIn(url: string): string {
  if (url.startsWith("/")) return url.replace(/[?#].*/s, "").replace(/^\/+/, "/");
  return URL.canParse(url) ? new URL(url).pathname : url;
}

function decodedPath(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}
