/** The request parameters of GraphQL over HTTP. */
export interface GraphqlRequest {
  readonly query: string;
  readonly operationName: string | undefined;
  readonly variables: Readonly<Record<string, unknown>>;
}

/** The request in a body; undefined where it has another shape, or extensions: Apollo Server says what is wrong with it. */
export function graphqlRequestIn(body: unknown): GraphqlRequest | undefined {
  if (typeof body !== "object" || body === null) return undefined;
  const { query, operationName, variables, ...rest } = body as Record<string, unknown>;
  if (typeof query !== "string" || Object.keys(rest).length > 0) return undefined;
  if (operationName !== undefined && operationName !== null && typeof operationName !== "string")
    return undefined;
  if (variables !== undefined && (typeof variables !== "object" || Array.isArray(variables)))
    return undefined;
  return {
    query,
    operationName: operationName ?? undefined,
    variables: (variables ?? {}) as Record<string, unknown>,
  };
}

/** The query's text where Apollo Server will look for it: in a body, or (GET) once in a URL. */
export function queryTextIn(body: unknown, search: string): string | undefined {
  const found =
    search === ""
      ? [(body as { query?: unknown } | null)?.query]
      : new URLSearchParams(search).getAll("query");
  return found.length === 1 && typeof found[0] === "string" ? found[0] : undefined;
}
