import fc from "fast-check";
import { execute, type GraphQLSchema, getOperationAST, parse } from "graphql";
import { beforeAll, describe, expect, test } from "vitest";
import { OPEN_PRINCIPAL, type Principal } from "../../../src/auth/principal.js";
import type { RequestContext } from "../../../src/graphql/api/context.js";
import { createGraphqlSchema } from "../../../src/graphql/api/schema.js";
import { compilePlan } from "../../../src/graphql/server/plan/compiled-plan.js";
import { SharedTexts } from "../../../src/graphql/server/plan/shared-texts.js";
import { RequestWork } from "../../../src/graphql/server/request-work.js";
import { createRequestReader } from "../../../src/service/read/request-reader.js";
import { cases, SEED } from "../../cases.js";
import { Services } from "../../service/services.js";
import { openTestStore } from "../../store/test-store.js";
import { schemaFolder } from "../../temporary-folder.js";

const OPEN = {
  type: "object",
  additionalProperties: true,
  properties: {
    a: { title: "A setting" },
    b: { type: "object", properties: { c: { description: "Deep" } } },
  },
};
const ACCOUNTS = ["root", "east", "acme", "bolt", "west", "core"];
const callerOf = (accountId: string): Principal => ({
  ...OPEN_PRINCIPAL,
  accountId,
  isSuperadmin: false,
  issuedAt: Date.UTC(2027, 0) / 1_000,
});
const CALLERS: readonly Principal[] = [OPEN_PRINCIPAL, ...["root", "east", "acme"].map(callerOf)];

/** Of a field and of its layers: what is the same for all, and what is not. */
const FIELD_PARTS = ["pointer", "value", "title", "description", "schema", "__typename"];
const LAYER_PARTS = ["kind", "__typename", "revision", "updatedBy", "document", "account { id name }"];

/** The root's own layer is the RESELLER layer of the next; and what one caller may know of a layer, another may not. */
const ALWAYS: readonly (readonly [string, Principal])[] = [
  ["core", OPEN_PRINCIPAL],
  ["root", OPEN_PRINCIPAL],
  ["acme", OPEN_PRINCIPAL],
  ["acme", callerOf("acme")],
];

let schema: GraphQLSchema;
beforeAll(async () => {
  schema = await createGraphqlSchema();
});

async function openServices() {
  const store = await openTestStore();
  const services = new Services(
    store,
    schemaFolder({ "account_config.open": OPEN, "system_config.open": { ...OPEN, default: { a: 0, d: 1 } } }),
  );
  await services.tree(
    ["root"],
    ["east*", "root"],
    ["acme", "east"],
    ["bolt", "east"],
    ["west", "root"],
    ["core", "west"],
  );
  const contextOf = (principal: Principal): RequestContext => {
    const work = new RequestWork();
    work.inOneTurn = true;
    const { accounts, configs } = services;
    return { principal, accounts, configs, reader: createRequestReader(store, principal), work };
  };
  return { services, contextOf };
}

const documents = fc.record(
  {
    a: fc.constantFrom(1, "text", { x: 1 }, {}),
    b: fc.constantFrom<unknown>(2, { c: [1, null] }, { c: 'quo"te \u2028', e: true }),
    d: fc.constantFrom(1, 3),
  },
  { requiredKeys: [] },
);
const selections = fc
  .tuple(
    fc.subarray(FIELD_PARTS),
    fc.subarray(LAYER_PARTS, { minLength: 1, maxLength: 2 }),
    fc.subarray(LAYER_PARTS, { maxLength: 1 }),
  )
  .map(([parts, source, layer]) => {
    const contributions = `contributions { value pointer ${layer.length > 0 ? `layer { ${layer.join(" ")} }` : ""} }`;
    return `${parts.join(" ")} source { ${source.join(" ")} } ${contributions}`;
  });

