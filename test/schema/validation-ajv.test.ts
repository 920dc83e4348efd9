import { Ajv, type ErrorObject } from "ajv";
import fc from "fast-check";
import { expect } from "vitest";
import { isObject, type Json, type JsonObject } from "../../src/domain/json/json.js";
import { createValidator } from "../../src/schema/validation.js";
import { cases } from "../cases.js";
import { law } from "../domain/law.js";

/** ajv is right about all of these keywords; of others it is not, or says them in another order. */
const keys = fc.constantFrom("a", "b", "ab", "isPrototypeOf", "a/b");
/** As JSON is read: ajv takes objects with another prototype for unequal. */
const dictionary = <T>(values: fc.Arbitrary<T>) =>
  fc.dictionary(keys, values, { maxKeys: 3, noNullPrototype: true });
const scalars: fc.Arbitrary<Json> = fc.constantFrom<Json[]>(0, 1, -2, 2.5, "", "a", "abc", true, null);
const { schema } = fc.letrec<{ schema: Json; part: JsonObject }>((tie) => ({
  schema: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.boolean(),
    fc.array(tie("part"), { maxLength: 3 }).map((parts) => soundForAjv(Object.assign({}, ...parts))),
  ),
  part: fc.oneof(
    fc.constantFrom<JsonObject[]>(
      { type: "integer" },
      { type: ["string", "null"] },
      { type: "object" },
      { minimum: 1 },
      { exclusiveMaximum: 1 },
      { multipleOf: 2 },
      { minLength: 1 },
      { maxLength: 2 },
      { pattern: "^a" },
      { required: ["a", "isPrototypeOf"] },
      { minProperties: 1 },
      { maxProperties: 1 },
      { minItems: 1 },
      { maxItems: 1 },
      { dependencies: { a: ["b", "ab"], b: { required: ["a"] } } },
      { enum: [1, "a", { a: 1 }, [1]] },
      { const: { a: 1 } },
      { $ref: "#/definitions/d" },
    ),
    dictionary(tie("schema")).map((properties) => ({ properties }) as JsonObject),
    fc
      .tuple(fc.constantFrom("^a", "b$", ""), tie("schema"))
      .map(([name, one]) => ({ patternProperties: { [name]: one } }) as JsonObject),
    fc
      .tuple(
        fc.constantFrom("additionalProperties", "items", "not", "propertyNames", "contains"),
        tie("schema"),
      )
      .map(([keyword, one]) => ({ [keyword]: one }) as JsonObject),
    fc
      .tuple(
        fc.constantFrom("allOf", "anyOf", "oneOf"),
        fc.array(tie("schema"), { minLength: 1, maxLength: 3 }),
      )
      .map(([keyword, list]) => ({ [keyword]: list }) as JsonObject),
    fc
      .tuple(tie("schema"), tie("schema"), tie("schema"))
      .map(
        (list) =>
          Object.fromEntries("if then else".split(" ").map((keyword, i) => [keyword, list[i]])) as JsonObject,
      ),
    fc
      .tuple(fc.array(tie("schema"), { minLength: 1, maxLength: 2 }), tie("schema"))
      .map(([items, additionalItems]) => ({ items, additionalItems }) as JsonObject),
  ),
}));

/**
 * Told to ignore what stands beside a `$ref`, ajv looks at the `type` all the same. In an `if`, it forgets a `contains` beside a list of
 * `items`.
 */
function soundForAjv({ type, contains, ...others }: JsonObject): JsonObject {
  return {
    ...(type !== undefined && !("$ref" in others) && { type }),
    ...(contains !== undefined && !Array.isArray(others.items) && { contains }),
    ...others,
  };
}

const { value } = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    scalars,
    fc.array(tie("value"), { maxLength: 3 }),
    dictionary(tie("value")),
  ) as fc.Arbitrary<Json>,
}));

/** What ajv says, in the words that do not depend on how a keyword is carried out. */
function rejectedByAjv(schema: JsonObject, value: Json): string[] {
  const ajv = new Ajv({
    strict: false,
    allErrors: true,
    ownProperties: true,
    logger: false,
    ignoreKeywordsWithRef: true,
  } as never);
  const validate = ajv.compile(schema);
  return validate(value) ? [] : [...new Set((validate.errors ?? []).map(said))].sort();
}

function said({ instancePath, keyword, message, params, propertyName }: ErrorObject): string {
  const member =
    params.missingProperty ??
    params.additionalProperty ??
    propertyName ??
    (keyword === "propertyNames" ? params.propertyName : undefined);
  const at =
    typeof member === "string"
      ? `${instancePath}/${member.replaceAll("~", "~0").replaceAll("/", "~1")}`
      : instancePath;
  return `${at} ${keyword} ${message}`;
}

law(
  "what is rejected, where, by which keyword and in which words is what ajv says, where ajv is right",
  fc.record({ schema, definition: schema, value }),
  ({ schema: given, definition, value }) => {
    // A definition that comes back to itself in place is refused when it is loaded.
    if (!isObject(given) || JSON.stringify(definition).includes("$ref")) return true;
    const root: JsonObject = { ...(given as JsonObject), definitions: { d: definition } };
    const found = createValidator(root, "07", new Map())
      .validate(value)
      .map(({ pointer, keyword, message }) => `${pointer} ${keyword} ${message}`);
    const byAjv = rejectedByAjv(root, value);
    // Where two branches of a oneOf pass, ajv also lists what is wrong by those that do not.
    const isAmbiguous = found.some((one) => one.includes(" oneOf "));
    expect([...new Set(found)].sort()).toEqual(byAjv.filter((one) => !isAmbiguous || found.includes(one)));
    expect(found.length === 0).toBe(byAjv.length === 0);
    return true;
  },
  cases(750),
);
