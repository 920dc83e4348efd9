import type { IncomingMessage } from "node:http";

/** Takes the JSON out of a body without altering anything. @throws StrataError BAD_USER_INPUT when there is none in it */
export type ReadJson = (body: Buffer, contentType: string) => unknown;

/** Everything of a request that its answer can depend on, but for who asks and what the store has. */
export interface Question {
  /** What the answer's headers depend on; the rest is on all of them. */
  readonly manner: string;
  /** One character for each byte: what is no UTF-8 is refused, and what is refused is not kept. */
  readonly body: string;
}

/** Of a POST whose body is JSON. */
export function questionOf({ headers }: IncomingMessage, body: Buffer): Question {
  const { accept = "", origin = "", "content-type": type = "" } = headers;
  return { manner: `${accept}\n${origin}\n${type}`, body: body.toString("latin1") };
}
