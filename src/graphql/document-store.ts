import type { ApolloServerOptions, BaseContext } from "@apollo/server";
import type { DocumentNode } from "graphql";
import { LRUCache } from "lru-cache";

/** Of memory that all documents may take, as far as it can be told. */
const BYTES = 16 * 2 ** 20;
/** What a document takes for each character of its JSON text: its nodes are objects with a place in the query's text. */
const BYTES_PER_CHARACTER = 4;

const sizes = new WeakMap<DocumentNode, number>();

/** Bytes of memory: a document keeps the text that it was made of, comments and all. Worked out once for each. */
export function sizeOf(document: DocumentNode): number {
  const text = document.loc?.source.body.length ?? 0;
  const size = sizes.get(document) ?? 2 * text + BYTES_PER_CHARACTER * JSON.stringify(document).length;
  sizes.set(document, size);
  return size;
}

/** Where Apollo keeps what it has parsed and validated. A store of its own would not count the texts. */
export function createDocumentStore(): NonNullable<ApolloServerOptions<BaseContext>["documentStore"]> {
  const documents = new LRUCache<string, DocumentNode>({ maxSize: BYTES, sizeCalculation: sizeOf });
  return {
    get: async (key) => documents.get(key),
    set: async (key, document) => void documents.set(key, document),
    delete: async (key) => documents.delete(key),
  };
}
