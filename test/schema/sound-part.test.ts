import fc from "fast-check";
import { expect, test } from "vitest";
import { equals, isEmpty, isObject, type Json, type JsonObject } from "../../src/domain/json/json.js";
import { appendToken } from "../../src/domain/json/pointer.js";
import { soundPart } from "../../src/schema/defaults/sound-part.js";
import { createValidator } from "../../src/schema/validation.js";
import { cases } from "../cases.js";
import { Genome } from "../domain/genome.js";
import { law } from "../domain/law.js";
import { processorTime } from "../fair-time.js";

/** Without defaults of members. */
function partOf(schema: JsonObject, given: Json) {
  const validate = createValidator(schema, "2020-12", new Map()).validate;
  return { validate, ...soundPart({ schema, given, isRoot: false, complete: (part) => part }, validate) };
}

/** Reads schemas and defaults out of bytes. */
class SchemaGenome extends Genome {
  object(depth = 0): JsonObject {
    const members = Array.from({ length: this.next(4) }, (): [string, Json] => [
      this.pick(NAMES),
      depth < 3 && this.next(2) === 0 ? this.object(depth + 1) : this.pick<Json>([1, "x", [1], [1, "x"], {}]),
    ]);
    return Object.fromEntries(members);
  }

  /** What lies in one member decides about that member alone. */
  simple(depth = 0): JsonObject {
    if (depth > 0 && this.next(3) === 0) return { type: this.pick(["integer", "array", "object"]) };
    if (depth > 0 && this.next(4) === 0) return { items: { type: "integer" } };
    if (depth > 3) return {};
    const member = () => this.simple(depth + 1);
    return {
      properties: { [this.pick(NAMES)]: member() },
      patternProperties: { "^b": member() },
      ...(this.next(2) === 0 && { additionalProperties: member() }),
    };
  }

  any(depth = 0): JsonObject {
    const deeper = () => (depth > 2 ? { type: "integer" } : this.any(depth + 1));
    const more = this.pick<() => JsonObject>([
      () => ({ required: [this.pick(NAMES)] }),
      () => ({ minProperties: this.next(3) }),
      () => ({ maxProperties: this.next(3) }),
      () => ({ oneOf: [deeper(), deeper()] }),
      () => ({ anyOf: [deeper(), deeper()] }),
      () => ({ not: deeper() }),
      // biome-ignore lint/suspicious/noThenProperty: a keyword
      () => ({ if: deeper(), then: deeper() }),
      () => ({ dependentRequired: { [this.pick(NAMES)]: [this.pick(NAMES)] } }),
      () => ({ propertyNames: { maxLength: 1 } }),
      () => ({ enum: [this.object(2), 1] }),
      () => ({ unevaluatedProperties: deeper() }),
      () => ({}),
    ]);
    return { ...this.simple(depth), ...more() };
  }
}
const NAMES = ["a", "b", "bb", "c"] as const;
const RUNS = cases(500);

const given = (kind: "simple" | "any") =>
  fc.uint8Array({ maxLength: 80, size: "max" }).map((bytes) => {
    const genome = new SchemaGenome(bytes);
    return { given: genome.object(), schema: genome[kind]() };
  });

/** What is left of a value, where each member is judged by itself. */
function expected(value: Json, schemas: readonly JsonObject[]): Json | undefined {
  for (const { type, items } of schemas) {
    const found = Array.isArray(value) ? "array" : isObject(value) ? "object" : typeof value;
    if (type !== undefined && found !== (type === "integer" ? "number" : type)) return undefined;
    if (items !== undefined && Array.isArray(value) && value.some((item) => typeof item !== "number"))
      return undefined;
  }
  if (!isObject(value) || isEmpty(value)) return value;
  const members = Object.entries(value).flatMap(([key, member]): [string, Json][] => {
    const left = expected(
      member,
      schemas.flatMap((schema) => schemasOf(schema, key)),
    );
    return left === undefined ? [] : [[key, left]];
  });
  return members.length === 0 ? undefined : Object.fromEntries(members);
}

function schemasOf(schema: JsonObject, key: string): JsonObject[] {
  const {
    properties = {},
    patternProperties = {},
    additionalProperties,
  } = schema as Record<string, JsonObject>;
  const named = [properties[key], key.startsWith("b") ? patternProperties["^b"] : undefined].filter(isObject);
  return named.length > 0 ? named : [additionalProperties].filter(isObject);
}

law(
  "R6: where members are bad by themselves, all others stay",
  given("simple"),
  ({ given, schema }) => {
    expect(partOf(schema, given).part).toEqual(expected(given, [schema]));
    return undefined;
  },
  RUNS,
);

function leavesOf(value: Json, pointer = ""): Map<string, Json> {
  if (!isObject(value) || isEmpty(value)) return new Map([[pointer, value]]);
  return new Map(
    Object.entries(value).flatMap(([key, one]) => [...leavesOf(one, appendToken(pointer, key))]),
  );
}

law(
  "R6: what is left of a default is sound, a part of it, and all of it but what is named",
  given("any"),
  ({ given, schema }) => {
    const { validate, part, leftOut } = partOf(schema, given);
    if (validate(given).length === 0) expect({ part, leftOut }).toEqual({ part: given, leftOut: [] });
    else expect(leftOut.length).toBeGreaterThan(0);
    if (part !== undefined) expect(validate(part)).toEqual([]);
    const gone = leftOut.map(({ tokens }) => tokens.reduce(appendToken, ""));
    const kept = [...leavesOf(given)].filter(
      ([pointer]) => !gone.some((at) => pointer === at || pointer.startsWith(`${at}/`)),
    );
    return equals(Object.fromEntries(kept), part === undefined ? {} : Object.fromEntries(leavesOf(part)));
  },
  RUNS,
);

test("R6: a default of thousands of bad members is looked through in a moment", () => {
  const members = Array.from({ length: 5_000 }, (_, index) => [`m${index}`, { ttl: index % 2 ? 1 : "bad" }]);
  const schema = { additionalProperties: { properties: { ttl: { type: "integer" } } } };
  const given = Object.fromEntries(members);
  const time = processorTime(() => void partOf(schema, given));
  console.log(`5,000 members, half of them bad: ${Math.round(time)} ms`);
  const { part, leftOut } = partOf(schema, given);
  expect([Object.keys(part as JsonObject).length, leftOut.length]).toEqual([2_500, 2_500]);
  expect(time).toBeLessThan(10_000);
});