describe(`texts that accounts share (LAW_SEED=${SEED})`, () => {
  test("are what graphql-js makes for each account, caller and moment", async () => {
    const { services, contextOf } = await openServices();
    const sets = fc.array(fc.tuple(fc.constantFrom(undefined, ...ACCOUNTS), documents), { maxLength: 3 });
    const asked = fc.array(fc.tuple(fc.constantFrom(...ACCOUNTS), fc.constantFrom(...CALLERS)), {
      maxLength: 8,
    });
    const step = fc.record({ sets, asked });
    const law = fc.asyncProperty(
      fc.array(step, { maxLength: 4 }),
      selections,
      fc.nat(1),
      async (steps, selection, room) => {
        const query = `query ($id: ID!) { config(accountId: $id, configId: "open") { fields { ${selection} } } }`;
        const document = parse(query);
        const operation = getOperationAST(document);
        // The second has room for a text or two: most of the time it forgets all.
        const texts = new SharedTexts(room === 0 ? undefined : 300);
        const plan = operation && compilePlan(schema, document, operation, texts);
        for (const { sets, asked } of steps) {
          for (const [id, values] of sets) await services.set(id, "open", values as Record<string, never>);
          for (const [id, caller] of [...asked, ...ALWAYS]) {
            const contextValue = contextOf(caller);
            const wanted = await execute({ schema, document, contextValue, variableValues: { id } });
            const written = await plan?.(contextOf(caller), { id }).catch(() => undefined);
            expect(written).toBe(wanted.errors ? undefined : `${JSON.stringify(wanted)}\n`);
          }
        }
      },
    );
    await fc.assert(law, { seed: SEED, numRuns: cases(25) });
  });

  test("say of a layer nothing that one caller may know and another may not", async () => {
    const { services, contextOf } = await openServices();
    await services.set("east", "open", { a: 1 });
    const document = parse(
      '{ config(accountId: "acme", configId: "open") { fields(under: "/a") { pointer source { kind revision } } } }',
    );
    const operation = getOperationAST(document);
    const plan = operation && compilePlan(schema, document, operation);
    const told = (caller: Principal) => plan?.(contextOf(caller), {});
    expect(await told(OPEN_PRINCIPAL)).toContain(
      '{"pointer":"/a","source":{"kind":"RESELLER","revision":1}}',
    );
    expect(await told(callerOf("acme"))).toContain('"source":{"kind":"RESELLER","revision":null}}');
  });

  test("are written once for all who inherit, and anew for an account's own fields", () => {
    let count = 0;
    const write = new SharedTexts().sharing(() => `"${++count}"`);
    const [inherited, other] = [{}, {}];
    const room = { characters: 100 };
    expect(write({ inherited }, room)).toBe('"1"');
    expect(write({ inherited }, room)).toBe('"1"');
    expect(write({ inherited: other }, room)).toBe('"2"');
    expect(write({ inherited: undefined }, room)).toBe('"3"');
    expect(write({ inherited: undefined }, room)).toBe('"4"');
    expect(write({ inherited }, room)).toBe('"1"');
  });

  test("of one plan are not those of another", () => {
    const texts = new SharedTexts();
    const [one, another] = [texts.sharing(() => '"one"'), texts.sharing(() => '"another"')];
    const inherited = {};
    const room = { characters: 100 };
    expect([one({ inherited }, room), another({ inherited }, room)]).toEqual(['"one"', '"another"']);
  });

  test("take room in each response, written or not", () => {
    const write = new SharedTexts().sharing(() => "x".repeat(40));
    const inherited = {};
    const room = { characters: 70 };
    write({ inherited }, room);
    write({ inherited }, room);
    expect(() => write({ inherited }, room)).toThrow("too much for one turn");
  });

  test("are forgotten beyond their bytes", () => {
    let count = 0;
    const write = new SharedTexts(300).sharing(() => `${++count}${"x".repeat(99)}`);
    const [first, second] = [{}, {}];
    const room = { characters: 10_000 };
    write({ inherited: first }, room);
    write({ inherited: second }, room);
    expect(write({ inherited: first }, room)[0]).toBe("3");
  });
});
