import { isObject, type Json, type JsonObject } from "../domain/json/json.js";
import { tokensOf } from "../domain/json/pointer.js";
import type { ConfigSchema, Perspective } from "../schema/config-schema.js";
import { declaredSettings } from "../schema/declared-settings.js";
import { flagKey } from "./flag-key.js";

export type FlagType = "boolean" | "string" | "integer" | "float" | "object";

interface ManifestFlag {
  readonly flagType: FlagType;
  readonly defaultValue: Json;
  readonly description?: string;
}

/** As the OpenFeature CLI reads it. */
export interface FlagManifest {
  readonly $schema: string;
  readonly flags: Readonly<Record<string, ManifestFlag>>;
}

const SCHEMA_URL =
  "https://raw.githubusercontent.com/open-feature/cli/refs/heads/main/schema/v0/flag-manifest.json";

/** A manifest needs a default of each flag; these stand where no schema has one. */
const NEUTRAL: Readonly<Record<FlagType, Json>> = {
  boolean: false,
  string: "",
  integer: 0,
  float: 0,
  object: {},
};

const TYPES: ReadonlyMap<Json | undefined, FlagType> = new Map<Json, FlagType>([
  ["boolean", "boolean"],
  ["string", "string"],
  ["integer", "integer"],
  ["number", "float"],
  ["object", "object"],
  ["array", "object"],
]);

/** Every setting of the given configs that accounts have. */
export function flagManifest(configs: Iterable<ConfigSchema>): FlagManifest {
  const flags = [...configs].flatMap(({ id, account, forAccount }) =>
    account === undefined || forAccount === undefined
      ? []
      : declaredSettings(account).map(
          (pointer) => [flagKey({ configId: id, pointer }), flagAt(forAccount, pointer)] as const,
        ),
  );
  return { $schema: SCHEMA_URL, flags: Object.fromEntries(flags) };
}

function flagAt({ defaults, field }: Perspective, pointer: string): ManifestFlag {
  const described = field(pointer);
  const given = valueAt(defaults, tokensOf(pointer));
  const flagType = flagTypeOf(given, described?.schema ?? {});
  const text = described?.description ?? described?.title;
  return {
    flagType,
    defaultValue: given ?? (isList(described?.schema) ? [] : NEUTRAL[flagType]),
    ...(text !== undefined && { description: text }),
  };
}

/** A default says what type a flag has; but 5 may be the default of a number that is 5.5 elsewhere. */
function flagTypeOf(given: Json | undefined, schema: JsonObject): FlagType {
  const declared = declaredType(schema);
  switch (typeof given) {
    case "boolean":
    case "string":
      return typeof given as FlagType;
    case "number":
      return declared === "integer" && Number.isInteger(given) ? "integer" : "float";
    case "object":
      return "object";
    default:
      return declared ?? "object";
  }
}

/** Undefined where a schema allows several types, or names none. */
function declaredType({ type, enum: values, const: value, allOf }: JsonObject): FlagType | undefined {
  const named = type === undefined ? [] : [type].flat().filter((each) => each !== "null");
  if (named.length === 1 && TYPES.has(named[0])) return TYPES.get(named[0]);
  const all = Array.isArray(values) ? values : value === undefined ? [] : [value];
  const kinds = new Set(all.map((each) => (typeof each === "number" ? "float" : typeof each)));
  if (named.length === 0 && kinds.size === 1) return [...kinds][0] as FlagType;
  const parts = Array.isArray(allOf)
    ? allOf.map((part) => (isObject(part) ? declaredType(part) : undefined))
    : [];
  return parts.find((part) => part !== undefined);
}

function isList(schema: JsonObject | undefined): boolean {
  return schema?.type === "array";
}

function valueAt(values: Json | undefined, tokens: readonly string[]): Json | undefined {
  let value = values;
  for (const token of tokens)
    value = isObject(value) && Object.hasOwn(value, token) ? value[token] : undefined;
  return value;
}
