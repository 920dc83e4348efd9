import { hash } from "node:crypto";
import type { Ajv, ErrorObject } from "ajv";
import { canonical, isObject, type Json, type JsonObject } from "../domain/json.js";
import { appendToken } from "../domain/pointer.js";
import { lookedAt } from "./looked-at.js";
import type { Schema } from "./subschema.js";

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
  /**
   * What the keyword found: which branches passed, how many members there are. A problem is another one when its finding
   * is. Holds no values.
   */
  readonly finding?: Json;
}

export type Validate = (values: Json) => Rejection[];

/**
 * Compiles a self-contained schema into a validator that reports every problem.
 * @throws Error when the schema is not a sound one
 */
export function compileValidate(ajv: Ajv, schema: JsonObject): Validate {
  const validate = ajv.compile(schema);
  return (values) => {
    if (validate(values)) return [];
    return distinct((validate.errors ?? []).map((error) => withFinding(rejection(error), error, schema)));
  };
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
      `${one.pointer}\n${one.keyword}\n${one.message}\n${canonical([one.expected ?? null, one.finding ?? null])}`,
      one,
    ]),
  );
  return [...seen.values()];
}

function withFinding(rejection: Rejection, error: ErrorObject, root: JsonObject): Rejection {
  const finding = findingOf(error, root);
  return finding === undefined ? rejection : { ...rejection, finding };
}

/** What lies in the value itself is told by the pointer; this is for keywords that look at several members of an object. */
function findingOf({ keyword, params, schema, data }: ErrorObject, root: JsonObject): Json | undefined {
  if (!isObject(data as Json)) return undefined;
  const object = data as JsonObject;
  switch (keyword) {
    case "oneOf":
      return params.passingSchemas ?? [];
    case "dependencies":
    case "dependentRequired":
      return params.property;
    case "minProperties":
    case "maxProperties":
      return Object.keys(object).length;
    case "not":
      return digest([schema as Json, lookedAt(schema as Schema, object, root)]);
    case "const":
    case "enum":
      return digest(object);
    default:
      return undefined;
  }
}

function digest(value: Json): string {
  return hash("sha256", canonical(value), "base64url");
}
