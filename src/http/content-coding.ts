import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import Negotiator from "negotiator";
import { parsedOnce } from "./parsed-once.js";

/** How the bytes of a response are coded. */
export type ContentCoding = "br" | "gzip" | "identity";
export type Compression = Exclude<ContentCoding, "identity">;

const PREFERRED: Compression[] = ["br", "gzip"];
const AVAILABLE: ContentCoding[] = [...PREFERRED, "identity"];
/** Bytes from which on a response is compressed: below, it fits into one packet as it is. */
export const COMPRESSED_FROM = 1_024;
/** What answers are sent with is made for each of them: the default of 11 would take a hundred times as long. */
const BROTLI_QUALITY = 4;
const GZIP_LEVEL = 6;

/** What the types of `negotiator` lack. */
interface Negotiation {
  encodings(available: string[], options: { readonly preferred: string[] }): string[];
}

interface Acceptance {
  /** Of a response that is worth compressing; undefined: the client accepts nothing that there is. */
  readonly large: ContentCoding | undefined;
  readonly small: ContentCoding | undefined;
}

const NOTHING_SAID: Acceptance = { large: "identity", small: "identity" };

/**
 * The coding of a response of so many bytes to a client with this `Accept-Encoding` (RFC 9110, 12.5.3); undefined: it accepts
 * none that there is. A small response is compressed only where it may not be sent as it is.
 */
export function contentCoding(header: string | undefined, bytes: number): ContentCoding | undefined {
  const { large, small } = header === undefined ? NOTHING_SAID : acceptanceIn(header);
  return bytes < COMPRESSED_FROM ? small : large;
}

const acceptanceIn = parsedOnce((header): Acceptance => {
  const negotiator: Negotiation = new Negotiator({ headers: { "accept-encoding": header } });
  const accepted = negotiator.encodings(AVAILABLE, { preferred: PREFERRED }) as ContentCoding[];
  const [large] = accepted;
  return { large, small: accepted.includes("identity") ? "identity" : large };
});

const gzipped = promisify(gzip);
const brotlied = promisify<Buffer, object, Buffer>(brotliCompress);

/** Compresses off the event loop. */
export function compress(coding: Compression, bytes: Buffer): Promise<Buffer> {
  if (coding === "gzip") return gzipped(bytes, { level: GZIP_LEVEL });
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY,
    [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
    [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
  };
  return brotlied(bytes, { params });
}

/** A strong tag names bytes, so each coding has one of its own: `"tag"`, `"tag.gzip"`, `"tag.br"`. */
export function codedTag(tag: string, coding: Compression): string {
  return tag.replace(/"$/, `.${coding}"`);
}
