import Negotiator from "negotiator";
import { parsedOnce } from "./parsed-once.js";

/** The media type of errors for a client that accepts none of ours. */
export const DEFAULT_TYPE = "application/json; charset=utf-8";

/** The media types that Apollo Server chooses from, in its order. */
const TYPES = [
  DEFAULT_TYPE,
  "application/graphql-response+json; charset=utf-8",
  "application/json; callbackSpec=1.0; charset=utf-8",
];

const acceptedType = parsedOnce((accept) => new Negotiator({ headers: { accept } }).mediaType(TYPES));

/** The content type of a response to a client that accepts these types; undefined: none that it accepts. */
export function contentTypeFor(accept: string | undefined): string | undefined {
  return !accept || accept === "*/*" ? TYPES[0] : acceptedType(accept);
}
