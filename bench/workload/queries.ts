import type { RequestTemplate, TemplatePart } from "../loader/request-template.js";
import { PER_RESELLER } from "./accounts.js";
import { type BenchConfig, PATCHED } from "./settings.js";

/** The GraphQL operations of the benchmark. What is compared with others asks all of them the same. */

const HEAVY_SELECTION =
  "id etag values fields { pointer value source { kind } contributions { layer { kind } value } }";
const HEAVY = `query Heavy($account: ID!, $config: ID!) { config(accountId: $account, configId: $config) { ${HEAVY_SELECTION} } }`;
const LIGHT =
  "query Light($account: ID!, $config: ID!) { config(accountId: $account, configId: $config) { id values } }";
const PATCH =
  "mutation Patch($input: PatchConfigInput!) { patchConfig(input: $input) { __typename ... on ConfigWritten { revision config { etag } } } }";

/** How many configs are asked for at once: aliases of `config`, or the list of a reseller's accounts. */
export type BatchForm = "aliases" | "list";

const ACCOUNT: TemplatePart = { account: 0 };
const HEADERS = { "content-type": "application/json" };

export function heavy(config: BenchConfig = "phone"): RequestTemplate {
  return query(HEAVY, [`{"account":"`, ACCOUNT, `","config":"${config}"}`], '"contributions"');
}

/** The same of PostGraphile, where fields are one JSON value. */
export function postgraphileHeavy(): RequestTemplate {
  const text =
    "query Heavy($account: String!, $config: String!) { config(accountId: $account, configId: $config) { id: rowId etag values fields } }";
  return query(text, [`{"account":"`, ACCOUNT, `","config":"phone"}`], '"contributions"');
}

export function light(config: BenchConfig = "phone"): RequestTemplate {
  return query(LIGHT, [`{"account":"`, ACCOUNT, `","config":"${config}"}`], '"values"');
}

/** One field of one account's config, to a value that it did not have. */
export function patch(): RequestTemplate {
  const start = `{"input":{"accountId":"`;
  const value = `","configId":"phone","patch":{"${PATCHED.group}":{"${PATCHED.name}":`;
  return query(PATCH, [start, ACCOUNT, value, { number: 5 }, "}}}}"], '"ConfigWritten"');
}

/** `count` accounts beside each other, one config of each. Of a list: all accounts of one reseller. */
export function batch(
  form: BatchForm,
  count: number,
  selection: "light" | "heavy" = "light",
): RequestTemplate {
  const fields = selection === "light" ? "id values" : HEAVY_SELECTION;
  if (form === "list") {
    if (count > PER_RESELLER) throw new RangeError(`A reseller has ${PER_RESELLER} accounts.`);
    const text = `query Batch($parent: ID!) { accounts(parentId: $parent, first: ${count}) { nodes { config(configId: "phone") { ${fields} } } } }`;
    return query(text, [`{"parent":"`, { reseller: true }, `"}`], '"values"');
  }
  const places = Array.from({ length: count }, (_, index) => index);
  const variables = places.map((index) => `$a${index}: ID!`).join(", ");
  const aliases = places
    .map((index) => `c${index}: config(accountId: $a${index}, configId: "phone") { ${fields} }`)
    .join(" ");
  const values = places.flatMap((index): TemplatePart[] => [
    `${index === 0 ? "{" : ","}"a${index}":"`,
    { account: index },
    '"',
  ]);
  return query(`query Batch(${variables}) { ${aliases} }`, [...values, "}"], '"values"');
}

/** What REST peers are asked. */
export function get(path: string, expected: string, headers: Record<string, string> = {}): RequestTemplate {
  const [before = "", after] = path.split("{account}");
  const parts = after === undefined ? [before] : [before, ACCOUNT, after];
  return { method: "GET", path: parts, headers, body: [], expected };
}

export function hello(): RequestTemplate {
  return query("{ hello }", ["{}"], '"hello"', "/");
}

function query(
  text: string,
  variables: readonly TemplatePart[],
  expected: string,
  path = "/graphql",
): RequestTemplate {
  const body = [`{"query":${JSON.stringify(text)},"variables":`, ...variables, "}"];
  return { method: "POST", path: [path], headers: HEADERS, body, expected };
}
