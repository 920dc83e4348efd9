import { ApolloServerErrorCode } from "@apollo/server/errors";
import { contentTypeFor } from "../../../http/content-type.js";
import { errorBody } from "../../../http/error-response.js";
import type { HttpResponse } from "../../../http/http-response.js";
import { jsonResponse } from "../response/graphql-response.js";

const NOT_ACCEPTABLE = errorBody(
  "BAD_USER_INPUT",
  "The Accept header allows neither application/json nor application/graphql-response+json.",
);

/** Of a query that is not among the trusted documents. */
export const UNTRUSTED_DOCUMENT = "UNTRUSTED_DOCUMENT";

/** Why there is no query to a hash, or none that may run. */
export class QueryRefusal extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }

  response(accept: string | undefined): HttpResponse {
    if (contentTypeFor(accept) === undefined) return jsonResponse(accept, 406, NOT_ACCEPTABLE);
    return jsonResponse(accept, this.status, errorBody(this.code, this.message));
  }
}

/** Apollo's link then sends the query's text along. It wants the status 200, and compares the message. */
export function persistedQueryNotFound(): QueryRefusal {
  return new QueryRefusal(200, ApolloServerErrorCode.PERSISTED_QUERY_NOT_FOUND, "PersistedQueryNotFound");
}

/** Apollo's link then sends texts alone from there on. */
export function persistedQueryNotSupported(): QueryRefusal {
  return new QueryRefusal(
    200,
    ApolloServerErrorCode.PERSISTED_QUERY_NOT_SUPPORTED,
    "PersistedQueryNotSupported",
  );
}
