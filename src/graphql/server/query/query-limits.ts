import { StrataError } from "../../../domain/errors.js";

/** Limits of one GraphQL request and of its response. */
export const QUERY_LIMITS = {
  /** Characters of the query's text. */
  characters: 256 * 1024,
  /** Tokens of the query's text. */
  tokens: 4_000,
  /** Brackets open at once: selections, lists, objects. Room for a literal of the deepest document. */
  depth: 100,
  /** Selections that GraphQL's validation compares with each other, in a time that grows with their square. */
  repeats: 200,
  /** Items of one list in the variables. */
  items: 10_000,
  /** Estimated work, by the `complexity` of the fields. */
  cost: 50_000,
  /** The same, once it is known how long the lists are. */
  work: 500_000,
  /** Characters of the answer's JSON text, about. */
  response: 8 * 1024 * 1024,
} as const;

export type QueryLimit = keyof typeof QUERY_LIMITS;

/** @param limit as clients know it: `work` is told as `response`, for it is the answer that is too large */
export function tooComplex(limit: Exclude<QueryLimit, "work">, message: string): StrataError {
  return new StrataError("QUERY_TOO_COMPLEX", message, { limit });
}
