import fc from "fast-check";
import type { Json, JsonObject, JsonObjectDraft } from "../../src/domain/json/json.js";

/** Few keys, so that schemas and documents meet; odd ones, so that nothing relies on nice ones. */
const KEYS = ["a", "b", "ab", "10", "", "a/b", "toString", "default", "$ref", "é"] as const;

/** Patterns, each with what it means said another way. */
export const PATTERNS: Readonly<Record<string, (key: string) => boolean>> = {
  "^a": (key) => key.startsWith("a"),
  b$: (key) => key.endsWith("b"),
  "^[[:alpha:]]+$": (key) =>
    key === "a" || key === "b" || key === "ab" || key === "toString" || key === "default",
  "": () => true,
  "^\\$": (key) => key.startsWith("$"),
};
const PATTERN_TEXTS = Object.keys(PATTERNS);
const SCALARS: readonly Json[] = [0, 1, "x", true, "", -1.5];
const DEFINITIONS = 3;

/** What the generated schemas may hold, apart from `properties`. */
export interface Ingredients {
  readonly references: boolean;
  readonly patterns: boolean;
  readonly booleans: boolean;
  readonly defaults: boolean;
  /** `if`, dependent schemas, and what is left unevaluated. */
  readonly conditions?: boolean;
}

/** Reads schemas and documents out of bytes: much faster than trees of arbitraries, and fewer bytes are smaller cases. */
class Genome {
  #at = 0;
  constructor(
    private readonly bytes: Uint8Array,
    private readonly ingredients: Ingredients,
  ) {}

  root(): JsonObject {
    const definitions: JsonObjectDraft = {};
    if (this.ingredients.references) {
      for (let i = 0; i < DEFINITIONS; i++) definitions[`d${i}`] = this.#schemaObject(3);
    }
    return { ...this.#schemaObject(0), definitions };
  }

  document(depth = 0, nulls = false): JsonObject {
    const object: JsonObjectDraft = {};
    const members = this.#next() % 4;
    for (let i = 0; i < members; i++) object[this.#pick(KEYS)] = this.#value(depth + 1, nulls);
    return object;
  }

  #next(): number {
    return this.bytes[this.#at++] ?? 0;
  }

  #pick<T>(values: readonly T[]): T {
    return values[this.#next() % values.length] as T;
  }

  #value(depth: number, nulls: boolean): Json {
    const choice = this.#next() % 10;
    if (choice < 5 && depth < 5) return this.document(depth, nulls);
    if (choice === 5) return {};
    if (choice === 6) return [this.#pick(SCALARS), null, {}];
    if (choice === 7 && nulls) return null;
    return this.#pick(SCALARS);
  }

  #schema(depth: number): Json {
    const choice = this.#next() % 16;
    if (this.ingredients.booleans && choice === 1) return true;
    if (this.ingredients.booleans && choice === 2) return false;
    return this.#schemaObject(depth);
  }

  #schemaObject(depth: number): JsonObject {
    const schema: JsonObjectDraft = {};
    if (this.ingredients.defaults && this.#next() % 3 === 0) schema.default = this.#value(2, true);
    if (depth > 4) return schema;
    const properties = this.#next() % 4;
    for (let i = 0; i < properties; i++) {
      schema.properties = {
        ...(schema.properties as JsonObject),
        [this.#pick(KEYS)]: this.#schema(depth + 1),
      };
    }
    const extras = this.#next() % 3;
    for (let i = 0; i < extras; i++) Object.assign(schema, this.#extra(depth));
    return schema;
  }

  #extra(depth: number): JsonObject {
    const { references, patterns, conditions } = this.ingredients;
    switch (this.#next() % (conditions ? 13 : 9)) {
      case 0:
        return patterns
          ? { patternProperties: { [this.#pick(PATTERN_TEXTS)]: this.#schema(depth + 1) } }
          : {};
      case 1:
        return patterns ? { additionalProperties: this.#schema(depth + 1) } : {};
      case 2:
        return patterns ? { additionalProperties: this.#pick([true, false]) } : {};
      case 3:
        return { allOf: [this.#schema(depth + 1), this.#schemaObject(depth + 1)] };
      case 4:
        return { anyOf: [this.#schemaObject(depth + 1)] };
      case 5:
        return { oneOf: [this.#schema(depth + 1), this.#schemaObject(depth + 1)] };
      case 6:
      case 7:
        return references ? { $ref: `#/definitions/d${this.#next() % DEFINITIONS}` } : {};
      case 9:
        // biome-ignore lint/suspicious/noThenProperty: a keyword
        return { if: this.#schema(depth + 1), then: this.#schema(depth + 1), else: this.#schema(depth + 1) };
      case 10:
        // biome-ignore lint/suspicious/noThenProperty: a keyword
        return { then: this.#schema(depth + 1) };
      case 11:
        return {
          [this.#pick(["dependentSchemas", "dependencies"])]: { [this.#pick(KEYS)]: this.#schema(depth + 1) },
        };
      case 12:
        return { unevaluatedProperties: this.#schema(depth + 1) };
      default:
        return references && depth > 0 ? { $ref: "#" } : {};
    }
  }
}

/** A self-contained schema. */
export function schemas(ingredients: Ingredients): fc.Arbitrary<JsonObject> {
  return fc.uint8Array({ maxLength: 100, size: "max" }).map((bytes) => new Genome(bytes, ingredients).root());
}

/** A self-contained schema, and a document that it may have been written for. */
export function schemasAndDocuments(
  ingredients: Ingredients,
): fc.Arbitrary<{ schema: JsonObject; document: JsonObject }> {
  return fc
    .tuple(schemas(ingredients), fc.uint8Array({ maxLength: 40, size: "max" }))
    .map(([schema, bytes]) => ({ schema, document: new Genome(bytes, ingredients).document() }));
}
