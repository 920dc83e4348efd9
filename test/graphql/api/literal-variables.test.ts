import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { isEmpty, isObject, type Json, type JsonObject } from "../../../src/domain/json/json.js";
import { cases, SEED } from "../../cases.js";
import { SetConfigDocument, SetSystemConfigDocument } from "../operations.generated.js";
import { TestApp } from "../test-app.js";

const OPEN = { type: "object", additionalProperties: true };
const TARGET = { accountId: "globex", configId: "open" };

let app: TestApp;
beforeAll(async () => {
  app = await TestApp.open({ "account_config.open": OPEN, "system_config.open": OPEN });
});
afterAll(() => app.close());

const STORED = { a: 1, s: { a: 1, t: { a: 1, b: 2 } }, text: "x" };
beforeEach(() => store(STORED));
const store = (values: JsonObject) =>
  app.client.run(SetConfigDocument, { input: { ...TARGET, values: values } });

type Write = "patchConfig" | "setConfig" | "patchSystemConfig" | "setSystemConfig";

/** Writes a literal; `declared` says which variables the operation has, `variables` those that are sent. */
async function write(
  mutation: Write,
  literal: string,
  declared: string,
  variables: Readonly<Record<string, Json>> = {},
): Promise<{ document: JsonObject | null; revision: number | null }> {
  const target = mutation.includes("System") ? 'configId: "open"' : 'accountId: "globex", configId: "open"';
  const member = mutation.startsWith("set") ? "values" : "patch";
  const query = `mutation M${declared} { written: ${mutation}(input: { ${target}, ${member}: ${literal} }) {
    ... on ConfigWritten { document revision } } }`;
  const answer = await app.client.post<{ written: { document: JsonObject | null; revision: number | null } }>(
    { query, variables },
  );
  if (!answer.data?.written) throw new Error(answer.text);
  return answer.data.written;
}

describe("a variable inside a literal that is not sent", () => {
  const X = "($x: JSON)";
  test.each<[name: string, literal: string, document: JsonObject]>([
    ["leaves a member as it is", "{ a: $x, b: 21 }", { ...STORED, b: 21 }],
    ["leaves a subtree as it is", "{ s: $x, b: 21 }", { ...STORED, b: 21 }],
    [
      "leaves a nested member as it is",
      "{ s: { a: $x, t: { a: $x, b: 21 } } }",
      { ...STORED, s: { a: 1, t: { a: 1, b: 21 } } },
    ],
    [
      "leaves what an object of such members would replace",
      "{ text: { t: { a: $x } }, b: 21 }",
      { ...STORED, b: 21 },
    ],
    ["makes no empty object", "{ new: { a: $x }, b: 21 }", { ...STORED, b: 21 }],
    [
      "is null in a list",
      "{ b: [1, $x, [$x], { a: $x, b: 2 }] }",
      { ...STORED, b: [1, null, [null], { b: 2 }] },
    ],
    ["leaves an object in a list empty", "{ b: [{ a: $x }, { s: { a: $x } }] }", { ...STORED, b: [{}, {}] }],
  ])("%s", async (_, literal, document) => {
    expect((await write("patchConfig", literal, X)).document).toEqual(document);
  });

  test("counts with its default, and as null where null is sent", async () => {
    const declared = "($x: JSON = { d: 5 }, $y: Int = 7, $z: JSON = 1)";
    const { document } = await write("patchConfig", "{ a: $z, s: $x, y: $y }", declared, { z: null });
    expect(document).toEqual({ s: { ...STORED.s, d: 5 }, text: "x", y: 7 });
  });

  test("drops nothing, and an explicit null does", async () => {
    expect((await write("patchConfig", "{ a: $x, s: { t: $x } }", X)).revision).toBeNull();
    expect((await write("patchConfig", "{ a: $x, s: { t: $x } }", X, { x: null })).document).toEqual({
      s: { a: 1 },
      text: "x",
    });
  });

  test("is not what JavaScript calls so", async () => {
    const declared = "($toString: JSON, $constructor: JSON)";
    const { revision } = await write("patchConfig", "{ a: $toString, b: $constructor }", declared);
    expect(revision).toBeNull();
  });

  test("is inherited after a set, like a member that is left out", async () => {
    expect((await write("setConfig", "{ a: $x, s: { a: $x }, b: 2 }", X)).document).toEqual({ b: 2 });
    expect((await write("setConfig", "{ a: $x, s: { a: $x } }", X)).document).toBeNull();
  });

  test("is not given in writes of the system layer either", async () => {
    await app.client.run(SetSystemConfigDocument, { input: { configId: "open", values: STORED } });
    const patched = await write("patchSystemConfig", "{ a: $x, s: { a: $x }, b: 21 }", X);
    expect(patched.document).toEqual({ ...STORED, b: 21 });
    expect((await write("setSystemConfig", "{ a: $x, b: 2 }", X)).document).toEqual({ b: 2 });
    await write("setSystemConfig", "{}", "");
  });

  test("is not given at the tenth time either", async () => {
    for (let time = 0; time < 10; time++) {
      expect((await write("patchConfig", "{ a: $x, s: { a: $x } }", X)).revision).toBeNull();
    }
  });
});

