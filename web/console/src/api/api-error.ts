import type { CombinedError } from "@urql/core";

/** Why a request brought no data. */
export class ApiError extends Error {
  constructor(
    message: string,
    /** An `extensions.code` of the API, or `UNREACHABLE` where no answer came. */
    readonly code: string,
    readonly extensions: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
    this.name = "ApiError";
  }
}

export function apiErrorOf(error: CombinedError): ApiError {
  const [first] = error.graphQLErrors;
  if (first !== undefined)
    return new ApiError(first.message, String(first.extensions?.code ?? "UNKNOWN"), first.extensions);
  const status: unknown = error.response?.status;
  const reason =
    typeof status === "number"
      ? `The gateway answered with status ${status}.`
      : "The gateway does not answer.";
  return new ApiError(`${reason} Nothing was changed on this page.`, "UNREACHABLE");
}

/** What failed, for a person, whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
