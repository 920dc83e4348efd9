import { hash } from "node:crypto";
import type { Principal } from "../../auth/principal.js";
import { StrataError } from "../../domain/errors.js";
import { canonical, type Json } from "../../domain/json/json.js";
import type { EarlierOperation, Lineage, Store } from "../../store/store.js";
import { fromStore } from "../from-store.js";

/** Characters that the name of an operation may have. */
const NAME_LIMIT = 128;
/** Where an input has the name. Whoever answers in other words knows the refusals of names by it. */
export const OPERATION_POINTER = "/operationId";

/** An operation as the store knows it: the same for the same caller, name and body, and for nothing else. */
export interface NamedOperation {
  readonly id: string;
  /** Stands for all that the operation means to do. */
  readonly digest: string;
}

/** Whether a text may name an operation: as HTTP's Idempotency-Key, printable ASCII. */
export function isOperationName(text: string): boolean {
  return text.length <= NAME_LIMIT && /^[\x20-\x7e]+$/.test(text);
}

/** @throws StrataError BAD_USER_INPUT */
export function checkOperationName(name: string | undefined): void {
  if (name === undefined || isOperationName(name)) return;
  throw new StrataError(
    "BAD_USER_INPUT",
    `An operationId has 1 to ${NAME_LIMIT} printable ASCII characters; a UUID will do.`,
    { pointer: OPERATION_POINTER },
  );
}

export function digestOf(meaning: Json): string {
  return hash("sha256", canonical(meaning), "base64url");
}

/** The name that a caller gave a write, and what stands for all that the write means to do. */
export interface GivenName {
  readonly name: string;
  readonly digest: string;
}

/** @param layers what was read for the write; undefined: there is no such account */
export function namedOperation(
  principal: Principal,
  layers: { readonly ancestry?: { readonly lineage: Lineage } | undefined } | undefined,
  { name, digest }: GivenName,
): NamedOperation {
  return { id: operationIdOf(principal, layers?.ancestry?.lineage, name), digest };
}

/**
 * The id that a caller's name for an operation makes. The same name of another account or subject makes another one; so
 * does that of an account which got its id when another had lost it.
 * @param lineage in which the caller's own account is, if it has one
 */
export function operationIdOf(principal: Principal, lineage: Lineage | undefined, name: string): string {
  const { isSuperadmin, accountId = "", subject } = principal;
  // Superadmins write outside of their account, too: where it is not in the lineage nothing is known of it.
  const own = isSuperadmin ? undefined : lineage?.find(({ id }) => id === accountId);
  return digestOf([accountId, own?.createdAt ?? "", subject, name]);
}

/**
 * What an earlier request has done under the same name. It has to be looked up after all that the write is decided on has
 * been read: what this has not seen is then refused by the commit.
 * @throws StrataError BAD_USER_INPUT when that was something else; STORE_UNAVAILABLE
 */
export async function earlierOperation(
  store: Store,
  { id, digest }: NamedOperation,
): Promise<EarlierOperation | undefined> {
  const earlier = await fromStore(store.operation(id));
  if (earlier === undefined || earlier.digest === digest) return earlier;
  throw new StrataError(
    "BAD_USER_INPUT",
    "This operationId was used for another write: nothing was written. Make a new one for each write, and keep it for retries of that write alone.",
    { pointer: OPERATION_POINTER },
  );
}