/** A literal with variables, and what it means when just `sent` is sent. */
interface Case {
  readonly literal: string;
  readonly means: Json | undefined;
}
const SENT: Readonly<Record<string, Json>> = { n: null, v: 9, o: { a: 3, c: { b: 4 } } };
const leaf = fc.constantFrom<Case>(
  { literal: "$absent", means: undefined },
  { literal: "$n", means: null },
  { literal: "$v", means: 9 },
  { literal: "$o", means: SENT.o },
  { literal: "null", means: null },
  { literal: "{}", means: {} },
  { literal: "5", means: 5 },
);
const { value: literals } = fc.letrec<{ value: Case; object: Case; list: Case }>((tie) => ({
  value: fc.oneof({ maxDepth: 3 }, leaf, tie("object"), tie("list")),
  list: fc.array(tie("value"), { maxLength: 3 }).map((items) => ({
    literal: `[${items.map(({ literal }) => literal).join(", ")}]`,
    means: items.map(({ means, literal }) => means ?? (literal.startsWith("{") ? {} : null)),
  })),
  object: fc.dictionary(fc.constantFrom("a", "b", "c"), tie("value"), { maxKeys: 3 }).map((members) => {
    const given = Object.entries(members).filter(([, { means }]) => means !== undefined);
    return {
      literal: `{ ${Object.entries(members)
        .map(([key, { literal }]) => `${key}: ${literal}`)
        .join(", ")} }`,
      means:
        given.length === 0 && Object.keys(members).length > 0
          ? undefined
          : Object.fromEntries(given.map(([key, { means }]) => [key, means as Json])),
    };
  }),
}));

test("law: a literal does what the same JSON without the absent variables does", async () => {
  const runs = cases(200);
  console.log(`${runs} cases, LAW_SEED=${SEED}`);
  const declaredFor = (literal: string) => {
    const names = new Set(literal.match(/\$\w+/g));
    return names.size === 0 ? "" : `(${[...names].map((name) => `${name}: JSON`).join(", ")})`;
  };
  const objects = literals.filter(({ literal }) => literal.startsWith("{"));
  await fc.assert(
    fc.asyncProperty(
      objects,
      fc.constantFrom<Write>("patchConfig", "setConfig"),
      async ({ literal, means }, mutation) => {
        const given = isObject(means) ? means : {};
        await store(STORED);
        const byLiteral = await write(mutation, literal, declaredFor(literal), SENT);
        await store(STORED);
        const byVariable = await write(mutation, "$p", "($p: JSONObject!)", { p: given });
        expect(byLiteral.document).toEqual(byVariable.document);
        if (mutation === "patchConfig" && isEmpty(given)) expect(byLiteral.revision).toBeNull();
      },
    ),
    { numRuns: runs, seed: SEED },
  );
});

describe("a member that is given twice", () => {
  test("counts as given last in a JSON body", async () => {
    const query = `mutation M($p: JSONObject!) { patchConfig(input: { accountId: "globex", configId: "open", patch: $p }) {
      ... on ConfigWritten { document } } }`;
    const body = `{"query": ${JSON.stringify(query)}, "variables": {"p": {"b": 1, "s": 5, "b": 2, "s": {"a": 6}}}}`;
    const answer = await app.client.send(body);
    expect(answer.data).toEqual({
      patchConfig: { document: { ...STORED, b: 2, s: { ...STORED.s, a: 6 } } },
    });
  });

  test.each(["{ b: 1, b: 2 }", "{ s: { b: 1, b: 2 } }", "{ b: [{ c: 1, c: 1 }] }"])(
    "is refused in the literal %s",
    async (literal) => {
      const query = `mutation { patchConfig(input: { accountId: "globex", configId: "open", patch: ${literal} }) { __typename } }`;
      const answer = await app.client.post({ query });
      expect(answer.errors?.[0]).toMatchObject({
        message: expect.stringMatching(/^There can be only one input field named "[bc]"\.$/),
        extensions: { code: "GRAPHQL_VALIDATION_FAILED" },
      });
    },
  );
});
