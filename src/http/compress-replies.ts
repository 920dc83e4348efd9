import type { FastifyInstance } from "fastify";
import { codedTag, compress, contentCoding } from "./content-coding.js";

/** Statuses without a body. */
const BODILESS: ReadonlySet<number> = new Set([204, 304]);

/** Compresses what fastify sends, for clients that accept it. */
export function compressReplies(app: FastifyInstance): void {
  app.addHook("onSend", async (request, reply, payload) => {
    reply.header("vary", varying(reply.getHeader("vary")));
    if (typeof payload !== "string" || payload === "" || BODILESS.has(reply.statusCode)) return payload;
    const bytes = Buffer.from(payload);
    const coding = contentCoding(request.raw.headers["accept-encoding"]?.toString(), bytes.length);
    if (coding === undefined || coding === "identity") return payload;
    reply.header("content-encoding", coding);
    const tag = reply.getHeader("etag");
    if (typeof tag === "string") reply.header("etag", codedTag(tag, coding));
    reply.removeHeader("content-length");
    return compress(coding, bytes);
  });
}

/** A cache has to keep a response for each coding: the header of that, with what varies already. */
function varying(before: unknown): string {
  const names = [before].flat().filter((name) => typeof name === "string" && name !== "");
  const all = names.join(", ");
  return /(^|,)\s*(accept-encoding|\*)\s*(,|$)/i.test(all) ? all : [...names, "Accept-Encoding"].join(", ");
}
