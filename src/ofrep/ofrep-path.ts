import { type ParsedUrlQuery, parse } from "node:querystring";
import { OFREP_PREFIX, STREAM_PATH } from "./stream-address.js";

/** What a request is for. */
export interface OfrepPath {
  readonly kind: "bulk" | "flag" | "stream";
  /** The key in the path, percent-decoded; undefined: the request is about many. */
  readonly key: string | undefined;
}

const FLAGS = `${OFREP_PREFIX}/evaluate/flags`;
const STREAM = `${OFREP_PREFIX}${STREAM_PATH}`;

/** For the log and the metrics. */
export const ROUTES: Readonly<Record<OfrepPath["kind"], string>> = {
  bulk: FLAGS,
  flag: `${FLAGS}/*`,
  stream: STREAM,
};
const BULK: OfrepPath = { kind: "bulk", key: undefined };

/** Undefined: it is nothing of the protocol. */
export function ofrepPath(url: string): OfrepPath | undefined {
  if (url === FLAGS) return BULK;
  // However it is spelled: percent-encoded, or with the server's name.
  if (url.startsWith("/") && !url.startsWith(OFREP_PREFIX) && !url.includes("%")) return undefined;
  const path = decoded(pathIn(url));
  if (path === FLAGS) return BULK;
  if (path === STREAM) return { kind: "stream", key: undefined };
  // A key may hold slashes, and not every provider encodes them.
  return path.startsWith(`${FLAGS}/`) ? { kind: "flag", key: path.slice(FLAGS.length + 1) } : undefined;
}

/** Parameters by name; one that came several times has a list. */
export function queryIn(url: string): ParsedUrlQuery {
  const start = url.indexOf("?");
  return parse(start < 0 ? "" : url.slice(start + 1));
}

function pathIn(url: string): string {
  if (url.startsWith("/")) return url.split(/[?#]/, 1).join();
  return URL.canParse(url) ? new URL(url).pathname : url;
}

/** What is not encoded as it should be is taken as it is: it names nothing then. */
function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
