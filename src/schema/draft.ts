import { isObject, type Json, type JsonObject, type JsonObjectDraft } from "../domain/json/json.js";

export type Draft = "04" | "06" | "07" | "2019-09" | "2020-12";

const AGES: readonly Draft[] = ["04", "06", "07", "2019-09", "2020-12"];

const URIS: Readonly<Record<Draft, string>> = {
  "04": "http://json-schema.org/draft-04/schema#",
  "06": "http://json-schema.org/draft-06/schema#",
  "07": "http://json-schema.org/draft-07/schema#",
  "2019-09": "https://json-schema.org/draft/2019-09/schema",
  "2020-12": "https://json-schema.org/draft/2020-12/schema",
};

/** The `$schema` URIs of a draft. */
export function uriOf(draft: Draft): string {
  return URIS[draft];
}

const withoutScheme = (uri: string) => uri.replace(/^https?:\/\//, "").replace(/#$/, "");
const DRAFTS: ReadonlyMap<string, Draft> = new Map(AGES.map((draft) => [withoutScheme(URIS[draft]), draft]));

/**
 * The draft that `$schema` names; without one, 2020-12.
 * @throws Error for a draft that is not supported
 */
export function draftOf($schema: Json | undefined): Draft {
  if ($schema === undefined) return "2020-12";
  const draft = typeof $schema === "string" ? DRAFTS.get(withoutScheme($schema)) : undefined;
  if (draft === undefined) {
    throw new Error(
      `$schema names no supported draft (04, 06, 07, 2019-09, 2020-12): ${JSON.stringify($schema)}`,
    );
  }
  return draft;
}

export function newerDraft(a: Draft, b: Draft): Draft {
  return AGES.indexOf(a) > AGES.indexOf(b) ? a : b;
}

export function isOlder(a: Draft, b: Draft): boolean {
  return a !== b && newerDraft(a, b) === b;
}

/** Where a draft keeps schemas that others refer to. */
export function definitionsKeyword(draft: Draft): "definitions" | "$defs" {
  return isOlder(draft, "2019-09") ? "definitions" : "$defs";
}

/**
 * Keywords that came after draft 04, with the draft they came with. `dependencies` has stayed: 2019-09 lets validators
 * keep it.
 */
const SINCE: ReadonlyMap<string, Draft> = new Map(
  Object.entries({
    "06": "const contains propertyNames $id",
    "07": "if then else",
    "2019-09":
      "dependentRequired dependentSchemas minContains maxContains unevaluatedItems unevaluatedProperties $anchor $recursiveRef $recursiveAnchor",
    "2020-12": "prefixItems $dynamicRef $dynamicAnchor",
  }).flatMap(([draft, keywords]) => keywords.split(" ").map((keyword) => [keyword, draft as Draft] as const)),
);
/** Keywords that went, with the first draft without them. */
const UNTIL: ReadonlyMap<string, Draft> = new Map([
  ["id", "06"],
  ["additionalItems", "2020-12"],
  ["$recursiveRef", "2020-12"],
  ["$recursiveAnchor", "2020-12"],
]);

/** Keywords that a `$ref` switches off beside itself up to draft 07; annotations and definitions stay. */
const CONSTRAINING: ReadonlySet<string> = new Set(
  [
    "type enum const multipleOf maximum exclusiveMaximum minimum exclusiveMinimum maxLength minLength pattern format",
    "items additionalItems maxItems minItems uniqueItems contains maxProperties minProperties required properties",
    "patternProperties additionalProperties dependencies propertyNames allOf anyOf oneOf not if then else",
  ].flatMap((keywords) => keywords.split(" ")),
);

/** Whether what stands beside a `$ref` does not count. */
export function refStandsAlone(schema: JsonObject, draft: Draft): boolean {
  return typeof schema.$ref === "string" && isOlder(draft, "2019-09");
}

function isKnown(keyword: string, draft: Draft): boolean {
  const since = SINCE.get(keyword);
  const until = UNTIL.get(keyword);
  return (since === undefined || !isOlder(draft, since)) && (until === undefined || isOlder(draft, until));
}

/** One schema object without the keywords that its draft does not know and another draft does. */
export function inOwnDraft(schema: JsonObject, draft: Draft): JsonObject {
  const keywords = Object.keys(schema);
  if (keywords.every((keyword) => isKnown(keyword, draft))) return schema;
  return Object.fromEntries(Object.entries(schema).filter(([keyword]) => isKnown(keyword, draft)));
}

/**
 * Says one schema object of a draft in the words of a newer one: files of different drafts may refer to each other.
 * Its subschemas are as they are.
 * @param itemsAreEvaluated whether any schema that it may meet has `unevaluatedItems`
 */
export function modernise(
  schema: JsonObject,
  from: Draft,
  to: Draft,
  itemsAreEvaluated: boolean,
): JsonObject {
  let changed = schema;
  if (!isOlder(to, "2019-09") && refStandsAlone(schema, from)) return withoutConstraints(schema);
  if (from === "04" && to !== "04") changed = withNumericBounds(changed);
  if (isOlder(from, "2019-09") && !isOlder(to, "2019-09")) changed = withDependents(changed);
  if (from !== "2020-12" && to === "2020-12") {
    changed = withPrefixItems(changed);
    if (from === "2019-09" && itemsAreEvaluated) changed = withoutEvaluatingContains(changed);
  }
  return changed;
}

/** A schema object whose `$ref` stands alone, without the keywords that the draft ignores beside it. */
export function withoutConstraints(schema: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(schema).filter(([keyword]) => !CONSTRAINING.has(keyword)));
}

