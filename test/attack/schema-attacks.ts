import assert from "node:assert/strict";
import { type Attack, asking, type Expected, query, rest } from "./attack.js";

const deep = (levels: number): unknown => {
  let schema: unknown = { type: "string" };
  for (let level = 0; level < levels; level++) schema = { properties: { a: schema } };
  return schema;
};

interface HostileFile {
  readonly name: string;
  readonly schema: unknown;
  /** What the log says of it: the reason, and where. */
  readonly reason: RegExp;
  readonly pointer?: string;
  /** Served all the same, without that part. */
  readonly isServed?: boolean;
}

/** @param elsewhere the address of a server that nobody may ask for anything */
export function hostileFiles(elsewhere: string): readonly HostileFile[] {
  const reference = ($ref: string) => ({ properties: { a: { $ref } } });
  return [
    { name: "remote", schema: reference(`${elsewhere}/schema.json`), reason: /\$ref|reference/i },
    {
      name: "remote-id",
      schema: { $id: `${elsewhere}/x.json`, ...reference("other.json") },
      reason: /\$ref|reference/i,
    },
    { name: "outside", schema: reference("../secret.json"), reason: /\$ref|reference/i },
    { name: "absolute", schema: reference("/etc/passwd"), reason: /\$ref|reference/i },
    { name: "file-url", schema: reference("file:///etc/passwd"), reason: /\$ref|reference/i },
    { name: "proto-ref", schema: reference("#/__proto__/x"), reason: /\$ref|reference/i },
    { name: "deep-600", schema: deep(600), reason: /nested deeper than 256 levels/ },
    {
      name: "deep-100000",
      schema: `${'{"not":'.repeat(100_000)}{}${"}".repeat(100_000)}`,
      reason: /deeper|stack|JSON/i,
    },
    {
      name: "proto",
      schema: '{"properties":{"__proto__":{"type":"string"}}}',
      reason: /"__proto__" is not allowed/,
      pointer: "/properties/__proto__",
    },
    {
      name: "backreference",
      schema: { properties: { a: { pattern: "(a)\\1" } } },
      reason: /./,
      pointer: "/properties/a/pattern",
    },
    {
      name: "look-ahead",
      schema: { properties: { a: { pattern: "^(?=a)b" } } },
      reason: /./,
      pointer: "/properties/a/pattern",
    },
    { name: "look-behind", schema: { patternProperties: { "(?<!a)b": {} } }, reason: /./ },
    {
      name: "no-pattern",
      schema: { properties: { a: { pattern: "(" } } },
      reason: /./,
      pointer: "/properties/a/pattern",
    },
    {
      name: "huge-repeat",
      schema: { properties: { a: { pattern: "(a{1000}){1000}" } } },
      reason: /counts of the pattern come to \d+ characters/,
      pointer: "/properties/a/pattern",
      isServed: true,
    },
    { name: "no-type", schema: { properties: { a: { type: "strnig" } } }, reason: /./ },
    { name: "no-json", schema: "{", reason: /JSON/ },
    { name: "no-object", schema: "[]", reason: /one JSON object/ },
    { name: "no-draft", schema: { $schema: "http://json-schema.org/draft-99/schema#" }, reason: /draft/i },
    {
      name: "format",
      schema: { properties: { a: { format: "made-up" } } },
      reason: /format "made-up" is unknown/,
      pointer: "/properties/a/format",
      isServed: true,
    },
  ];
}

/** What is odd, and served. */
export const SERVED: Readonly<Record<string, unknown>> = {
  "account_config.default": { additionalProperties: true },
  "account_config.open": { additionalProperties: true },
  "account_config.catastrophe": {
    properties: { a: { type: "string", pattern: "^(a+)+$" }, b: { pattern: "^(([a-z])+.)+[A-Z]([a-z])+$" } },
  },
  "account_config.unique": { properties: { a: { type: "array", uniqueItems: true } } },
  "account_config.recursive": { properties: { child: { $ref: "#" }, n: { type: "integer" } } },
  "account_config.formats": {
    properties: {
      mail: { format: "email" },
      url: { format: "url" },
      regex: { format: "regex" },
      uri: { format: "uri" },
    },
  },
};

interface Problem {
  readonly file?: string;
  readonly pointer?: string;
  readonly reason?: string;
  readonly msg: string;
}

/** @param lines what the server logged when it started */
export function schemaAttacks(files: readonly HostileFile[], lines: () => readonly string[]): Attack[] {
  return files.map(({ name, reason, pointer, isServed = false }) => ({
    name: `the file ${name}`,
    send: asking({ path: `/v2/accounts/acme/configs/${name}` }),
    expected: {
      status: isServed ? 200 : 404,
      also() {
        const problems = lines().map((line) => JSON.parse(line) as Problem);
        const found = problems.filter(({ file }) => file === `account_config.${name}.json`);
        assert.ok(found.length > 0, `${name} is not named: ${JSON.stringify(problems)}`);
        assert.match(found[0]?.reason ?? "", reason);
        if (pointer !== undefined) assert.equal(found[0]?.pointer, pointer);
        assert.equal(found[0]?.msg, isServed ? "part of a schema file ignored" : "schema file not served");
      },
    },
  }));
}

const put = (name: string, config: string, data: unknown, expected: Expected): Attack => ({
  name,
  send: rest("PUT", `/accounts/acme/configs/${config}`, JSON.stringify({ data })),
  expected,
});
const objects = (count: number) => Array.from({ length: count }, (_, i) => ({ a: i, b: { c: [i] } }));
const chain = (depth: number): unknown => (depth === 0 ? { n: "x" } : { child: chain(depth - 1) });

export const SERVED_ATTACKS: readonly Attack[] = [
  put("a pattern that could take for ever", "catastrophe", { a: `${"a".repeat(50_000)}!` }, { status: 400 }),
  put("another one", "catastrophe", { b: "a".repeat(50_000) }, { status: 400 }),
  put("4,000 objects to be unique", "unique", { a: objects(4_000) }, { status: 201 }),
  put(
    "4,000 objects of which two are equal",
    "unique",
    { a: [...objects(4_000), { b: { c: [0] }, a: 0 }] },
    { status: 400 },
  ),
  put("a value as deep as its schema is recursive", "recursive", chain(60), { status: 400 }),
  ...["mail", "url", "uri"].map((name) =>
    put(`a long text as ${name}`, "formats", { [name]: `a@${"a.".repeat(50_000)}` }, { status: 400 }),
  ),
  put("a long regex", "formats", { regex: `(${"a|".repeat(50_000)}a)` }, { status: 201 }),
  put(
    "a regex that could take for ever to compile",
    "formats",
    { regex: "(a{1000}){1000}" },
    { status: 201 },
  ),
  {
    name: "what is sound is served",
    send: query('{ config(accountId: "acme", configId: "open") { id } }'),
    expected: {
      status: 200,
      also: ({ text }) => assert.equal(text.trim(), '{"data":{"config":{"id":"acme/open"}}}'),
    },
  },
];
