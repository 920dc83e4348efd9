import type { FastifyReply, FastifyRequest } from "fastify";
import type { Answer } from "./answer.js";
import { envelope, type Sender } from "./envelope.js";

export function send(
  sender: Sender,
  request: FastifyRequest,
  reply: FastifyReply,
  answer: Answer,
): FastifyReply {
  const { status, headers = {}, content, document } = answer;
  return reply
    .code(status)
    .headers(headers)
    .send(content ? envelope(sender, request, content) : document);
}
