import fc from "fast-check";
import type { Json, JsonObject } from "../../src/domain/json/json.js";
import { appendToken, tokensOf } from "../../src/domain/json/pointer.js";
import { isVisibleAt } from "../../src/domain/merge/visibility.js";
import { declaredSettings } from "../../src/schema/declared-settings.js";
import { loadSchemaRegistry } from "../../src/schema/schema-registry.js";
import type { TestApp } from "../graphql/test-app.js";
import { SHIPPED_SCHEMAS } from "../service/services.js";

/** Northstar has no reseller above it, summit is one, and acme is below that. */
export const ACCOUNTS = ["northstar", "summit", "acme", "acme-berlin"] as const;
type Account = (typeof ACCOUNTS)[number];

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

interface Setting {
  readonly id: string;
  readonly pointer: string;
  readonly values: readonly Json[];
}

const SCHEMAS = [...loadSchemaRegistry(SHIPPED_SCHEMAS).configs.values()];

/** Whatever any account schema declares, and a member of it of a made-up name where it takes some; with values that may suit. */
export const SETTINGS: readonly Setting[] = SCHEMAS.flatMap(({ id, account, forAccount }) => {
  if (account === undefined || forAccount === undefined) return [];
  const pointers = declaredSettings(account).flatMap((pointer) => [pointer, appendToken(pointer, "a.b")]);
  return pointers
    .filter((pointer) => isVisibleAt(forAccount.visibility, tokensOf(pointer)))
    .map((pointer) => ({ id, pointer, values: suiting(forAccount.field(pointer)?.schema ?? {}) }));
});
export const CONFIGS = [...new Set(SETTINGS.map(({ id }) => id))];

/** What no account sees of these configs, though the system layer may say it. */
export const HIDDEN: readonly Setting[] = SCHEMAS.flatMap(({ id, system, forSystem, forAccount }) => {
  if (forAccount === undefined || system === undefined) return [];
  return declaredSettings(system)
    .filter((pointer) => !isVisibleAt(forAccount.visibility, tokensOf(pointer)))
    .map((pointer) => ({ id, pointer, values: suiting(forSystem.field(pointer)?.schema ?? {}) }));
});

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

const account = fc.option(fc.constantFrom(...ACCOUNTS), { nil: undefined, freq: 4 });
const setting = fc.constantFrom(...SETTINGS);
const any = fc.oneof({ weight: 3, arbitrary: setting }, { weight: 1, arbitrary: fc.constantFrom(...HIDDEN) });
const value = (of: fc.Arbitrary<Setting>) =>
  of.chain(({ id, pointer, values }) =>
    fc.record({ id: fc.constant(id), pointer: fc.constant(pointer), value: fc.constantFrom(...values) }),
  );

/** What changes what an account has, in whichever layer, and what of it is in force. */
export const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("write"),
      account,
      at: value(setting),
      pinned: fc.boolean(),
    } as const),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant("write"), at: value(fc.constantFrom(...HIDDEN)) } as const),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("constrain"),
      account: fc.option(fc.constantFrom("summit", "acme"), { nil: undefined }),
      at: value(any),
      rule: fc.constantFrom("LOCK", "BOUNDS", "NONE"),
    } as const),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("reseller"),
      account: fc.constantFrom("summit", "acme"),
      isReseller: fc.boolean(),
    } as const),
  },
);
export type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

const conferences = (pointer: string, given: Json) => ({ id: "conferences", pointer, value: given });
/** One of each kind, in any run of the law. */
export const FIRST: readonly Step[] = [
  { kind: "write", account: "acme", at: conferences("/number_timeout", 8_000), pinned: true },
  { kind: "constrain", account: "summit", at: conferences("/pin_timeout", 1), rule: "LOCK" },
  { kind: "constrain", account: undefined, at: conferences("/entry_tone", "x"), rule: "BOUNDS" },
  { kind: "reseller", account: "acme", isReseller: true },
];

/** @returns whether it was taken: schemas and constraints refuse some */
export async function take(
  { client }: TestApp,
  one: Step,
  headers: Record<string, string>,
): Promise<boolean> {
  const { field, type, input } = asMutation(one);
  const answer = await client.post<{ done: { __typename: string } | null }>(
    {
      query: `mutation ($input: ${type}!) { done: ${field}(input: $input) { __typename } }`,
      variables: { input },
    },
    headers,
  );
  return answer.errors === undefined && /Written|Account/.test(answer.data?.done?.__typename ?? "");
}

function asMutation(one: Step): { field: string; type: string; input: object } {
  if (one.kind === "reseller") {
    const { account: id, isReseller } = one;
    return { field: "updateAccount", type: "UpdateAccountInput", input: { id, isReseller } };
  }
  const owner: Account | undefined = "account" in one ? one.account : undefined;
  const { id: configId, pointer, value: given } = one.at;
  const target = { configId, ...(owner !== undefined && { accountId: owner }) };
  const [verb, input] =
    one.kind === "write"
      ? ["patch", { patch: nested(pointer, given), ...("pinned" in one && one.pinned && { pin: [pointer] }) }]
      : ["constrain", constraint(one.rule, pointer, given)];
  const level = owner === undefined ? "System" : "";
  const type = `${verb[0]?.toUpperCase()}${verb.slice(1)}${level}ConfigInput`;
  return { field: `${verb}${level}Config`, type, input: { ...target, ...input } };
}

function nested(pointer: string, given: Json): Json {
  return tokensOf(pointer).reduceRight<Json>((inner, name) => ({ [name]: inner }), given);
}

function constraint(rule: "LOCK" | "BOUNDS" | "NONE", pointer: string, given: Json): object {
  if (rule === "NONE") return { remove: [pointer] };
  const bounds = rule === "BOUNDS" && { schema: { enum: [given] } };
  return { set: [{ pointer, kind: rule, reason: "It is the same for all.", ...bounds }] };
}
