import fc from "fast-check";
import {
  execute,
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  getOperationAST,
  isLeafType,
  isObjectType,
  GraphQLObjectType as ObjectType,
  parse,
  validate,
} from "graphql";
import { beforeAll, describe, expect, test } from "vitest";
import { OPEN_PRINCIPAL } from "../../../src/auth/principal.js";
import type { RequestContext } from "../../../src/graphql/api/context.js";
import { createGraphqlSchema } from "../../../src/graphql/api/schema.js";
import { compilePlan } from "../../../src/graphql/server/plan/compiled-plan.js";
import { RequestWork } from "../../../src/graphql/server/request-work.js";
import { createRequestReader } from "../../../src/service/read/request-reader.js";
import { cases, SEED } from "../../cases.js";
import { Services } from "../../service/services.js";
import { openTestStore } from "../../store/test-store.js";
import { schemaFolder } from "../../temporary-folder.js";

const RUNS = cases(250);

const OPEN = { type: "object", additionalProperties: true };
/** Whatever needs care in JSON text, and types that replace each other. */
const VALUES = {
  'quo"te': 'back\\slash "quoted" \u2028 \u007f \u0001 \ud83d\ude00',
  deep: { a: { b: [1, null, { c: [] }] }, empty: {}, zero: -0, small: 1e-300, large: 123456789.125 },
  list: [],
  flag: false,
};

let schema: GraphQLSchema;
beforeAll(async () => {
  schema = await createGraphqlSchema();
});

async function openContext(): Promise<() => RequestContext> {
  const store = await openTestStore();
  const services = new Services(
    store,
    schemaFolder({ "account_config.open": OPEN, "system_config.open": OPEN }),
  );
  await services.tree(["root"], ["east", "root"], ["acme", "east"]);
  await services.set("root", "open", { deep: 7, list: {} });
  await services.set("acme", "open", VALUES);
  await services.write("root", "open", {
    kind: "CONSTRAIN",
    set: [
      { pointer: "/deep/zero", kind: "LOCK", reason: 'quo"ted' },
      { pointer: "/list", kind: "BOUNDS", schema: { minItems: 1 }, reason: "not empty" },
    ],
    remove: [],
  });
  await services.write("acme", "open", { kind: "PATCH", patch: {}, pin: ["/flag"] });
  const { accounts, configs } = services;
  return () => {
    const work = new RequestWork();
    work.inOneTurn = true;
    const reader = createRequestReader(store, OPEN_PRINCIPAL);
    return { principal: OPEN_PRINCIPAL, accounts, configs, reader, work };
  };
}

/** What graphql-js makes, and what the plan writes, as text; undefined: there is no plan, or it failed. */
async function bothWays(query: string, context: () => RequestContext, variables = {}) {
  const document = parse(query);
  expect(validate(schema, document)).toEqual([]);
  const operation = getOperationAST(document);
  if (!operation) throw new Error("no operation");
  const plan = compilePlan(schema, document, operation);
  const result = await execute({ schema, document, contextValue: context(), variableValues: variables });
  const written = await plan?.(context(), variables).catch(() => undefined);
  return { wanted: `${JSON.stringify(result)}\n`, written, hasErrors: result.errors !== undefined };
}

let moment: string | undefined;
const ARGUMENTS: Readonly<Record<string, string>> = {
  "Query.config": '(accountId: "acme", configId: $config)',
  "Query.systemConfig": "(configId: $config)",
  "Query.account": "(id: $id)",
  "Query.configSchema": '(configId: "open")',
  "Account.config": '(configId: "open")',
  "Account.configs": '(configIds: ["open", "open"])',
  "EffectiveConfig.value": '(at: "/deep")',
  /** A moment at which everything is there: the same wherever it stands, as fields that are merged have equal arguments. */
  get "EffectiveConfig.changesSince"() {
    moment ??= new Date().toISOString();
    return `(time: "${moment}")`;
  },
  "EffectiveConfig.field": '(at: "/deep/empty")',
  "EffectiveConfig.fields": '(under: "")',
};