/** `exclusiveMinimum: true` beside `minimum: 5` became `exclusiveMinimum: 5`. */
function withNumericBounds(schema: JsonObject): JsonObject {
  const changed: JsonObjectDraft = { ...schema };
  for (const [bound, exclusive] of [
    ["minimum", "exclusiveMinimum"],
    ["maximum", "exclusiveMaximum"],
  ] as const) {
    const limit = changed[bound];
    if (typeof changed[exclusive] !== "boolean") continue;
    if (changed[exclusive] && limit !== undefined) {
      changed[exclusive] = limit;
      delete changed[bound];
    } else delete changed[exclusive];
  }
  return changed;
}

/** `items: [a, b]` with `additionalItems: c` became `prefixItems: [a, b]` with `items: c`. */
function withPrefixItems(schema: JsonObject): JsonObject {
  const { items, additionalItems, ...rest } = schema;
  if (!Array.isArray(items)) {
    return items === undefined ? rest : { ...rest, items };
  }
  // An empty list is none that 2020-12 would take.
  const prefix = items.length === 0 ? {} : { prefixItems: items };
  return { ...rest, ...prefix, ...(additionalItems !== undefined && { items: additionalItems }) };
}

/** `dependencies` became `dependentRequired` (lists of names) and `dependentSchemas`. */
function withDependents({ dependencies, ...rest }: JsonObject): JsonObject {
  if (!isObject(dependencies)) return rest;
  const entries = Object.entries(dependencies);
  const required = Object.fromEntries(entries.filter(([, needs]) => Array.isArray(needs)));
  const schemas = Object.fromEntries(entries.filter(([, needs]) => !Array.isArray(needs)));
  return { ...rest, dependentRequired: required, dependentSchemas: schemas };
}

/** In 2019-09 what `contains` finds is not evaluated by that; behind a double negation it is neither in 2020-12. */
function withoutEvaluatingContains(schema: JsonObject): JsonObject {
  const { contains, minContains, maxContains, ...rest } = schema;
  if (contains === undefined) return schema;
  const bounds = {
    ...(minContains !== undefined && { minContains }),
    ...(maxContains !== undefined && { maxContains }),
  };
  const allOf = Array.isArray(rest.allOf) ? rest.allOf : [];
  return { ...rest, allOf: [...allOf, { not: { not: { contains, ...bounds } } }] };
}
