import { times } from "../../attack/attack.js";

// Queries at the limits of what one request may ask. Tests hold what comes of them; how long each of them holds the
// process is measured, not tested (bench/event-loop.ts).

export interface HeavyQuery {
  readonly name: string;
  readonly query: string;
  readonly variables?: Readonly<Record<string, unknown>>;
}

export interface RefusedQuery extends HeavyQuery {
  /** The limit that it is over, or the code that it is refused with. */
  readonly reason: string;
}

const chain = (length: number, spread: (next: string) => string): string =>
  `{ account(id: "acme") { ...F0 } } ${times(length, (i) => `fragment F${i} on Account { ${spread(`...F${i + 1}`)} }`)} fragment F${length} on Account { id }`;
const doubling = (next: string): string => `a: parent { ${next} } b: parent { ${next} }`;
const CONFIGS = `query ($c: [ID!], $k: [LayerKind!]) {
  account(id: "acme") { configs(configIds: $c) { id fields(sources: $k) { pointer } } } }`;

function refused(
  name: string,
  query: string,
  reason: string,
  variables?: HeavyQuery["variables"],
): RefusedQuery {
  return { name, query, reason, ...(variables && { variables }) };
}

const answered = (name: string, query: string): HeavyQuery => ({ name, query });

export const REFUSED: readonly RefusedQuery[] = [
  refused(
    "one field 5,900 times",
    `{ config(accountId: "acme") { ${times(5_900, () => "etag")} } }`,
    "repeats",
  ),
  refused("one field 10,000 times", `{ ${times(10_000, () => "__typename")} }`, "repeats"),
  refused("10,000 aliases", `{ ${times(10_000, (i) => `a${i}: __typename`)} }`, "tokens"),
  refused(
    "one field with a selection 1,300 times",
    `{ config(accountId: "acme") { ${times(1_300, () => "account { id }")} } }`,
    "repeats",
  ),
  refused(
    "one field with an argument 900 times",
    `{ config(accountId: "acme") { ${times(900, () => 'value(at: "")')} } }`,
    "repeats",
  ),
  refused(
    "one field in 600 fragments",
    `{ ${times(600, (i) => `...F${i}`)} } ${times(600, (i) => `fragment F${i} on Query { __typename }`)}`,
    "repeats",
  ),
  refused(
    "one field in 1,000 inline fragments",
    `{ ${times(1_000, () => "... { __typename }")} }`,
    "repeats",
  ),
  refused(
    "a chain of 300 fragments",
    chain(300, (next) => next),
    "repeats",
  ),
  refused("fragments that double 12 times", chain(12, doubling), "cost"),
  refused("fragments that double 20 times", chain(20, doubling), "cost"),
  refused(
    "one alias too many of every config",
    `{ ${times(250, (i) => `a${i}: account(id: "acme") { configs { etag } }`)} }`,
    "cost",
  ),
  refused("8,000 configs", CONFIGS, "cost", { c: Array(8_000).fill("a") }),
  refused(
    "100 introspections",
    `{ ${times(100, (i) => `a${i}: __schema { types { name fields { name type { name } } } }`)} }`,
    "cost",
  ),
  refused(
    "5,000 quotes that start no string",
    `{ a(b: """${'\\"""\n'.repeat(5_000)}${"x ".repeat(4_000)}`,
    "GRAPHQL_PARSE_FAILED",
  ),
  refused("fragments that double 40 times", chain(40, doubling), "GRAPHQL_VALIDATION_FAILED"),
  refused(
    "a cycle of fragments",
    "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }",
    "GRAPHQL_VALIDATION_FAILED",
  ),
  refused("1 MiB of items in the variables", CONFIGS, "BAD_USER_INPUT", { c: Array(260_000).fill("a") }),
  refused("1 MiB of text in the variables", CONFIGS, "BAD_USER_INPUT", { k: "x".repeat(1_000_000) }),
];

export const ANSWERED: readonly HeavyQuery[] = [
  answered(
    "one field 200 times",
    `{ config(accountId: "acme", configId: "open") { ${times(200, () => "account { id name }")} } }`,
  ),
  answered(
    "a chain of 150 fragments",
    `{ ...F0 } ${times(150, (i) => `fragment F${i} on Query { account(id: "acme") { id parent { id } } ${i < 149 ? `...F${i + 1}` : ""} }`)}`,
  ),
  answered(
    "20 fragments of 60 fields",
    `{ ${times(20, (i) => `...F${i}`)} } ${times(20, (i) => `fragment F${i} on Query { ${times(60, (j) => `a${j}: __typename`)} }`)}`,
  ),
  answered(
    "fields within fields, each a few times",
    `{ config(accountId: "acme", configId: "open") { ${times(5, () => `account { ${times(6, () => `parent { ${times(5, () => "parent { id name }")} }`)} }`)} } }`,
  ),
  answered("900 aliases", `{ ${times(900, (i) => `a${i}: __typename`)} }`),
];

/** An object of as many members as a config may have at once. */
export function numbered(value: unknown): Record<string, unknown> {
  return Object.fromEntries(Array.from({ length: 9_999 }, (_, i) => [`k${i}`, value]));
}

/** About acme's config `open`, when it is `numbered`. */
export const OF_10_000_FIELDS = {
  /** Answered, in slices. */
  sliced: `{ config(accountId: "acme", configId: "open") { fields { pointer value source { kind } } } }`,
  /** Refused while the answer is written. */
  tooLong: `{ config(accountId: "acme", configId: "open") { fields { ${times(60, (i) => `a${i}: pointer`)} } } }`,
  manyTimes: `{ config(accountId: "acme", configId: "open") { ${times(500, (i) => `a${i}: values`)} } }`,
} as const;
