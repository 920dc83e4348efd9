import { readFileSync } from "node:fs";
import {
  type GraphQLNamedType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isIntrospectionType,
  isObjectType,
  isSpecifiedScalarType,
  printSchema,
} from "graphql";
import { describe, expect, test } from "vitest";
import { createGraphqlSchema } from "../../../src/graphql/api/schema.js";

const schema = await createGraphqlSchema();
const types = Object.values(schema.getTypeMap()).filter(
  (type) => !isIntrospectionType(type) && !isSpecifiedScalarType(type),
);

/** Everything in a type that a person reads about in an explorer, by its coordinate. */
function parts(type: GraphQLNamedType): [coordinate: string, description: string | null | undefined][] {
  const own: [string, string | null | undefined] = [type.name, type.description];
  if (isObjectType(type) || isInterfaceType(type)) {
    return [
      own,
      ...Object.values(type.getFields()).flatMap((field): (typeof own)[] => [
        [`${type.name}.${field.name}`, field.description],
        ...field.args.map((arg): typeof own => [`${type.name}.${field.name}(${arg.name}:)`, arg.description]),
      ]),
    ];
  }
  if (isInputObjectType(type)) {
    const fields = Object.values(type.getFields());
    return [own, ...fields.map((field): typeof own => [`${type.name}.${field.name}`, field.description])];
  }
  if (isEnumType(type)) {
    return [
      own,
      ...type.getValues().map((value): typeof own => [`${type.name}.${value.name}`, value.description]),
    ];
  }
  return [own];
}

describe("the schema", () => {
  test("describes every type, field, argument, input field and enum value", () => {
    const all = types.flatMap(parts);
    expect(all.length).toBeGreaterThan(100);
    expect(all.filter(([, description]) => !description?.trim()).map(([coordinate]) => coordinate)).toEqual(
      [],
    );
  });

  test("names the errors that each read and write may answer with", () => {
    const root = [schema.getQueryType(), schema.getMutationType()];
    const fields = root.flatMap((type) => Object.values(type?.getFields() ?? {}));
    const silent = fields.filter(({ description }) => !/Errors: [A-Z_]+/.test(description ?? ""));
    expect(silent.map(({ name }) => name)).toEqual([]);
  });

  test("schema.graphql is what is served", () => {
    const committed = readFileSync(new URL("../../../schema.graphql", import.meta.url), "utf8");
    expect(committed).toBe(`${printSchema(schema)}\n`);
  });
});
