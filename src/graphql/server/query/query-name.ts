import { createHash } from "node:crypto";
import { StrataError } from "../../../domain/errors.js";
import { type Members, recordIn } from "../graphql-request.js";
import { persistedQueryNotSupported } from "./query-refusal.js";

/** How a request says which query it means: by its text, by a hash, or both. */
export interface QueryName {
  readonly text: string | undefined;
  /** As it came: in `extensions.persistedQuery` (Apollo), or as `documentId` (GraphQL over HTTP). */
  readonly hash: string | undefined;
}

const PREFIX = /^sha256:/;

/** @throws StrataError BAD_USER_INPUT for what cannot be a hash; QueryRefusal for a version of persisted queries other than 1 */
export function queryNameIn({ query, extensions, documentId }: Members): QueryName {
  const text = typeof query === "string" ? query : undefined;
  const byApollo = hashIn(recordIn(extensions)?.persistedQuery);
  if (documentId === undefined || documentId === null) return { text, hash: byApollo };
  if (typeof documentId !== "string" || documentId === "")
    throw unusable("`documentId` is text: the hash of the query.", "/documentId");
  if (byApollo !== undefined && byApollo !== documentId.replace(PREFIX, ""))
    throw unusable("`documentId` and `extensions.persistedQuery` name two queries: send one.", "/documentId");
  return { text, hash: documentId };
}

function hashIn(persistedQuery: unknown): string | undefined {
  if (persistedQuery === undefined || persistedQuery === null) return undefined;
  const { version, sha256Hash } = recordIn(persistedQuery) ?? {};
  if (typeof sha256Hash !== "string" || sha256Hash === "")
    throw unusable(
      '`extensions.persistedQuery` is { "version": 1, "sha256Hash": "<hash of the query>" }.',
      "/extensions/persistedQuery",
    );
  if (version !== 1) throw persistedQueryNotSupported();
  return sha256Hash;
}

/** Without the prefix that GraphQL over HTTP gives to SHA-256. */
export function bareHash(hash: string): string {
  return hash.replace(PREFIX, "");
}

/** @throws StrataError BAD_USER_INPUT where the hash is not that of the text: whoever asks by the hash would get another query */
export function checkHash(hash: string, text: string): void {
  if (createHash("sha256").update(text).digest("hex") === bareHash(hash)) return;
  throw unusable("The hash is not the SHA-256 of the query, in lower-case hexadecimal digits.", "/query");
}

function unusable(message: string, pointer: string): StrataError {
  return new StrataError("BAD_USER_INPUT", message, { pointer });
}
