import type { Ajv } from "ajv";
import { checkJson, isObject, type Json, type JsonObject, withoutNulls } from "../domain/json.js";
import { deduceDefaults, type OwnDefault } from "./defaults.js";
import { localReference, walkSchemas } from "./subschema.js";
import { compileValidate, type Validate } from "./validation.js";

/** Hears of a default that is left out. */
type Report = (tokens: readonly string[], reason: string) => void;

/**
 * The defaults of a self-contained schema, without those that their own schema rejects (R6).
 * @throws Error when there is no end to them
 */
export function soundDefaults(schema: JsonObject, ajv: Ajv, validate: Validate, report: Report): JsonObject {
  // Usually all are sound together; only where they are not does each have to stand for itself.
  let doubtful = false;
  const all = deduceDefaults(schema, ({ given, isRoot }) => {
    const accepted = whyUnfit(given, isRoot) === undefined;
    doubtful ||= !accepted;
    return accepted;
  });
  if (!doubtful && validate(all).length === 0) return all;
  const whole = "strata:whole";
  ajv.addSchema({ ...schema }, whole);
  try {
    const validateAt = (tokens: readonly string[]) =>
      compileValidate(ajv, { $ref: whole + localReference(tokens) });
    return deduceDefaults(schema, judge(schema, validateAt, report));
  } finally {
    ajv.removeSchema(whole);
  }
}

function judge(
  root: JsonObject,
  validateAt: (tokens: readonly string[]) => Validate,
  report: Report,
): (own: OwnDefault) => boolean {
  const places = new Map<JsonObject, readonly string[]>();
  walkSchemas(root, (schema, tokens) => places.set(schema, tokens));
  const verdicts = new Map<JsonObject, boolean>();
  return (own) => {
    const known = verdicts.get(own.schema);
    if (known !== undefined) return known;
    const tokens = places.get(own.schema) ?? [];
    const reason = whyUnfit(own.given, own.isRoot) ?? whyRejected(own, validateAt(tokens));
    if (reason !== undefined) report([...tokens, "default"], `its default ${reason}; it is left out`);
    verdicts.set(own.schema, reason === undefined);
    return reason === undefined;
  };
}

function whyUnfit(given: Json, isRoot: boolean): string | undefined {
  if (isRoot && !isObject(given) && given !== null) return "is not an object";
  try {
    checkJson(given);
    return undefined;
  } catch (error) {
    return `is nothing that a document may hold (${(error as Error).message.replace(/\.$/, "")})`;
  }
}

/** A default may need its members' defaults to be whole, or be sound only without them. */
function whyRejected({ given, complete }: OwnDefault, validate: Validate): string | undefined {
  const own = withoutNulls(given);
  if (own === undefined) return undefined;
  const [first] = validate(own);
  if (first === undefined || validate(complete() as Json).length === 0) return undefined;
  return `is rejected by its own schema (${first.pointer === "" ? "" : `${first.pointer} `}${first.message})`;
}
