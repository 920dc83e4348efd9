import type { Json, JsonObject, JsonObjectDraft } from "../domain/json.js";

/** Drafts that behave alike share a name: 06 is 07 without `if`. */
export type Draft = "04" | "07" | "2019-09" | "2020-12";

const AGES: readonly Draft[] = ["04", "07", "2019-09", "2020-12"];

const DRAFTS: ReadonlyMap<string, Draft> = new Map([
  ["json-schema.org/draft-04/schema", "04"],
  ["json-schema.org/draft-06/schema", "07"],
  ["json-schema.org/draft-07/schema", "07"],
  ["json-schema.org/draft/2019-09/schema", "2019-09"],
  ["json-schema.org/draft/2020-12/schema", "2020-12"],
]);

/**
 * The draft that `$schema` names; without one, 2020-12.
 * @throws Error for a draft that is not supported
 */
export function draftOf($schema: Json | undefined): Draft {
  if ($schema === undefined) return "2020-12";
  const draft =
    typeof $schema === "string"
      ? DRAFTS.get($schema.replace(/^https?:\/\//, "").replace(/#$/, ""))
      : undefined;
  if (draft === undefined) {
    throw new Error(
      `$schema names no supported draft (04, 06, 07, 2019-09, 2020-12): ${JSON.stringify($schema)}`,
    );
  }
  return draft;
}

/** Where a draft keeps schemas that others refer to. */
export function definitionsKeyword(draft: Draft): "definitions" | "$defs" {
  return draft === "04" || draft === "07" ? "definitions" : "$defs";
}

export function newerDraft(a: Draft, b: Draft): Draft {
  return AGES.indexOf(a) > AGES.indexOf(b) ? a : b;
}

function isOlder(a: Draft, b: Draft): boolean {
  return a !== b && newerDraft(a, b) === b;
}

/**
 * Says one schema object of a draft in the words of a newer one: files of different drafts may refer to each other.
 * Its subschemas are as they are.
 */
export function modernise(schema: JsonObject, from: Draft, to: Draft): JsonObject {
  let changed = schema;
  if (isOlder(from, "07") && isOlder("04", to)) changed = withNumericBounds(changed);
  if (isOlder(from, "2020-12") && isOlder("2019-09", to)) changed = withPrefixItems(changed);
  return changed;
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
  return { ...rest, prefixItems: items, ...(additionalItems !== undefined && { items: additionalItems }) };
}
