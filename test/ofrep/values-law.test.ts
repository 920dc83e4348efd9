import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Json, JsonObject } from "../../src/domain/json.js";
import { appendToken, tokensOf } from "../../src/domain/pointer.js";
import { isVisibleAt } from "../../src/domain/visibility.js";
import { flagKey, parseFlagKey } from "../../src/ofrep/flag-key.js";
import { declaredSettings } from "../../src/schema/declared-settings.js";
import { loadSchemaRegistry } from "../../src/schema/schema-registry.js";
import { cases, SEED } from "../cases.js";
import { TestApp } from "../graphql/test-app.js";
import { SHIPPED_SCHEMAS } from "../service/services.js";

const WRITES = cases(320);
const WRITES_PER_RUN = 40;
/** Northstar has no reseller above it, summit is one, and acme is below that. */
const ACCOUNTS = ["northstar", "summit", "acme", "acme-berlin"] as const;
const VALUES: readonly Json[] = [
  true,
  false,
  0,
  1,
  7,
  1_500,
  2.5,
  "",
  "x",
  "en-us",
  "https://example.com/a",
  [],
  ["a", "b"],
  {},
  { a: 1 },
  { a: { "b.c": true, "d/e": "x" } },
];

/** Whatever any account schema declares, and a member of it of a made-up name where it takes some; with values that may suit. */
const SETTINGS = [...loadSchemaRegistry(SHIPPED_SCHEMAS).configs.values()].flatMap(
  ({ id, account, forAccount }) => {
    if (account === undefined || forAccount === undefined) return [];
    const pointers = declaredSettings(account).flatMap((pointer) => [pointer, appendToken(pointer, "a.b")]);
    return pointers
      .filter((pointer) => isVisibleAt(forAccount.visibility, tokensOf(pointer)))
      .map((pointer) => ({ id, pointer, values: suiting(forAccount.field(pointer)?.schema ?? {}) }));
  },
);

function suiting({ type, enum: listed }: JsonObject): readonly Json[] {
  if (Array.isArray(listed)) return listed;
  const types = [type ?? []].flat();
  const suit = VALUES.filter((value) => types.includes(typeOf(value)));
  return suit.length === 0 ? VALUES : suit;
}

function typeOf(value: Json): string {
  if (Array.isArray(value)) return "array";
  return Number.isInteger(value) ? "integer" : typeof value;
}

const CONFIGS = [...new Set(SETTINGS.map(({ id }) => id))];

const write = fc.record({
  account: fc.option(fc.constantFrom(...ACCOUNTS), { nil: undefined }),
  setting: fc.constantFrom(...SETTINGS),
  which: fc.nat(100),
});
type Write = typeof write extends fc.Arbitrary<infer T> ? T : never;

interface Told {
  readonly etag: string;
  readonly fields: readonly {
    readonly pointer: string;
    readonly value: Json;
    readonly source: {
      readonly kind: string;
      readonly account: { readonly id: string } | null;
      readonly revision: number | null;
    };
  }[];
  readonly values: Json;
}

interface Flag {
  readonly key: string;
  readonly value?: Json;
  readonly reason: string;
  readonly variant?: string;
  readonly metadata: Record<string, unknown>;
}

let opened: TestApp;
beforeAll(async () => {
  opened = await TestApp.open();
});
afterAll(() => opened.close());

test(`every leaf of every config is told as GraphQL tells it, over ${WRITES} writes to any layer`, async () => {
  console.log(`ofrep values: ${WRITES} writes, LAW_SEED=${SEED}`);
  expect(CONFIGS).toHaveLength(22);
  let accepted = 0;
  const follow = async (writes: readonly Write[]) => {
    for (const one of writes) if (await put(one)) accepted++;
    for (const account of ACCOUNTS) await compare(account);
  };
  const runs = fc.array(write, { minLength: WRITES_PER_RUN, maxLength: WRITES_PER_RUN });
  await fc.assert(fc.asyncProperty(runs, follow), {
    numRuns: Math.ceil(WRITES / WRITES_PER_RUN),
    seed: SEED,
  });
  expect(accepted).toBeGreaterThan(WRITES / 8);
}, 3_600_000);

