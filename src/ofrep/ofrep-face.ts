import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { challengeFor } from "../auth/token-header.js";
import { StrataError } from "../domain/errors.js";
import { acceptJsonBodies, type ReadJson } from "../rest/request-body.js";
import { withApiKey } from "./api-key.js";
import { refusalOf } from "./error-refusal.js";
import type { OfrepRefusal } from "./ofrep-refusal.js";
import { keyOf, ServedFlags, type ServedFlagsOptions } from "./served-flags.js";
import { ServedStreams, type ServedStreamsOptions } from "./served-streams.js";
import { STREAM_PATH } from "./stream-address.js";

export interface OfrepFaceOptions extends ServedFlagsOptions, ServedStreamsOptions {
  readonly readJson: ReadJson;
}

export interface OfrepFace {
  /** Looks for everybody who is connected whether the schemas in force change the answer. */
  schemasChanged(): void;
}

const PREFIX = "/ofrep/v1";
const FLAGS = "/evaluate/flags";
/** Over what the server says everywhere: pages read these too. */
const CORS = {
  exposedHeaders: [
    "X-Request-ID",
    "ETag",
    "Retry-After",
    "WWW-Authenticate",
    "RateLimit",
    "RateLimit-Policy",
  ],
};

/** Serves OpenFeature's Remote Evaluation Protocol (OFREP 0.3): settings as flags, over the use-cases, no rule of its own. */
export async function addOfrepFace(app: FastifyInstance, options: OfrepFaceOptions): Promise<OfrepFace> {
  const streams = new ServedStreams(options);
  await app.register(
    async (face) => {
      acceptJsonBodies(face, options.readJson);
      answerErrors(face);
      const flags = new ServedFlags(options);
      const config = { cors: CORS };
      const ofFlags = { config, onRequest: (request: FastifyRequest) => flags.identify(request) };
      face.post(FLAGS, ofFlags, (request, reply) => flags.answerBulk(request, reply));
      // A key may hold slashes, and not every provider encodes them.
      face.post(`${FLAGS}/*`, ofFlags, (request, reply) => flags.answerFlag(request, reply));
      const ofStreams = { config, onRequest: (request: FastifyRequest) => streams.identify(request) };
      face.get(STREAM_PATH, ofStreams, (request, reply) => streams.answer(request, reply));
      refuseOtherMethods(face, FLAGS, ["POST"]);
      refuseOtherMethods(face, `${FLAGS}/*`, ["POST"]);
      refuseOtherMethods(face, STREAM_PATH, ["GET", "HEAD"]);
    },
    { prefix: PREFIX },
  );
  return { schemasChanged: () => streams.wake() };
}

/** In a hook: whatever body there is, nobody has to read it. */
function refuseOtherMethods(face: FastifyInstance, url: string, taken: readonly string[]): void {
  const allow = [...taken, "OPTIONS"].join(", ");
  const answer = (request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    reply.header("Allow", allow);
    if (request.method === "OPTIONS") return reply.code(204).send();
    return reply.code(405).send(failure(request, "GENERAL", `This takes ${allow}.`));
  };
  face.route({
    method: face.supportedMethods.filter((method) => !taken.includes(method)),
    url,
    // A preflight is answered here as well, and OPTIONS that is none.
    config: { cors: { ...CORS, strictPreflight: false, preflightContinue: true } },
    onRequest: async (request, reply) => answer(request, reply),
    handler: answer,
  });
}

function answerErrors(face: FastifyInstance): void {
  face.setErrorHandler((error, request, reply) => {
    const refusal = refusalOf(error, request.id);
    const outcome = error instanceof StrataError ? error.code : refusal.code;
    request.notes = { ...request.notes, outcomes: [outcome] };
    if (refusal.status === 500) request.log.error({ err: error }, "request failed");
    if (refusal.status === 401) reply.header("WWW-Authenticate", challengeFor(withApiKey(request.headers)));
    return reply
      .code(refusal.status)
      .headers(refusal.headers)
      .send(failure(request, refusal.code, refusal.message));
  });
  // Refusals made by the server for all faces have the shape of GraphQL errors.
  face.addHook("preSerialization", async (request, _reply, payload) => {
    const { errors } = payload as { errors?: readonly { message?: unknown }[] };
    const message = Array.isArray(errors) ? errors[0]?.message : undefined;
    return typeof message === "string" ? failure(request, "GENERAL", message) : payload;
  });
}

function failure(request: FastifyRequest, errorCode: OfrepRefusal["code"], errorDetails: string) {
  const key = keyOf(request);
  return { ...(key !== undefined && { key }), errorCode, errorDetails };
}
