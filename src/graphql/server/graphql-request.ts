import { StrataError } from "../../domain/errors.js";

/** The request parameters of GraphQL over HTTP, without the query. */
export interface GraphqlRequest {
  readonly operationName: string | undefined;
  readonly variables: Readonly<Record<string, unknown>>;
}

/** The members of a request by their names, as they came: in a body, or in a URL. */
export type Members = Readonly<Record<string, unknown>>;

const TEXTS = ["query", "operationName"];
const OBJECTS = ["variables", "extensions"];

/**
 * The members of a request.
 * @param search of the URL, for a request without a body
 * @returns undefined where there are none, or one is not what Apollo Server takes: it says what is wrong
 * @throws StrataError BAD_USER_INPUT for more than one document id: Apollo Server does not look at it
 */
export function membersOf(body: unknown, search: string): Members | undefined {
  return search === "" ? recordIn(body) : membersIn(new URLSearchParams(search));
}

function membersIn(search: URLSearchParams): Members | undefined {
  const members: Record<string, unknown> = {};
  for (const name of [...TEXTS, ...OBJECTS, "documentId"]) {
    const [text, ...others] = search.getAll(name);
    if (text === undefined) continue;
    if (others.length > 0 && name === "documentId")
      throw new StrataError("BAD_USER_INPUT", "`documentId` may come only once.");
    const value = OBJECTS.includes(name) ? objectIn(text) : text;
    if (others.length > 0 || value === undefined) return undefined;
    members[name] = value;
  }
  return members;
}

function objectIn(text: string): Members | undefined {
  try {
    return recordIn(JSON.parse(text));
  } catch {
    return undefined;
  }
}

export function recordIn(value: unknown): Members | undefined {
  const isRecord = typeof value === "object" && value !== null && !Array.isArray(value);
  return isRecord ? (value as Members) : undefined;
}

const KNOWN: ReadonlySet<string> = new Set([...TEXTS, ...OBJECTS, "documentId"]);

/** What is to be executed; undefined where a member is unknown or of another type: Apollo Server says what is wrong with it. */
export function graphqlRequestIn(members: Members): GraphqlRequest | undefined {
  const { query, operationName, variables, extensions } = members;
  if (!Object.keys(members).every((name) => KNOWN.has(name))) return undefined;
  if (!isAbsent(query) && typeof query !== "string") return undefined;
  if (!isAbsent(operationName) && typeof operationName !== "string") return undefined;
  if (!isAbsent(variables) && recordIn(variables) === undefined) return undefined;
  if (!isAbsent(extensions) && recordIn(extensions) === undefined) return undefined;
  return {
    operationName: (operationName ?? undefined) as string | undefined,
    variables: (variables ?? {}) as Members,
  };
}

function isAbsent(value: unknown): value is null | undefined {
  return value === null || value === undefined;
}

/** The same request with its query spelled out, for Apollo Server: it knows neither hashes nor document ids here. */
export function withQueryText(members: Members, query: string): Members {
  const { documentId: _, extensions, ...others } = members;
  const known = recordIn(extensions);
  if (known === undefined) return { ...others, query, ...(extensions !== undefined && { extensions }) };
  const { persistedQuery: __, ...otherExtensions } = known;
  return { ...others, query, extensions: otherExtensions };
}

/** The members as the search of a URL. */
export function searchOf(members: Members): string {
  const texts = Object.entries(members).map(([name, value]): [string, string] => [
    name,
    typeof value === "string" ? value : JSON.stringify(value),
  ]);
  return `?${new URLSearchParams(texts)}`;
}