/** A selection of any fields of a type, some under other names, some in fragments, some more than once. */
function selectionOf(type: GraphQLObjectType, depth: number): fc.Arbitrary<string> {
  const fields = Object.values(type.getFields()).filter(
    ({ type: inner }) => isLeafType(getNamedType(inner)) || (isObjectType(getNamedType(inner)) && depth > 0),
  );
  const typename = fc.constantFrom("__typename", "kind_of: __typename");
  // A connection has no leaves: at the end of the depth only its name is left to ask for.
  const one =
    fields.length === 0
      ? typename
      : fc.constantFrom(...fields).chain((field) => selectedField(type, field, depth));
  const inFragment = one.map((text) => `... on ${type.name} { ${text} }`);
  const onInterface = fc.constantFrom(
    type.getInterfaces().some(({ name }) => name === "Node") ? "... on Node { id }" : "__typename",
  );
  const skipped = one.map((text) => `... @skip(if: true) { ${text} }`);
  const included = one.map((text) => `... @include(if: true) { ${text} }`);
  const each = fc.oneof({ weight: 8, arbitrary: one }, typename, inFragment, onInterface, skipped, included);
  return fc.array(each, { minLength: 1, maxLength: 5 }).map((all) => all.join(" "));
}

function selectedField(
  { name: parent }: GraphQLObjectType,
  { name, type }: GraphQLField<unknown, unknown>,
  depth: number,
): fc.Arbitrary<string> {
  const called = fc.constantFrom("", "", "other_");
  const inner = getNamedType(type);
  const below =
    inner instanceof ObjectType
      ? selectionOf(inner, depth - 1).map((text) => ` { ${text} }`)
      : fc.constant("");
  const asked = `${name}${ARGUMENTS[`${parent}.${name}`] ?? ""}`;
  return fc.tuple(called, below).map(([prefix, text]) => `${prefix && `${prefix}${name}: `}${asked}${text}`);
}

describe(`a compiled plan (LAW_SEED=${SEED})`, () => {
  test("writes what graphql-js and JSON.stringify make, whatever is selected", async () => {
    const context = await openContext();
    const root = schema.getQueryType();
    if (!root) throw new Error("no queries");
    let compiled = 0;
    const property = fc.asyncProperty(
      selectionOf(root, 4),
      fc.constantFrom("open", "gone"),
      async (text, config) => {
        const declared = ["$config: ID!", "$id: ID!"].filter((each) =>
          text.includes(each.split(":")[0] ?? ""),
        );
        const query = `query${declared.length > 0 ? `(${declared.join(", ")})` : ""} { ${text} }`;
        const variables = { config, id: config === "gone" ? "nobody" : "acme" };
        const { wanted, written, hasErrors } = await bothWays(query, context, variables);
        // Errors are graphql-js's to tell.
        expect(written).toBe(hasErrors ? undefined : wanted);
        if (!hasErrors) compiled++;
      },
    );
    await fc.assert(property, { seed: SEED, numRuns: RUNS });
    expect(compiled).toBeGreaterThan(RUNS / 4);
  });

  test.each([
    [
      "fragments by name, and fields that are merged",
      `{ config(accountId: "acme", configId: "open") { ...A ...B id } }
      fragment A on EffectiveConfig { layers { kind } fields { pointer } } fragment B on EffectiveConfig { layers { document } fields { value } }`,
    ],
    [
      "directives that are fixed",
      `{ config(accountId: "acme", configId: "open") { id @skip(if: true) etag @include(if: true) } }`,
    ],
    [
      "arguments with defaults",
      `query ($at: JSONPointer! = "/deep") { config(accountId: "acme", configId: "open") { value(at: $at) } }`,
    ],
  ])("writes the same for %s", async (_, query) => {
    const { wanted, written } = await bothWays(query, await openContext());
    expect(written).toBe(wanted);
  });

  test("fails where one large value stands in many places", async () => {
    const context = await openContext();
    const large = Object.fromEntries(Array.from({ length: 400 }, (_, n) => [`field ${n}`, "x".repeat(500)]));
    const input = { accountId: "acme", configId: "open" };
    await context().configs.write(OPEN_PRINCIPAL, { target: input, intent: { kind: "SET", values: large } });
    const document = parse(
      `{ config(accountId: "acme", configId: "open") { fields { source { document } } } }`,
    );
    const operation = getOperationAST(document);
    const plan = operation && compilePlan(schema, document, operation);
    await expect(plan?.(context(), {})).rejects.toThrow("too much for one turn");
  });

  test("does not exist where directives depend on variables, or types on values", async () => {
    const plan = (query: string) => {
      const document = parse(query);
      const operation = getOperationAST(document);
      return operation ? compilePlan(schema, document, operation) : undefined;
    };
    expect(plan(`query ($x: Boolean!) { viewer { subject @include(if: $x) } }`)).toBeUndefined();
    expect(plan(`{ __schema { types { name } } }`)).toBeUndefined();
    expect(plan(`{ node(id: "acme") { id } }`)).toBeUndefined();
    expect(plan(`{ viewer { subject } nodes(ids: ["acme"]) { ... on Account { id } } }`)).toBeUndefined();
    expect(plan(`{ viewer { subject } }`)).toBeDefined();
  });
});
