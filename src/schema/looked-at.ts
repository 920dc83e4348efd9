import { isObject, type Json, type JsonObject } from "../domain/json/json.js";
import { membersOf } from "./declared-visibility.js";
import { followLocal, type Schema } from "./subschema.js";

/** Keywords whose schemas speak about the same value as the schema that holds them. */
const ONE = ["not", "if", "then", "else"];
const LISTS = ["allOf", "anyOf", "oneOf"];
const NAMED = ["dependentSchemas", "dependencies", "dependentRequired"];
/** Keywords that look at every member, and those that look only at which there are. */
const EVERYTHING = ["const", "enum", "unevaluatedProperties"];
const NAMES = ["propertyNames", "minProperties", "maxProperties", "additionalProperties"];

/**
 * The part of a value that a schema's verdict depends on: of an object the members that the schema speaks of, and of those
 * that it only asks for whether they are there. Two values of which it looks at the same get the same verdict.
 */
export function lookedAt(schema: Schema, value: Json, root: JsonObject): Json {
  return partOf([schema], value, root);
}

function partOf(given: readonly Schema[], value: Json, root: JsonObject): Json {
  const schemas = inPlace(given.filter(isObject), root);
  if (schemas.length === 0) return null;
  if (!isObject(value)) return value;
  const has = (keywords: readonly string[]) =>
    schemas.some((schema) => keywords.some((keyword) => Object.hasOwn(schema, keyword)));
  if (has(EVERYTHING)) return value;
  const named = new Set(schemas.flatMap(namesAskedFor));
  const isEachNamed = has(NAMES);
  const parts = Object.keys(value).flatMap((key): [string, Json][] => {
    const speaking = schemas.flatMap((schema) => membersOf(schema, key));
    if (speaking.length > 0) return [[key, partOf(speaking, value[key] as Json, root)]];
    return isEachNamed || named.has(key) ? [[key, null]] : [];
  });
  return Object.fromEntries(parts);
}

/** The schemas, and all that they lead to about the same value. */
function inPlace(given: readonly JsonObject[], root: JsonObject): JsonObject[] {
  // A set is walked in the order of insertion, what is added meanwhile included.
  const schemas = new Set(given);
  for (const schema of schemas) {
    const lists = LISTS.flatMap((keyword) => schema[keyword] ?? []) as Json[];
    const named = NAMED.flatMap((keyword) => Object.values((schema[keyword] ?? {}) as JsonObject));
    const target = typeof schema.$ref === "string" ? followLocal(root, schema.$ref) : undefined;
    for (const next of [...ONE.map((keyword) => schema[keyword]), ...lists, ...named, target])
      if (isObject(next)) schemas.add(next);
  }
  return [...schemas];
}

function namesAskedFor(schema: JsonObject): string[] {
  const dependent = NAMED.flatMap((keyword) => Object.entries((schema[keyword] ?? {}) as JsonObject));
  const names = [schema.required, ...dependent.flat()].flat();
  return names.filter((name) => typeof name === "string");
}
