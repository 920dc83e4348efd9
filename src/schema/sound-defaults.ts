import type { Ajv } from "ajv";
import type { Json, JsonObject } from "../domain/json.js";
import { deduceDefaults, type OwnDefault } from "./defaults.js";
import { soundPart } from "./sound-part.js";
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
  const all = deduceDefaults(schema, (own) => {
    const { part, leftOut } = soundPart(own, acceptAll);
    doubtful ||= leftOut.length > 0;
    return part;
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

const acceptAll: Validate = () => [];

function judge(
  root: JsonObject,
  validateAt: (tokens: readonly string[]) => Validate,
  report: Report,
): (own: OwnDefault) => Json | undefined {
  const places = new Map<JsonObject, readonly string[]>();
  walkSchemas(root, (schema, tokens) => places.set(schema, tokens));
  const parts = new Map<JsonObject, Json | undefined>();
  return (own) => {
    if (parts.has(own.schema)) return parts.get(own.schema);
    const tokens = places.get(own.schema) ?? [];
    const { part, leftOut } = soundPart(own, validateAt(tokens));
    for (const { tokens: inside, reason } of leftOut) {
      const what = inside.length === 0 ? "its default" : "a member of a default";
      report([...tokens, "default", ...inside], `${what} ${reason}; it is left out`);
    }
    parts.set(own.schema, part);
    return part;
  };
}
