import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  COMPRESSED_FROM,
  type Compression,
  type ContentCoding,
  compress,
  contentCoding,
} from "../content-coding.js";

/** What `npm run build` makes of `web/`; the same place from the sources, in the package and in the image. */
export const BUILT_WEB = fileURLToPath(new URL("../../../dist/web/", import.meta.url));

/** Everything else in the folder of assets is nobody's to ask for: the compressed copies, say. */
const TYPES: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".png": "image/png",
  ".svg": "image/svg+xml; charset=utf-8",
  ".ttf": "font/ttf",
  ".woff": "font/woff",
  ".woff2": "font/woff2",
};

/** A name of one file in one folder: no separator, and no way up. */
const FILE_NAME = /^[\w-][\w.-]*$/;

/** The names of the compressed copies, which the build puts beside each text. */
const SUFFIXES: Readonly<Record<Compression, string>> = { br: ".br", gzip: ".gz" };

export interface WebPage {
  readonly html: string;
  /** An entity tag of these bytes. */
  readonly tag: string;
}

export interface WebAsset {
  readonly type: string;
  readonly bytes: Buffer;
  readonly coding: ContentCoding;
}

/** What a page reads to know whether tokens are asked for, before it asks anything. The build leaves it open. */
const ACCESS_MARK = /(?<=<meta name="strata-access" content=")unknown(?=")/;

/**
 * @param access whether the gateway asks for tokens; the page is told so
 * @returns undefined: it was not built
 */
export async function readPage(
  folder: string,
  name: string,
  access: "open" | "token",
): Promise<WebPage | undefined> {
  const bytes = await contentOf(join(folder, name, "index.html"));
  if (bytes === undefined) return undefined;
  const html = bytes.toString().replace(ACCESS_MARK, access);
  const digest = createHash("sha256").update(html).digest("base64url").slice(0, 22);
  return { html, tag: `"${digest}"` };
}

/**
 * A file that a page names by the hash of its content, so that it never changes.
 * @param accepted the client's `Accept-Encoding`
 * @returns undefined: there is no such file
 */
export async function readAsset(
  folder: string,
  name: string,
  accepted: string | undefined,
): Promise<WebAsset | undefined> {
  const type = TYPES[extname(name)];
  if (type === undefined || !FILE_NAME.test(name)) return undefined;
  const file = join(folder, "assets", name);
  const wanted = contentCoding(accepted, COMPRESSED_FROM) ?? "identity";
  const copy = wanted === "identity" ? undefined : await contentOf(file + SUFFIXES[wanted]);
  if (copy !== undefined) return { type, bytes: copy, coding: wanted };
  const bytes = await contentOf(file);
  if (bytes === undefined) return undefined;
  const coding = contentCoding(accepted, bytes.length) ?? "identity";
  return { type, bytes: coding === "identity" ? bytes : await compress(coding, bytes), coding };
}

async function contentOf(file: string): Promise<Buffer | undefined> {
  try {
    return await readFile(file);
  } catch (error) {
    if (ABSENT.has((error as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw error;
  }
}

/** A path that leads nowhere, or to a folder. */
const ABSENT: ReadonlySet<string> = new Set(["ENOENT", "ENOTDIR", "EISDIR", "ENAMETOOLONG"]);
