import fc from "fast-check";
import { expect, test } from "vitest";
import { equals, type Json, type JsonObject } from "../../src/domain/json/json.js";
import { lookedAt } from "../../src/schema/looked-at.js";
import { createValidator } from "../../src/schema/validation.js";
import { law } from "../domain/law.js";
import { schemasAndDocuments } from "./schema-arbitrary.js";

const isAccepted = (schema: JsonObject, value: Json) =>
  createValidator(schema, "2019-09", new Map()).validate(value).length === 0;

const MENTIONS = {
  required: ["a"],
  properties: { b: { type: "integer" }, c: { required: ["x"] } },
  patternProperties: { "^p": { type: "integer" } },
};

test.each<[string, JsonObject, Json]>([
  ["members by name, pattern and presence", MENTIONS, { a: null, b: 2, c: { x: null }, p1: 5 }],
  [
    "members of branches",
    { anyOf: [{ not: MENTIONS }, { required: ["other"] }] },
    { a: null, b: 2, c: { x: null }, p1: 5, other: null },
  ],
  ["names alone", { maxProperties: 1 }, { a: null, b: null, c: null, p1: null, other: null }],
  ["all of it", { enum: [{}] }, { a: 1, b: 2, c: { x: 3, y: 4 }, p1: 5, other: 6 }],
  ["nothing", {}, {}],
])("a schema looks at %s", (_, schema, seen) => {
  const value = { a: 1, b: 2, c: { x: 3, y: 4 }, p1: 5, other: 6 };
  expect(lookedAt(schema, value, schema)).toEqual(seen);
});

const INGREDIENTS = { references: true, patterns: true, booleans: true, defaults: false };
const VALIDATING: readonly JsonObject[] = [
  {},
  { required: ["a"] },
  { minProperties: 2 },
  { type: "object" },
  { dependentRequired: { a: ["b"] } },
  { propertyNames: { maxLength: 1 } },
  { not: { required: ["ab"] } },
];

law(
  "values of which a schema looks at the same get the same verdict",
  fc.tuple(
    schemasAndDocuments(INGREDIENTS),
    schemasAndDocuments(INGREDIENTS),
    fc.constantFrom(...VALIDATING),
    fc.boolean(),
  ),
  ([{ schema, document: one }, { document }, more, isMerged]) => {
    const whole = { ...schema, ...more };
    const other = isMerged ? { ...one, ...document } : document;
    if (!equals(lookedAt(whole, one, whole), lookedAt(whole, other, whole))) return undefined;
    try {
      return isAccepted(whole, one) === isAccepted(whole, other);
    } catch {
      // References that never end are refused when a folder is loaded.
      return undefined;
    }
  },
  2_000,
);
