import { createHash } from "node:crypto";
import { parse } from "graphql";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { createGraphqlSchema } from "../../../src/graphql/api/schema.js";
import { PreparedQueries } from "../../../src/graphql/server/query/prepared-queries.js";
import { createRequestReader } from "../../../src/service/read/request-reader.js";
import { Services, SHIPPED_SCHEMAS } from "../../service/services.js";
import { openTestStore } from "../../store/test-store.js";
import { TestApp } from "../test-app.js";
import { openEndpoint } from "./open-endpoint.js";

let app: TestApp;
beforeAll(async () => {
  app = await TestApp.open();
});
afterAll(() => app.close());

const hashOf = (text: string) => createHash("sha256").update(text).digest("hex");
const extensionsOf = (sha256Hash: unknown, version: unknown = 1) => ({
  persistedQuery: { version, sha256Hash },
});
/** A query that no other test has sent. */
let count = 0;
const freshQuery = () => `query Fresh${count++} { account(id: "acme") { id name } }`;
const ACCOUNT = { data: { account: { id: "acme", name: "Acme Industries" } } };
const NOT_FOUND = {
  status: 200,
  errors: [{ message: "PersistedQueryNotFound", extensions: { code: "PERSISTED_QUERY_NOT_FOUND" } }],
};

/** As Apollo's link sends it, by either method. */
async function ask(by: string, members: Record<string, unknown>, headers: Record<string, string> = {}) {
  if (by === "POST") return app.client.post(members, headers);
  const search = new URLSearchParams(
    Object.entries(members).map(([name, value]): [string, string] => [
      name,
      typeof value === "string" ? value : JSON.stringify(value),
    ]),
  );
  const response = await app.app.inject({
    url: `/graphql?${search}`,
    headers: { host: "127.0.0.1", "apollo-require-preflight": "1", ...headers },
  });
  return { status: response.statusCode, headers: response.headers, ...(response.json() as object) };
}

describe.each(["POST", "GET"])("persisted queries by %s", (by) => {
  test("that are not known are 406 like any other for a client that takes no JSON", async () => {
    const headers = { accept: "text/plain" };
    const query = freshQuery();
    const unknown = await ask(by, { extensions: extensionsOf(hashOf(query)) }, headers);
    expect(unknown).toMatchObject({ status: 406, errors: [{ extensions: { code: "BAD_USER_INPUT" } }] });
  });

  test("are found by their hash once the text has come with it", async () => {
    const query = freshQuery();
    const extensions = extensionsOf(hashOf(query));
    expect(await ask(by, { extensions })).toMatchObject(NOT_FOUND);
    expect(await ask(by, { query })).toMatchObject(ACCOUNT);
    // Nobody has named it by a hash.
    expect(await ask(by, { extensions })).toMatchObject(NOT_FOUND);
    expect(await ask(by, { query, extensions })).toMatchObject(ACCOUNT);
    // Executed, compiled, cached.
    for (let i = 0; i < 6; i++)
      expect(await ask(by, { extensions })).toMatchObject({ status: 200, ...ACCOUNT });
    const other = by === "GET" ? "POST" : "GET";
    expect(await ask(other, { extensions })).toMatchObject({ status: 200, ...ACCOUNT });
    expect(await ask(by, { documentId: `sha256:${hashOf(query)}` })).toMatchObject(ACCOUNT);
  });

  test("take variables and an operation name, and see what is written meanwhile", async () => {
    const query = `query A($id: ID!) { account(id: $id) { name } } query B${count++}($id: ID!) { account(id: $id) { id } }`;
    const extensions = extensionsOf(hashOf(query));
    const run = (operationName: string, id: string, more = {}) =>
      ask(by, { ...more, operationName, variables: { id }, extensions });
    await run("A", "acme", { query });
    for (let i = 0; i < 5; i++) {
      const name = `Name ${by} ${i}`;
      await app.client.post({
        query: `mutation { updateAccount(input: { id: "globex", name: "${name}" }) { account { id } } }`,
      });
      expect(await run("A", "globex")).toMatchObject({ data: { account: { name } } });
      expect(await run("A", "acme")).toMatchObject({ data: { account: { name: "Acme Industries" } } });
      expect(await run(`B${count - 1}`, "globex")).toMatchObject({ data: { account: { id: "globex" } } });
    }
  });

  test("of another hash than the text's are refused, and nothing is remembered", async () => {
    const [query, victim] = [freshQuery(), freshQuery()];
    for (const hash of [hashOf(victim), hashOf(query).toUpperCase(), "x", hashOf(query).slice(1)]) {
      const answer = await ask(by, { query, extensions: extensionsOf(hash) });
      expect(answer).toMatchObject({ status: 400, errors: [{ extensions: { code: "BAD_USER_INPUT" } }] });
      expect(await ask(by, { extensions: extensionsOf(hash) })).toMatchObject(NOT_FOUND);
    }
    expect(await ask(by, { query, extensions: extensionsOf(hashOf(query)) })).toMatchObject(ACCOUNT);
    // Nor does a text that is known go under a second hash.
    expect((await ask(by, { query, extensions: extensionsOf(hashOf(victim)) })).status).toBe(400);
    expect(await ask(by, { extensions: extensionsOf(hashOf(victim)) })).toMatchObject(NOT_FOUND);
  });

  test.each(["{ nothing }", "{", "{ a: account }", "subscription { x }", "", `{a(b:${"[".repeat(200)}`])(
    "that are invalid are not remembered: %s",
    async (query) => {
      const extensions = extensionsOf(hashOf(query));
      expect(await ask(by, { query, extensions })).toMatchObject({ errors: expect.anything() });
      expect(await ask(by, { extensions })).toMatchObject(NOT_FOUND);
    },
  );

  test("of another version are told in the words that make Apollo's link send texts", async () => {
    for (const version of [2, 0, "1", undefined])
      expect(await ask(by, { extensions: { persistedQuery: { version, sha256Hash: "x" } } })).toMatchObject({
        status: 200,
        errors: [
          { message: "PersistedQueryNotSupported", extensions: { code: "PERSISTED_QUERY_NOT_SUPPORTED" } },
        ],
      });
  });

  test.each([
    1,
    "x",
    [],
    {},
    true,
    { version: 1 },
    { version: 1, sha256Hash: 1 },
    { version: 1, sha256Hash: "" },
  ])("of the shape %j are refused, with or without a text", async (persistedQuery) => {
    for (const more of [{}, { query: freshQuery() }])
      expect(await ask(by, { ...more, extensions: { persistedQuery } })).toMatchObject({
        status: 400,
        errors: [{ extensions: { code: "BAD_USER_INPUT", pointer: "/extensions/persistedQuery" } }],
      });
  });

  test("come in the media type that was asked for", async () => {
    const accept = "application/graphql-response+json,application/json;q=0.9";
    for (const extensions of [extensionsOf("0".repeat(64)), extensionsOf("x", 2)]) {
      const { status, headers } = await ask(by, { extensions }, { accept });
      expect([status, headers["content-type"]]).toEqual([
        200,
        "application/graphql-response+json; charset=utf-8",
      ]);
    }
  });
});

