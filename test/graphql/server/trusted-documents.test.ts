import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getIntrospectionQuery } from "graphql";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TOKEN_ACCESS } from "../../http/token-access.js";
import { temporaryFolder } from "../../temporary-folder.js";
import { TestApp } from "../test-app.js";

const NAMED = "query NameOf($id: ID!) { account(id: $id) { name } }";
const RENAME =
  'mutation Rename { updateAccount(input: { id: "globex", name: "Trusted" }) { account { name } } }';
const MINIFIED = 'query Two{account(id:"acme"){id name}}';
const sha1 = createHash("sha1").update(RENAME).digest("hex");
const sha256 = createHash("sha256").update(NAMED).digest("hex");
const TEXTS = { [sha256]: NAMED, [sha1]: RENAME, "two.v1": MINIFIED };

function fileOf(content: string, folder = temporaryFolder()): string {
  const file = join(folder, "persisted-documents.json");
  writeFileSync(file, content);
  return file;
}

let app: TestApp;
beforeAll(async () => {
  const folder = mkdtempSync(join(tmpdir(), "strata-test-"));
  const trustedDocuments = fileOf(`\uFEFF${JSON.stringify(TEXTS, null, 2)}`, folder);
  app = await TestApp.open(undefined, { trustedDocuments });
  rmSync(folder, { recursive: true });
});
afterAll(() => app.close());

const variables = { id: "acme" };
const NAME = { data: { account: { name: "Acme Industries" } } };
const persisted = (sha256Hash: string) => ({ extensions: { persistedQuery: { version: 1, sha256Hash } } });
const get = async (search: Record<string, string>) => {
  const response = await app.app.inject({
    url: `/graphql?${new URLSearchParams(search)}`,
    headers: { host: "127.0.0.1", "graphql-require-preflight": "1" },
  });
  return { status: response.statusCode, ...(response.json() as object) };
};

describe("a trusted document", () => {
  test("runs by its hash, as Apollo and as GraphQL over HTTP name it, and by its text", async () => {
    for (let round = 0; round < 5; round++) {
      expect(await app.client.post({ ...persisted(sha256), variables })).toMatchObject(NAME);
      expect(await app.client.post({ documentId: sha256, variables })).toMatchObject(NAME);
      expect(await app.client.post({ documentId: `sha256:${sha256}`, variables })).toMatchObject(NAME);
      expect(await app.client.post({ query: NAMED, variables })).toMatchObject(NAME);
      expect(await app.client.post({ query: NAMED, ...persisted(sha256), variables })).toMatchObject(NAME);
      expect(await get({ documentId: sha256, variables: JSON.stringify(variables) })).toMatchObject(NAME);
      expect(await get({ query: NAMED, variables: JSON.stringify(variables) })).toMatchObject(NAME);
      const extensions = JSON.stringify(persisted(sha256).extensions);
      expect(await get({ extensions, variables: JSON.stringify(variables) })).toMatchObject(NAME);
    }
  });

  test("runs by a hash of any kind, and a mutation not by GET", async () => {
    const renamed = { data: { updateAccount: { account: { name: "Trusted" } } } };
    expect(await app.client.post({ documentId: sha1 })).toMatchObject(renamed);
    expect(await app.client.post(persisted(sha1))).toMatchObject(renamed);
    expect(await app.client.post({ documentId: "two.v1" })).toMatchObject({
      data: { account: { id: "acme" } },
    });
    expect((await get({ documentId: sha1 })).status).toBe(405);
  });

  test("runs however its text is printed", async () => {
    const query = 'query Two {\n  # here\n  account(id: "acme") {\n    id,\n    name\n  }\n}\n';
    for (let round = 0; round < 4; round++)
      expect(await app.client.post({ query, operationName: "Two" })).toMatchObject({
        data: { account: { id: "acme", name: "Acme Industries" } },
      });
  });
});

