import type { FastifyRequest } from "fastify";
import type { Principal } from "../auth/principal.js";
import { StrataError } from "../domain/errors.js";
import type { RequestJournal } from "../service/request-journal.js";
import type { Answer } from "./answer.js";
import { targetOf } from "./rest-request.js";

/** Says of a request who sent it and what for, for its line in the log. */
export function noteCaller(request: FastifyRequest, { subject }: Principal): void {
  const { params, routeOptions } = request;
  const hasTarget = Object.hasOwn(params as object, "account_id");
  const target = hasTarget ? targetOf(request) : undefined;
  request.notes = {
    subject,
    ...(target && { account: target.accountId, config: target.configId }),
    ...(routeOptions.url !== undefined && { route: routeOptions.url }),
  };
}

/** Answers a request, and says what that took and what came of it. */
export async function noteAnswer(
  request: FastifyRequest,
  journal: RequestJournal,
  answer: () => Promise<Answer>,
): Promise<Answer> {
  try {
    const made = await answer();
    if (made.status < 400) note(request, { outcomes: ["ok"] });
    return made;
  } finally {
    const { storeCalls, writes } = journal;
    note(request, { storeCalls, writes });
  }
}

export function noteError(request: FastifyRequest, error: unknown): void {
  if (error instanceof StrataError) note(request, { outcomes: [error.code] });
}

function note(request: FastifyRequest, notes: NonNullable<FastifyRequest["notes"]>): void {
  request.notes = Object.assign({}, request.notes, notes);
}