/** @returns whether the schemas take it */
async function put({ account, setting: { id, pointer, values }, which }: Write): Promise<boolean> {
  const value = values[which % values.length] as Json;
  const patch = tokensOf(pointer).reduceRight<Json>((inner, name) => ({ [name]: inner }), value);
  const [name, type] = account === undefined ? ["patchSystemConfig", "System"] : ["patchConfig", ""];
  const input = { configId: id, patch, ...(account !== undefined && { accountId: account }) };
  const answer = await opened.client.post<{ done: { __typename: string } }>({
    query: `mutation ($input: Patch${type}ConfigInput!) { done: ${name}(input: $input) { __typename } }`,
    variables: { input },
  });
  return answer.data?.done?.__typename === "ConfigWritten";
}

async function compare(account: string): Promise<void> {
  const [told, flags] = [await byGraphql(account), await bulk(account)];
  const byKey = new Map(flags.map((flag) => [flag.key, flag]));
  expect(byKey.size).toBe(flags.length);
  for (const id of CONFIGS) {
    const { etag, fields, values } = told[id.replaceAll(".", "_")] as Told;
    for (const { pointer, value, source } of fields) {
      const isAbove = source.kind === "SYSTEM" || source.kind === "SCHEMA";
      expect(byKey.get(flagKey({ configId: id, pointer }))).toEqual({
        key: flagKey({ configId: id, pointer }),
        value,
        reason: isAbove ? "STATIC" : "TARGETING_MATCH",
        variant: source.kind.toLowerCase(),
        metadata: {
          layer: source.kind,
          etag,
          ...(source.account !== null && { account: source.account.id }),
          ...(source.revision !== null && { revision: source.revision }),
        },
      });
    }
    expect((await single(account, id)).value).toEqual(values);
    expectNothingElse(flags, id, values);
  }
}

/** What a bulk answer has besides leaves is at its place in the values too, or has no value. */
function expectNothingElse(flags: readonly Flag[], id: string, values: Json): void {
  for (const { key, value } of flags) {
    const setting = parseFlagKey(key);
    if (setting?.configId !== id) continue;
    const at = tokensOf(setting.pointer).reduce<unknown>((object, name) => {
      const isInside = typeof object === "object" && object !== null && Object.hasOwn(object, name);
      return isInside ? (object as Record<string, unknown>)[name] : undefined;
    }, values);
    expect(value).toEqual(at);
  }
}

async function byGraphql(account: string): Promise<Record<string, Told>> {
  const configs = CONFIGS.map(
    (id) =>
      `${id.replaceAll(".", "_")}: config(accountId: "${account}", configId: "${id}") { etag values fields { pointer value source { kind revision account { id } } } }`,
  );
  const told = {};
  // All at once would be too dear.
  for (let first = 0; first < configs.length; first += 4) {
    const { data, errors } = await opened.client.post({
      query: `{ ${configs.slice(first, first + 4).join(" ")} }`,
    });
    expect(errors).toBeUndefined();
    Object.assign(told, data);
  }
  return told;
}

async function bulk(account: string): Promise<Flag[]> {
  const response = await opened.app.inject({
    method: "POST",
    url: "/ofrep/v1/evaluate/flags",
    payload: { context: { targetingKey: account } },
  });
  expect(response.statusCode).toBe(200);
  return response.json().flags;
}

async function single(account: string, key: string): Promise<Flag> {
  const response = await opened.app.inject({
    method: "POST",
    url: `/ofrep/v1/evaluate/flags/${encodeURIComponent(key)}`,
    payload: { context: { targetingKey: account } },
  });
  expect(response.statusCode).toBe(200);
  return response.json();
}
