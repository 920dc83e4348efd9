/** Every way Strata refuses a request. Closed: a new code has to be mapped wherever codes are. */
export const ERROR_CODES = [
  "ACCOUNT_CYCLE",
  "ACCOUNT_EXISTS",
  "ACCOUNT_HAS_CHILDREN",
  "ACCOUNT_NOT_FOUND",
  "BAD_USER_INPUT",
  "CONFIG_NOT_FOUND",
  "FORBIDDEN",
  "INTERNAL_SERVER_ERROR",
  "QUERY_TOO_COMPLEX",
  "RATE_LIMITED",
  "REVISION_NOT_FOUND",
  "STORE_UNAVAILABLE",
  "UNAUTHENTICATED",
  "WRITE_OUTCOME_UNKNOWN",
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

interface ErrorDetail {
  /** Where in the given JSON the trouble is. */
  readonly pointer?: string;
  /** The limit that was passed, by name. */
  readonly limit?: string;
  /** Seconds after which asking again makes sense. */
  readonly retryAfter?: number;
  /** From which revision on, or from which moment on, there is history to answer from; null: there is none. */
  readonly oldest?: number | string | null;
  readonly cause?: unknown;
}

/** The one error class that faces translate; its message is written for the caller and holds no values. */
export class StrataError extends Error {
  readonly code: ErrorCode;
  readonly pointer: string | undefined;
  readonly limit: string | undefined;
  readonly retryAfter: number | undefined;
  readonly oldest: number | string | null | undefined;

  constructor(code: ErrorCode, message: string, detail: ErrorDetail = {}) {
    super(message, detail.cause === undefined ? {} : { cause: detail.cause });
    this.name = "StrataError";
    this.code = code;
    this.pointer = detail.pointer;
    this.limit = detail.limit;
    this.retryAfter = detail.retryAfter;
    this.oldest = detail.oldest;
  }
}
