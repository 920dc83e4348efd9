import { StrataError } from "../domain/errors.js";
import { isOperationName } from "../service/write/named-operation.js";

/** RFC 8941: a string, and parameters, which are passed over. */
const STRING =
  /^"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"(?:; *[a-z*][a-z0-9_.*-]*(?:=(?:"(?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*"|[^\s";,]*))?)*$/;
/** What programs send that do not know of quotes, e.g. a UUID or Base64. */
const BARE = /^[A-Za-z0-9!#$%&'*+\-.^_`|~:/=@]+$/;

/**
 * The key by which a write that is sent again is known, as the IETF's draft has it: a string in quotes. A bare word will do.
 * @returns undefined where there is no such header
 * @throws StrataError BAD_USER_INPUT
 */
export function idempotencyKey(header: string | string[] | undefined): string | undefined {
  if (header === undefined) return undefined;
  const text = String(header).trim();
  const key = STRING.exec(text)?.[1]?.replace(/\\(.)/g, "$1") ?? BARE.exec(text)?.[0];
  if (key !== undefined && isOperationName(key)) return key;
  throw new StrataError(
    "BAD_USER_INPUT",
    'Idempotency-Key cannot be read: send one key of 1 to 128 printable ASCII characters in quotes, e.g. "8e03978e-40d5-43dd-bc93-6894a57f9324".',
  );
}
