import type { Json, JsonObject } from "../../domain/json/json.js";
import { walkSchemas } from "../subschema.js";
import type { Validate, Validator } from "../validation.js";
import { deduceDefaults, type OwnDefault } from "./defaults.js";
import { soundPart } from "./sound-part.js";

/** Hears of a default that is left out. */
type Report = (tokens: readonly string[], reason: string) => void;

/**
 * The defaults of a self-contained schema, without those that their own schema rejects (R6).
 * @throws Error when there is no end to them
 */
export function soundDefaults(schema: JsonObject, validator: Validator, report: Report): JsonObject {
  // Usually all are sound together; only where they are not does each have to stand for itself.
  let doubtful = false;
  const all = deduceDefaults(schema, (own) => {
    const { part, leftOut } = soundPart(own, acceptAll);
    doubtful ||= leftOut.length > 0;
    return part;
  });
  if (!doubtful && validator.validate(all).length === 0) return all;
  return deduceDefaults(schema, judge(schema, validator, report));
}

const acceptAll: Validate = () => [];

function judge(
  root: JsonObject,
  validator: Validator,
  report: Report,
): (own: OwnDefault) => Json | undefined {
  const places = new Map<JsonObject, readonly string[]>();
  walkSchemas(root, (schema, tokens) => places.set(schema, tokens));
  const parts = new Map<JsonObject, Json | undefined>();
  return (own) => {
    if (parts.has(own.schema)) return parts.get(own.schema);
    const tokens = places.get(own.schema) ?? [];
    const { part, leftOut } = soundPart(own, validator.at(own.schema));
    for (const { tokens: inside, reason } of leftOut) {
      const what = inside.length === 0 ? "its default" : "a member of a default";
      report([...tokens, "default", ...inside], `${what} ${reason}; it is left out`);
    }
    parts.set(own.schema, part);
    return part;
  };
}
