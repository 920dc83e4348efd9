import type { Message } from "../test/attack/exchange.js";

/** Numbers that look random and are the same for the same seed. */
export function createRandom(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

type Random = ReturnType<typeof createRandom>;
type Make = (random: Random) => Message;

const post = (body: string): Message => ({ method: "POST", path: "/graphql", body });
const query = (text: string, variables?: unknown): Message =>
  post(JSON.stringify({ query: text, variables }));
const of = <T>(random: Random, items: readonly T[]): T => items[random(items.length)] as T;
/** Mostly small, now and then as large as they get. */
const size = (random: Random, most: number): number => Math.floor(most ** (random(1_000) / 1_000));
const times = (count: number, make: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => make(i)).join(" ");

const ACCOUNTS = ["acme", "acme-berlin", "globex", "nobody", "summit"];
const CONFIGS = ["open", "strict", "mail", "c", "default", "nothing"];

function value(random: Random, room: number): unknown {
  const kind = random(8);
  if (room <= 1 || kind < 3)
    return of(random, [1, true, "text", null, 1.5, "\u0000", 2 ** 53, "x".repeat(size(random, 5_000))]);
  const count = 1 + random(Math.min(room, 40));
  const items = Array.from({ length: count }, () => value(random, Math.floor(room / count)));
  return kind < 5
    ? items
    : Object.fromEntries(items.map((item, i) => [of(random, ["", "__proto__ ", "é", "k"]) + i, item]));
}

/** As many fields as asked for, side by side or below each other. */
function wide(random: Random, fields: number): Record<string, unknown> {
  const groups = Array.from({ length: 1 + random(200) }, (): Record<string, unknown> => ({}));
  for (let i = 0; i < fields; i++)
    (groups[i % groups.length] ?? {})[`k${i}`] = of(random, [i, "text", [i, i]]);
  return Object.fromEntries(groups.map((group, i) => [`g${i}`, group]));
}

const FIELDS = [
  "etag",
  "id",
  "values",
  "configId",
  "layers { kind document }",
  "problems { pointer }",
  "schema { id }",
  "account { id parent { id } }",
  'value(at: "/g0")',
  "fields { pointer }",
  "fields { pointer value source { kind } }",
  "fields { pointer contributions { value layer { kind } } }",
];
const selection = (random: Random): string => times(1 + random(6), (i) => `a${i}: ${of(random, FIELDS)}`);

const nested = (random: Random): string => {
  const depth = size(random, 20_000);
  return `${"[".repeat(depth)}${"]".repeat(depth)}`;
};

const VALID: readonly Make[] = [
  (random) =>
    query(
      `{ config(accountId: "${of(random, ACCOUNTS)}", configId: "${of(random, CONFIGS)}") { ${selection(random)} } }`,
    ),
  (random) =>
    query(
      `{ ${times(1 + size(random, 60), (i) => `a${i}: account(id: "${of(random, ACCOUNTS)}") { id name configs(configIds: ["open", "c"]) { ${selection(random)} } }`)} }`,
    ),
  (random) => ({
    path: `/v2/accounts/${of(random, ACCOUNTS)}/configs/${of(random, CONFIGS)}${of(random, ["", "?provenance=true"])}`,
  }),
  (random) => ({
    method: of(random, ["PUT", "PATCH", "POST"]),
    path: `/v2/accounts/acme/configs/${of(random, ["open", "c"])}`,
    body: JSON.stringify({ data: wide(random, size(random, 9_000)) }),
  }),
  (random) =>
    query(
      `mutation ($v: JSONObject!) { ${of(random, ["setConfig", "patchConfig"]) === "setConfig" ? 'setConfig(input: { accountId: "acme", configId: "c", values: $v })' : 'patchConfig(input: { accountId: "acme", configId: "c", patch: $v })'} { __typename ... on ConfigWritten { changes { pointer before after } config { ${selection(random)} } } } }`,
      { v: wide(random, size(random, 6_000)) },
    ),
  () => query("{ configSchemas { id accountSchema defaults } }"),
];

const HOSTILE: readonly Make[] = [
  (random) =>
    query(
      `{ ${times(size(random, 12_000), (i) => of(random, ["__typename", `a${i}: __typename`, `...F${i % 50}`, "{", "}", `f${i}`]))} }`,
    ),
  (random) => post(`{"query":"{ __typename }","variables":{"a":${nested(random)}}}`),
  (random) =>
    query(
      `{ account(id: "acme") { ${"... { ".repeat(size(random, 300))} id ${"}".repeat(size(random, 300))} } }`,
    ),
  (random) =>
    query('query ($c: [ID!]) { account(id: "acme") { configs(configIds: $c) { id } } }', {
      c: Array.from({ length: size(random, 100_000) }, () => of(random, ["open", {}, 1.5, null])),
    }),
  (random) => ({
    method: "PUT",
    path: "/v2/accounts/acme/configs/strict",
    body: JSON.stringify({ data: wide(random, size(random, 12_000)) }),
  }),
  (random) => ({
    method: "PATCH",
    path: "/v2/accounts/acme/configs/open",
    body: `{"data":{"a":${nested(random)}}}`,
  }),
  (random) => post(`{"query":"${"\\u0000".repeat(size(random, 50_000))}`),
  (random) => post(" ".repeat(size(random, 1_100_000))),
  (random) =>
    post(
      `{"query":"{a}","x":"${"1e-400 ".repeat(size(random, 100_000))}","y":0.${"0".repeat(size(random, 200_000))}1}`,
    ),
  (random) => query(`{ a(b: """${'\\""" " \n'.repeat(size(random, 30_000))}`),
  (random) =>
    query(
      `mutation { setConfig(input: { accountId: "acme", configId: "open", values: { a: [${times(size(random, 3_000), () => of(random, ["1", '"x"', "{ b: 1 }", "1e400"]))}] } }) { __typename } }`,
    ),
  (random) => ({ path: `/v2/accounts/${"%61".repeat(size(random, 4_000))}/configs/open` }),
];

/** Sound in shape, with anything in it. */
const MIXED: readonly Make[] = [
  (random) => ({
    method: "PATCH",
    path: "/v2/accounts/acme/configs/open",
    body: JSON.stringify({ data: { any: value(random, size(random, 8_000)) } }),
  }),
  (random) =>
    query(
      'mutation ($v: JSONObject!) { patchConfig(input: { accountId: "acme", configId: "open", patch: $v, dryRun: true }) { __typename ... on ConfigWritten { document } ... on ConfigInvalid { problems { pointer message } } } }',
      { v: { any: value(random, size(random, 8_000)) } },
    ),
  (random) => {
    const whole = JSON.stringify({
      query: `{ config(accountId: "acme", configId: "open") { ${selection(random)} } }`,
    });
    const at = random(whole.length);
    return post(
      whole.slice(0, at) + of(random, ["", "\u0000", "{", '"', "\\"]) + whole.slice(at + random(3)),
    );
  },
];

export const CLASSES = { valid: VALID, hostile: HOSTILE, mixed: MIXED } as const;

/** The next of them, and of which kind it was made. */
export function generate(random: Random): { readonly kind: keyof typeof CLASSES; readonly request: Message } {
  const kind = of(random, ["valid", "hostile", "mixed"] as const);
  return { kind, request: of(random, CLASSES[kind])(random) };
}
