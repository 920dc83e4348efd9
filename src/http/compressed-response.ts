import type { IncomingMessage } from "node:http";
import { type Compression, codedTag, compress, contentCoding } from "./content-coding.js";
import type { HttpResponse } from "./http-response.js";

/** The coding that a response is to be compressed with for a client; undefined: it is sent as it is. */
export function compressionOf(
  { headers }: Pick<IncomingMessage, "headers">,
  { body, encoding, tail }: HttpResponse,
): Compression | undefined {
  const accepted = headers["accept-encoding"]?.toString();
  if (accepted === undefined || body === "") return undefined;
  const coding = contentCoding(accepted, Buffer.byteLength(body, encoding ?? "utf8") + (tail?.length ?? 0));
  return coding === "identity" ? undefined : coding;
}

/** The response with its content compressed: out of the cache if it is from there. */
export async function compressed(made: HttpResponse, coding: Compression): Promise<HttpResponse> {
  const { body, encoding, tail = Buffer.alloc(0), cached, headers } = made;
  const whole = () => Buffer.concat([Buffer.from(body, encoding), tail]);
  const work = async () => (await compress(coding, whole())).toString("latin1");
  return {
    status: made.status,
    headers: {
      "content-encoding": coding,
      ...headers,
      ...(headers.etag !== undefined && { etag: codedTag(headers.etag, coding) }),
    },
    body: await (cached?.compressed?.(coding, work) ?? work()),
    encoding: "latin1",
  };
}
