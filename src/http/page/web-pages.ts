import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { ReadClient } from "../client-address.js";
import { NOT_FOUND } from "../error-response.js";
import { ASSET_HEADERS, PAGE_HEADERS, scriptedPageHeaders } from "../security-headers.js";
import { unbuiltPage } from "./landing-page.js";
import { ICON, ICON_PATH, PAGE_STYLE, STYLE_PATH } from "./page-style.js";
import { readAsset, readPage, type WebPage } from "./web-files.js";

/** A page that the build makes, the paths that show it, and whether it has an editor, which sets styles and brings fonts. */
interface BuiltPage {
  readonly name: string;
  readonly paths: readonly string[];
  readonly hasEditor: boolean;
}

/** The console reads from its path what it shows, so every path below it is its page. */
const PAGES: readonly BuiltPage[] = [
  { name: "console", paths: ["/console", "/console/*"], hasEditor: false },
  { name: "explorer", paths: ["/explorer", "/explorer/"], hasEditor: true },
];

interface WebPagesOptions {
  /** Where the build is; it may be missing. */
  readonly folder: string;
  /** Whether the gateway asks for tokens. */
  readonly access: "open" | "token";
  readonly readClient: ReadClient;
}

/** Serves what `npm run build` has made of `web/`. Files are read when they are asked for, so that a new build is seen at once. */
export function serveWebPages(app: FastifyInstance, { folder, access, readClient }: WebPagesOptions): void {
  for (const built of PAGES) {
    const send = async (request: FastifyRequest, reply: FastifyReply) => {
      const page = await readPage(folder, built.name, access);
      if (page === undefined) return reply.code(503).headers(PAGE_HEADERS).send(unbuiltPage(built.name));
      reply.headers(scriptedPageHeaders(readClient(request.raw).origin, built.hasEditor));
      return sendPage(request, reply, page);
    };
    for (const path of built.paths) app.get(path, send);
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

function sendPage(request: FastifyRequest, reply: FastifyReply, { html, tag }: WebPage): FastifyReply {
  const known = namedTag(request.headers["if-none-match"], tag);
  if (known !== undefined) return reply.code(304).header("etag", known).send();
  return reply.header("etag", tag).send(html);
}

/** The tag by which `If-None-Match` names the page, weakly or not, compressed or not: the client has it already. */
function namedTag(header: string | undefined, tag: string): string | undefined {
  const bare = tag.slice(1, -1);
  return header
    ?.match(/"[^"]*"/g)
    ?.find((named) => named.slice(1, -1).replace(/\.(?:br|gzip)$/, "") === bare);
}
