import { tokensCountFrom } from "../../auth/policy.js";
import type { Principal } from "../../auth/principal.js";
import type { ReadTrace, VersionVector } from "./read-trace.js";

/** What has to hold for a cached answer to be the answer still, to the same question of a caller who may see the same. */
export interface AnswerBasis {
  readonly vector: VersionVector;
  /** The digest of the schema folder that it was made under. */
  readonly schemas: string;
  /** Tokens that were issued before this second, since the epoch, get another answer. */
  readonly issuedFrom: number;
}

/**
 * @param schemas the digest of the schema folder that the answer was made under
 * @returns undefined: nothing tells whether the answer holds
 */
export function answerBasis(
  { accountId, isSuperadmin }: Principal,
  trace: ReadTrace,
  schemas: string,
): AnswerBasis | undefined {
  const { vector } = trace;
  if (vector === undefined || vector.accounts.length + vector.documents.length === 0) return undefined;
  const own = accountId === undefined ? undefined : trace.account(accountId);
  // Whether a token counts depends on how old its account is.
  if (own === undefined && !isSuperadmin) return undefined;
  return { vector, schemas, issuedFrom: own === undefined ? 0 : tokensCountFrom(own) };
}

/** Whether an answer is one for this caller under these schemas; its versions are for `VersionCheck`. */
export function isFor(answer: AnswerBasis, { isSuperadmin, issuedAt }: Principal, schemas: string): boolean {
  if (answer.schemas !== schemas) return false;
  return isSuperadmin || (issuedAt !== undefined && issuedAt >= answer.issuedFrom);
}