test("a mutation by its hash is done by POST, and 405 by GET", async () => {
  const query = `mutation M${count++} { updateAccount(input: { id: "globex", name: "Hashed" }) { account { name } } }`;
  const extensions = extensionsOf(hashOf(query));
  expect((await ask("GET", { query, extensions })).status).toBe(405);
  expect(await ask("POST", { query, extensions })).toMatchObject({
    data: { updateAccount: { account: { name: "Hashed" } } },
  });
  expect(await ask("POST", { extensions })).toMatchObject({
    data: { updateAccount: { account: { name: "Hashed" } } },
  });
  for (let i = 0; i < 5; i++) expect((await ask("GET", { extensions })).status).toBe(405);
});

test("a document id that is none, or names another query than Apollo's extension, is refused", async () => {
  const bad = [
    { documentId: 1 },
    { documentId: "" },
    { documentId: "a", extensions: extensionsOf("b") },
    { query: freshQuery(), documentId: "a" },
  ];
  for (const members of bad)
    expect(await ask("POST", members)).toMatchObject({
      status: 400,
      errors: [{ extensions: { code: "BAD_USER_INPUT" } }],
    });
  const response = await app.app.inject({
    url: "/graphql?query={__typename}&documentId=a&documentId=b",
    headers: { host: "127.0.0.1", "apollo-require-preflight": "1" },
  });
  expect(response.statusCode).toBe(400);
});

test("a body that looks like a URL's search is no way into the cache", async () => {
  const query = freshQuery();
  for (let i = 0; i < 4; i++) await ask("GET", { query });
  const search = `?${new URLSearchParams({ query })}`;
  expect(await app.client.send(search)).toMatchObject({ status: 400, errors: [{}] });
});

test.each(["POST", "GET"])("a hash alone is answered from the response cache, by %s", async (method) => {
  const store = await openTestStore();
  onTestFinished(() => store.close());
  const services = new Services(store, SHIPPED_SCHEMAS);
  await services.tree(["root"]);
  let opened = 0;
  const endpoint = await openEndpoint({
    store,
    openContext: (principal) => {
      opened++;
      return { ...services, reader: createRequestReader(store, principal) };
    },
  });
  onTestFinished(() => endpoint.close());
  const query = `{ config(accountId: "root", configId: "fax") { etag } }`;
  const send = async (members: Record<string, string>) => {
    const headers = { host: "127.0.0.1", "content-type": "application/json" };
    const response = await endpoint.inject(
      method === "POST"
        ? { method: "POST", url: "/graphql", headers, payload: members }
        : {
            url: `/graphql?${new URLSearchParams(members)}`,
            headers: { host: "127.0.0.1", "x-auth-token": "x" },
          },
    );
    expect([response.statusCode, response.payload]).toEqual([
      200,
      expect.stringMatching(/^\{"data":\{"config":\{"etag"/),
    ]);
  };
  await send({ query, documentId: hashOf(query) });
  for (let i = 0; i < 4; i++) await send({ documentId: hashOf(query) });
  const before = opened;
  for (let i = 0; i < 5; i++) await send({ documentId: hashOf(query) });
  expect(opened).toBe(before);
});

test("a query that is pushed out of the cache is not found by its hash any more", async () => {
  const schema = await createGraphqlSchema();
  const queries = new PreparedQueries(schema);
  const add = (text: string) => {
    const query = queries.find({ text, hash: hashOf(text) });
    if (query !== undefined) queries.keep(query, parse(text));
  };
  const first = "{ viewer { subject } }";
  add(first);
  expect(queries.find({ text: undefined, hash: hashOf(first) })?.text).toBe(first);
  const long = (n: number) => `{ viewer { subject } } # ${n} ${"x".repeat(200_000)}`;
  for (let n = 0; n < 60; n++) add(long(n));
  expect(() => queries.find({ text: undefined, hash: hashOf(first) })).toThrow("PersistedQueryNotFound");
  expect(queries.find({ text: undefined, hash: hashOf(long(59)) })?.text).toBe(long(59));
});
