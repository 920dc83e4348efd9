export type OfrepErrorCode =
  | "PARSE_ERROR"
  | "TARGETING_KEY_MISSING"
  | "INVALID_CONTEXT"
  | "FLAG_NOT_FOUND"
  | "GENERAL";

/** Something that the protocol has a code for. Its message is written for the caller and holds no values. */
export class OfrepRefusal extends Error {
  constructor(
    readonly status: number,
    readonly code: OfrepErrorCode,
    message: string,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
    this.name = "OfrepRefusal";
  }
}
