import type { ParsedUrlQuery } from "node:querystring";
import type { Principal } from "../auth/principal.js";
import { isId } from "../domain/id.js";
import { OfrepRefusal } from "./ofrep-refusal.js";

const CONTEXT = "The context of an evaluation is an object: leave it out where there is nothing to say.";
const KEY_MISSING =
  "Say in context.targetingKey whose settings you want: the id of an account. A token of an account stands for that account.";
/** The same for what is no id, for an account that is not there, and for one that the caller may not see. */
export const NO_SUCH_ACCOUNT =
  "The targetingKey of the context is the id of an account. There is no such account, or you may not see it.";

/**
 * The account that a request is about: its `targetingKey`, or else that of the token.
 * @param body undefined: there was none
 * @throws OfrepRefusal PARSE_ERROR, INVALID_CONTEXT, TARGETING_KEY_MISSING
 */
export function targetAccount(body: unknown, { accountId }: Principal): string {
  const request = body ?? {};
  if (!isRecord(request))
    throw new OfrepRefusal(400, "PARSE_ERROR", "The body of an evaluation is an object.");
  const context = own(request, "context") ?? {};
  if (!isRecord(context)) throw new OfrepRefusal(400, "INVALID_CONTEXT", CONTEXT);
  const key = own(context, "targetingKey") ?? "";
  if (key === "") {
    if (accountId === undefined) throw new OfrepRefusal(400, "TARGETING_KEY_MISSING", KEY_MISSING);
    return accountId;
  }
  if (typeof key !== "string" || !isId(key)) throw new OfrepRefusal(400, "INVALID_CONTEXT", NO_SUCH_ACCOUNT);
  return key;
}

/** The configs that a bulk evaluation is about: those of `?configs=a,b`, each once; undefined: it names none, all are meant. */
export function wantedConfigs({ configs }: ParsedUrlQuery): string[] | undefined {
  if (configs === undefined) return undefined;
  const ids = [configs].flat().flatMap((text) => text.split(","));
  const named = new Set(ids.map((id) => id.trim()).filter((id) => id !== ""));
  return named.size === 0 ? undefined : [...named];
}

/** A parameter of the query; undefined: it is missing or empty. Of one that came several times, the first. */
export function queryText(query: ParsedUrlQuery, name: string): string | undefined {
  const given = query[name];
  const text = Array.isArray(given) ? given[0] : given;
  return text === "" ? undefined : text;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function own(record: Record<string, unknown>, name: string): unknown {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}
