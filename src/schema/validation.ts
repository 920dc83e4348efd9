import type { Ajv, ErrorObject } from "ajv";
import { canonical, type Json, type JsonObject } from "../domain/json.js";
import { appendToken } from "../domain/pointer.js";

/** One way in which values break a schema. */
export interface Rejection {
  /** Where; of a missing member, where it should be. May go into arrays. */
  readonly pointer: string;
  /** The JSON Schema keyword that says so. */
  readonly keyword: string;
  /** For a person; holds no values. */
  readonly message: string;
  /** What the keyword asks for, where that is plain data. */
  readonly expected?: Json;
}

export type Validate = (values: Json) => Rejection[];

/**
 * Compiles a self-contained schema into a validator that reports every problem.
 * @throws Error when the schema is not a sound one
 */
export function compileValidate(ajv: Ajv, schema: JsonObject): Validate {
  const validate = ajv.compile(schema);
  return (values) => (validate(values) ? [] : distinct((validate.errors ?? []).map(rejection)));
}

export function rejection(error: ErrorObject): Rejection {
  const expected = expectedBy(error);
  return {
    pointer: pointerOf(error),
    keyword: error.keyword,
    message: error.message ?? "is not valid",
    ...(expected !== undefined && { expected }),
  };
}

/** ajv names the object that lacks a member or has one too many; a form wants the member. */
function pointerOf({ instancePath, keyword, params, propertyName }: ErrorObject): string {
  const member: unknown =
    keyword === "required" || keyword === "dependentRequired" || keyword === "dependencies"
      ? params.missingProperty
      : keyword === "additionalProperties"
        ? params.additionalProperty
        : keyword === "unevaluatedProperties"
          ? params.unevaluatedProperty
          : (propertyName ?? (keyword === "propertyNames" ? params.propertyName : undefined));
  return typeof member === "string" ? appendToken(instancePath, member) : instancePath;
}

const LIMITS =
  "maximum minimum exclusiveMaximum exclusiveMinimum maxItems minItems maxLength minLength maxProperties minProperties";

/** Under which name a keyword's error has what the schema asks for. */
const EXPECTED: ReadonlyMap<string, string> = new Map([
  ...LIMITS.split(" ").map((keyword) => [keyword, "limit"] as const),
  ["const", "allowedValue"],
  ["enum", "allowedValues"],
  ["format", "format"],
  ["multipleOf", "multipleOf"],
  ["pattern", "pattern"],
  ["type", "type"],
]);

function expectedBy({ keyword, params }: ErrorObject): Json | undefined {
  if (keyword === "uniqueItems") return true;
  const name = EXPECTED.get(keyword);
  return name === undefined ? undefined : params[name];
}

/** Branches of one schema often say the same thing twice. */
function distinct(rejections: readonly Rejection[]): Rejection[] {
  const seen = new Map(
    rejections.map((one) => [
      `${one.pointer}\n${one.keyword}\n${one.message}\n${canonical(one.expected ?? null)}`,
      one,
    ]),
  );
  return [...seen.values()];
}
