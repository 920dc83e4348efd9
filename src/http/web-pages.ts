import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { ReadClient } from "./client-address.js";
import { NOT_FOUND } from "./error-response.js";
import { unbuiltPage } from "./landing-page.js";
import { ICON, ICON_PATH, PAGE_STYLE, STYLE_PATH } from "./page-style.js";
import { ASSET_HEADERS, PAGE_HEADERS, scriptedPageHeaders } from "./security-headers.js";
import { readAsset, readPage } from "./web-files.js";

/** A page that the build makes, the paths that show it, and whether its editor sets styles. */
interface BuiltPage {
  readonly name: string;
  readonly paths: readonly string[];
  readonly styles: "files" | "inline";
}

/** The console reads from its path what it shows, so every path below it is its page. */
const PAGES: readonly BuiltPage[] = [
  { name: "console", paths: ["/console", "/console/*"], styles: "files" },
  { name: "explorer", paths: ["/explorer", "/explorer/"], styles: "inline" },
];

/**
 * Serves what `npm run build` has made of `web/`. Files are read when they are asked for, so that a new build is seen at once.
 * @param folder where that is; it may be missing
 */
export function serveWebPages(app: FastifyInstance, folder: string, readClient: ReadClient): void {
  for (const page of PAGES) {
    const send = async (request: FastifyRequest, reply: FastifyReply) =>
      sendPage(request, reply, page, folder, readClient(request.raw).origin);
    for (const path of page.paths) app.get(path, send);
  }
  app.get(STYLE_PATH, async (_request, reply) => reply.type("text/css; charset=utf-8").send(PAGE_STYLE));
  app.get(ICON_PATH, async (_request, reply) => reply.type("image/svg+xml; charset=utf-8").send(ICON));
  app.get<{ Params: { name: string } }>("/web/assets/:name", async ({ params, raw }, reply) => {
    const accepted = raw.headers["accept-encoding"]?.toString();
    const asset = await readAsset(folder, params.name, accepted);
    if (asset === undefined) return reply.code(404).send(NOT_FOUND);
    if (asset.coding !== "identity") reply.header("content-encoding", asset.coding);
    return reply.headers(ASSET_HEADERS).type(asset.type).send(asset.bytes);
  });
}

async function sendPage(
  request: FastifyRequest,
  reply: FastifyReply,
  { name, styles }: BuiltPage,
  folder: string,
  origin: string,
): Promise<FastifyReply> {
  const page = await readPage(folder, name);
  if (page === undefined) return reply.code(503).headers(PAGE_HEADERS).send(unbuiltPage(name));
  reply.headers(scriptedPageHeaders(origin, styles));
  const known = namedTag(request.headers["if-none-match"], page.tag);
  if (known !== undefined) return reply.code(304).header("etag", known).send();
  return reply.header("etag", page.tag).send(page.html);
}

/** The tag by which `If-None-Match` names the page, weakly or not, compressed or not: the client has it already. */
function namedTag(header: string | undefined, tag: string): string | undefined {
  const bare = tag.slice(1, -1);
  return header
    ?.match(/"[^"]*"/g)
    ?.find((named) => named.slice(1, -1).replace(/\.(?:br|gzip)$/, "") === bare);
}
