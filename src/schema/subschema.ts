import type { Json, JsonObject } from "../domain/json/json.js";
import { isObject } from "../domain/json/json.js";
import { escapeToken } from "../domain/json/pointer.js";

/** A JSON Schema: an object, or (since draft 06) a boolean. */
export type Schema = JsonObject | boolean;

/** Keywords that hold schemas, each under a name of its author's choice. */
export const KEYWORDS_WITH_NAMES: ReadonlySet<string> = new Set(
  "properties patternProperties dependentSchemas dependencies definitions $defs".split(" "),
);
/** Keywords that hold one schema, or a list of them. Any other keyword holds data, whatever it looks like. */
const KEYWORDS_WITH_SCHEMAS: ReadonlySet<string> = new Set(
  [
    "allOf anyOf oneOf not if then else items prefixItems additionalItems unevaluatedItems contains",
    "additionalProperties unevaluatedProperties propertyNames",
  ].flatMap((keywords) => keywords.split(" ")),
);

export function isSchema(value: Json | undefined): value is Schema {
  return typeof value === "boolean" || isObject(value);
}

/** The schema objects directly inside one, each with the tokens that lead to it. */
export function* subschemas(
  schema: JsonObject,
): Generator<[tokens: readonly string[], subschema: JsonObject]> {
  for (const keyword of Object.keys(schema)) {
    const value = schema[keyword] as Json;
    const hasSchemas = KEYWORDS_WITH_SCHEMAS.has(keyword);
    if (hasSchemas && isObject(value)) yield [[keyword], value];
    else if (hasSchemas ? Array.isArray(value) : KEYWORDS_WITH_NAMES.has(keyword) && isObject(value)) {
      for (const [name, member] of Object.entries(value as JsonObject)) {
        if (isObject(member)) yield [[keyword, name], member];
      }
    }
  }
}

type Visit = (schema: JsonObject, tokens: readonly string[]) => void;

/** Visits a schema object and every one inside it, outer ones first; `tokens` is where it stands. */
export function walkSchemas(schema: JsonObject, visit: Visit, tokens: readonly string[] = []): void {
  visit(schema, tokens);
  for (const [inside, subschema] of subschemas(schema)) walkSchemas(subschema, visit, [...tokens, ...inside]);
}

/** A copy of one schema object in which each schema object directly inside has been replaced. */
export function mapSubschemas(
  schema: JsonObject,
  replace: (subschema: JsonObject) => JsonObject,
): JsonObject {
  const one = (value: Json): Json => (isObject(value) ? replace(value) : value);
  const replaced = (keyword: string, value: Json): Json => {
    if (KEYWORDS_WITH_SCHEMAS.has(keyword)) return Array.isArray(value) ? value.map(one) : one(value);
    if (!KEYWORDS_WITH_NAMES.has(keyword) || !isObject(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, one(member)]));
  };
  return Object.fromEntries(
    Object.entries(schema).map(([keyword, value]) => [keyword, replaced(keyword, value)]),
  );
}

/** Makes one schema object's replacement; `copy` is the original with its subschemas already replaced. */
type SchemaChange = (copy: JsonObject, original: JsonObject) => JsonObject;

/** A copy of a schema in which every schema object has been passed through `change`, inner ones first. */
export function mapSchemas(schema: JsonObject, change: SchemaChange): JsonObject {
  return change(
    mapSubschemas(schema, (subschema) => mapSchemas(subschema, change)),
    schema,
  );
}

/** The value at the tokens of a pointer, arrays included; undefined where there is none. */
export function lookUp(schema: Json, tokens: readonly string[]): Json | undefined {
  let value: Json | undefined = schema;
  for (const token of tokens) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, token)) return undefined;
    value = (value as JsonObject)[token];
  }
  return value;
}

/** The schema that a reference inside one self-contained schema (`#/…`) points at. */
export function followLocal(root: JsonObject, reference: string): Schema | undefined {
  const target = lookUp(root, fragmentTokens(reference.slice(1)));
  return isSchema(target) ? target : undefined;
}

/** A reference to a place in the same schema. */
export function localReference(tokens: readonly string[]): string {
  return `#${tokens.map((token) => `/${encodeURIComponent(escapeToken(token))}`).join("")}`;
}

/** The tokens of a pointer in a URI fragment. */
export function fragmentTokens(fragment: string): string[] {
  return decodeURIComponent(fragment)
    .split("/")
    .slice(1)
    .map((token) => token.replaceAll("~1", "/").replaceAll("~0", "~"));
}
