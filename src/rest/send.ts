import type { FastifyReply, FastifyRequest } from "fastify";
import { challengeFor } from "../auth/token-header.js";
import type { Answer } from "./answer.js";
import { envelope, type Sender } from "./envelope.js";

export function send(
  sender: Sender,
  request: FastifyRequest,
  reply: FastifyReply,
  answer: Answer,
): FastifyReply {
  const { status, headers = {}, content, document } = answer;
  if (status === 401) reply.header("WWW-Authenticate", challengeFor(request.headers));
  return reply
    .code(status)
    .headers(headers)
    .send(content ? envelope(sender, request, content) : document);
}
