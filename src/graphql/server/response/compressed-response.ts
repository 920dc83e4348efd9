import type { IncomingMessage } from "node:http";
import { type Compression, compress, contentCoding } from "../../../http/content-coding.js";
import type { GraphqlResponse } from "./graphql-response.js";

/** The coding that a response is to be compressed with for a client; undefined: it is sent as it is. */
export function compressionOf(
  { headers }: Pick<IncomingMessage, "headers">,
  { body, encoding }: GraphqlResponse,
): Compression | undefined {
  const accepted = headers["accept-encoding"]?.toString();
  if (accepted === undefined || body === "") return undefined;
  const coding = contentCoding(accepted, Buffer.byteLength(body, encoding ?? "utf8"));
  return coding === "identity" ? undefined : coding;
}

/** The response with its content compressed: out of the response cache if it is from there. */
export async function compressed(made: GraphqlResponse, coding: Compression): Promise<GraphqlResponse> {
  const { body, encoding, cached } = made;
  const work = async () => (await compress(coding, Buffer.from(body, encoding))).toString("latin1");
  return {
    status: made.status,
    headers: { ...made.headers, "content-encoding": coding },
    body: await (cached?.compressed?.(coding, work) ?? work()),
    encoding: "latin1",
  };
}