describe("any other document is refused by name", () => {
  test.each<[string, Record<string, unknown>, string]>([
    ["a name of an operation", { query: "query Other { viewer { subject } }" }, 'The operation "Other"'],
    ["none", { query: "{ __typename }" }, "An operation without a name"],
    ["one that is nearly it", { query: NAMED.replace("name }", "id }") }, 'The operation "NameOf"'],
    ["a mutation", { query: RENAME.replace("Trusted", "Other") }, 'The operation "Rename"'],
    ["introspection", { query: getIntrospectionQuery() }, 'The operation "IntrospectionQuery"'],
    ["no GraphQL", { query: "{" }, "An operation without a name"],
    ["an unknown hash", persisted("f".repeat(64)), `The document "${"f".repeat(64)}"`],
    ["an unknown document id", { documentId: "sha256:abc" }, 'The document "sha256:abc"'],
    ["an id that must not be repeated", { documentId: "<script>\u0000" }, "The document of that name"],
    ["a new text with its hash", newQuery("query New { viewer { subject } }"), 'The operation "New"'],
    [
      "two operations, the second of them",
      { query: `${NAMED} query Extra { viewer { subject } }` },
      "The operation",
    ],
  ])("%s", async (_, members, name) => {
    for (let round = 0; round < 2; round++) {
      const answer = await app.client.post(members);
      expect(answer).toMatchObject({ status: 400, errors: [{ extensions: { code: "UNTRUSTED_DOCUMENT" } }] });
      expect(answer.errors?.[0]?.message).toMatch(
        /is not among the trusted documents.*STRATA_TRUSTED_DOCUMENTS/,
      );
      expect(answer.errors?.[0]?.message.startsWith(name)).toBe(true);
      expect(answer.data).toBeUndefined();
    }
  });

  test("by GET as well", async () => {
    expect(await get({ query: "{ __typename }" })).toMatchObject({
      status: 400,
      errors: [{ extensions: { code: "UNTRUSTED_DOCUMENT" } }],
    });
  });

  test("and a hash of another document than the text's is an error", async () => {
    expect(await app.client.post({ query: NAMED, ...persisted(sha1), variables })).toMatchObject({
      status: 400,
      errors: [{ extensions: { code: "BAD_USER_INPUT" } }],
    });
  });

  test("and without any, the request is refused for that", async () => {
    for (const body of [
      {},
      { variables: {} },
      { extensions: {} },
      { query: 1 },
      { query: null },
      [{ query: NAMED }],
    ])
      expect(await app.client.post(body)).toMatchObject({ status: 400, errors: [{}] });
  });
});

test("introspection runs where it is listed, and nothing else of it", async () => {
  const file = fileOf(JSON.stringify({ schema: "query Schema { __schema { queryType { name } } }" }));
  const guarded = await TestApp.forTest(undefined, {
    trustedDocuments: file,
    introspection: false,
    access: TOKEN_ACCESS,
  });
  expect(await guarded.client.post({ documentId: "schema" })).toMatchObject({
    data: { __schema: { queryType: { name: "Query" } } },
  });
  expect(await guarded.client.post({ query: getIntrospectionQuery() })).toMatchObject({ status: 400 });
});

describe("the start is refused", () => {
  const deep = `{a(b:${"[".repeat(200)}`;
  test.each<[string, string, RegExp]>([
    ["no JSON", "{", /it is not JSON: /],
    ["an empty file", "", /it is not JSON: it is empty/],
    ["a list", "[]", /no JSON object of texts/],
    ["null", "null", /no JSON object of texts/],
    ["a document that is no text", '{"a1": {"query": "{ __typename }"}}', /no JSON object of texts/],
    ["a syntax error", '{"a1": "{"}', /a1: Syntax Error/],
    ["an unknown field", '{"ok": "{ __typename }", "a1": "{ nothing }"}', /a1: Cannot query field "nothing"/],
    [
      "a subscription to nothing",
      '{"a1": "subscription S { x }"}',
      /a1: Cannot query field "x" on type "Subscription"/,
    ],
    ["a fragment alone", '{"a1": "fragment F on Account { id }"}', /a1: /],
    ["an empty document", '{"a1": ""}', /a1: Syntax Error/],
    ["a document that is too deep", JSON.stringify({ a1: deep }), /a1: The query is nested deeper/],
    ["several", '{"a1": "{ x }", "a2": "{ y }"}', /a1: .*\n {2}a2: /],
  ])("for %s", async (_, content, reason) => {
    const trustedDocuments = fileOf(content);
    const opening = TestApp.open(undefined, { trustedDocuments });
    await expect(opening).rejects.toThrow(reason);
    await expect(opening).rejects.toThrow(`STRATA_TRUSTED_DOCUMENTS: ${trustedDocuments}`);
  });

  test("for a file that is not there, or a folder", async () => {
    for (const [file, code] of [
      [join(temporaryFolder(), "none.json"), "ENOENT"],
      [temporaryFolder(), "EISDIR"],
    ] as const)
      await expect(TestApp.open(undefined, { trustedDocuments: file })).rejects.toThrow(
        `cannot be read (${code})`,
      );
  });
});

function newQuery(query: string): Record<string, unknown> {
  return { query, ...persisted(createHash("sha256").update(query).digest("hex")) };
}
