import { readFile } from "node:fs/promises";
import {
  type DocumentNode,
  type GraphQLSchema,
  Kind,
  parse,
  stripIgnoredCharacters,
  validate,
} from "graphql";
import { parseJsonText } from "../../../domain/json/json-text.js";
import type { PreparedQuery } from "./prepared-queries.js";
import { bareHash, checkHash, type QueryName } from "./query-name.js";
import { QueryRefusal, UNTRUSTED_DOCUMENT } from "./query-refusal.js";
import { checkQueryText } from "./query-text.js";

/** Queries by their hashes, as codegen's `persisted-documents.json` has them. */
export type TrustedTexts = Readonly<Record<string, string>>;

const BYTE_ORDER_MARK = /^\uFEFF/;
/** Problems of a file that are told at once. */
const TOLD = 10;
/** Hashes and names longer than that are not repeated in errors. */
const REPEATABLE = /^[\w:.-]{1,128}$/;

/** @throws Error for the operator, with the file and the reason */
export async function readTrustedTexts(file: string): Promise<TrustedTexts> {
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    throw unusable(file, `it cannot be read (${error.code})`);
  });
  let texts: unknown;
  try {
    texts = parseJsonText(text.replace(BYTE_ORDER_MARK, ""));
  } catch (error) {
    throw unusable(file, (error as Error).message);
  }
  if (!isTexts(texts)) throw unusable(file, 'it is no JSON object of texts: {"<hash>": "<query>", …}');
  return texts;
}

/** The only queries that run, where an operator has listed them. All of them are prepared at the start. */
export class TrustedDocuments {
  readonly #byHash = new Map<string, PreparedQuery>();
  readonly #byText = new Map<string, PreparedQuery>();

  /** @throws Error for the operator: names each hash whose document cannot run, with the reason */
  constructor(schema: GraphQLSchema, file: string, texts: TrustedTexts) {
    const problems: string[] = [];
    for (const [hash, text] of Object.entries(texts)) {
      try {
        this.#add(hash, text, documentOf(schema, text));
      } catch (error) {
        problems.push(`  ${hash}: ${(error as Error).message}`);
      }
    }
    if (problems.length === 0) return;
    const more = problems.length > TOLD ? `\n  and ${problems.length - TOLD} more` : "";
    throw unusable(file, `some of its documents cannot run:\n${problems.slice(0, TOLD).join("\n")}${more}`);
  }

  #add(hash: string, text: string, document: DocumentNode): void {
    const bare = stripIgnoredCharacters(text);
    const query = this.#byText.get(bare) ?? { text, document, hash: undefined, operations: new Map() };
    this.#byHash.set(hash, query);
    for (const each of [text, bare]) this.#byText.set(each, query);
  }

  /**
   * @returns undefined where no query is named
   * @throws QueryRefusal for one that is not trusted; StrataError QUERY_TOO_COMPLEX for a text over a limit, BAD_USER_INPUT for a hash
   * that is not the text's
   */
  find({ text, hash }: QueryName): PreparedQuery | undefined {
    const named =
      hash === undefined ? undefined : (this.#byHash.get(hash) ?? this.#byHash.get(bareHash(hash)));
    if (text === undefined) {
      if (hash !== undefined && named === undefined) throw untrusted(`The document ${repeated(hash)}`);
      return named;
    }
    const query = this.#byText.get(text) ?? this.#differentlySpelled(text);
    if (query === undefined) throw untrusted(operationIn(text));
    if (hash !== undefined && named !== query) checkHash(hash, text);
    return query;
  }

  /** Clients print a query in other ways than codegen does. */
  #differentlySpelled(text: string): PreparedQuery | undefined {
    checkQueryText(text);
    try {
      return this.#byText.get(stripIgnoredCharacters(text));
    } catch {
      return undefined;
    }
  }
}

/** @throws Error where it does not parse, does not fit the schema, or passes a limit */
function documentOf(schema: GraphQLSchema, text: string): DocumentNode {
  checkQueryText(text);
  const document = parse(text);
  const [error] = validate(schema, document);
  if (error !== undefined) throw error;
  const operations = document.definitions.filter((each) => each.kind === Kind.OPERATION_DEFINITION);
  const unknown = operations.find(({ operation }) => !schema.getRootType(operation));
  if (unknown !== undefined) throw new Error(`There is no ${unknown.operation} here.`);
  return document;
}

function isTexts(value: unknown): value is TrustedTexts {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  return Object.values(value).every((text) => typeof text === "string");
}

function operationIn(text: string): string {
  const name = /\b(?:query|mutation|subscription)\s+(\w+)/.exec(text)?.[1];
  return name === undefined ? "An operation without a name" : `The operation ${repeated(name)}`;
}

function repeated(name: string): string {
  return REPEATABLE.test(name) ? `"${name}"` : "of that name";
}

function untrusted(what: string): QueryRefusal {
  const message = `${what} is not among the trusted documents, and only those run here. Add it to the file of STRATA_TRUSTED_DOCUMENTS, and start the server anew.`;
  return new QueryRefusal(400, UNTRUSTED_DOCUMENT, message);
}

function unusable(file: string, reason: string): Error {
  return new Error(`STRATA_TRUSTED_DOCUMENTS: ${file} cannot be used: ${reason}`);
}
