import { SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { OTHER_SETTINGS, TestApp } from "../graphql/test-app.js";
import { SECRET, TOKEN_ACCESS } from "./token-access.js";

let opened: TestApp;
beforeAll(async () => {
  opened = await TestApp.open(undefined, { ...OTHER_SETTINGS, access: TOKEN_ACCESS, introspection: false });
});
afterAll(() => opened.close());

async function token(claims: Record<string, unknown>): Promise<string> {
  // The accounts are as old as the app.
  const now = Math.floor(Date.now() / 1_000) + 2;
  return new SignJWT({ sub: "ada", iat: now, exp: now + 600, ...claims })
    .setProtectedHeader({ alg: "HS256" })
    .sign(new TextEncoder().encode(SECRET));
}

interface Sent {
  readonly status: number;
  readonly text: string;
  readonly body: { data?: Record<string, unknown>; errors?: { extensions: { code: string } }[] };
}

async function graphql(
  query: string,
  headers: Record<string, string> = {},
  host = "strata.example",
): Promise<Sent> {
  const response = await opened.app.inject({
    method: "POST",
    url: "/graphql",
    headers: { host, ...headers },
    payload: { query },
  });
  return { status: response.statusCode, text: response.payload, body: response.json() };
}

const rest = (url: string, headers: Record<string, string> = {}, method: "GET" | "PATCH" = "GET") =>
  opened.app.inject({
    method,
    url,
    headers: { host: "strata.example", "x-request-id": "r1", ...headers },
    ...(method === "PATCH" && { payload: { data: { pin_timeout: 3_000 } } }),
  });

const bearer = (text: string) => ({ authorization: `Bearer ${text}` });
const CONFIG = (id: string) => `{ config(accountId: "${id}", configId: "conferences") { etag values } }`;
const VIEWER = "{ viewer { subject superadmin canWrite account { id parent { id } } } }";

describe("without a token", () => {
  test("nothing but health is answered", async () => {
    for (const query of [
      VIEWER,
      CONFIG("acme"),
      "{ configSchemas { id } }",
      `{ account(id: "acme") { id } }`,
    ]) {
      const { status, body } = await graphql(query);
      expect([status, body.errors?.[0]?.extensions.code]).toEqual([401, "UNAUTHENTICATED"]);
    }
    const write = `mutation { resetConfig(input: { accountId: "acme" }) { __typename } }`;
    expect(await graphql(write)).toMatchObject({ status: 401 });
    const answer = await rest("/v2/accounts/acme/configs/conferences");
    expect([answer.statusCode, answer.json().status]).toEqual([401, "error"]);
    expect((await rest("/health/live")).statusCode).toBe(200);
  });

  test("the schema is not told, and a misspelt field not corrected", async () => {
    const asked = [await graphql("{ __schema { types { name } } }")];
    asked.push(await graphql("{ __schema { types { name } } }", bearer(await token({ superadmin: true }))));
    expect(asked[0]?.status).toBe(400);
    expect(asked[0]?.text).toBe(asked[1]?.text);
    expect((await graphql("{ viewr { subject } }")).text).not.toContain("Did you mean");
  });
});

describe("a token", () => {
  test.each(["authorization", "x-auth-token"])("comes in %s", async (header) => {
    const text = await token({ account_id: "acme" });
    const { status, body } = await graphql(VIEWER, {
      [header]: header === "authorization" ? `Bearer ${text}` : text,
    });
    expect(status).toBe(200);
    expect(body.data?.viewer).toEqual({
      subject: "ada",
      superadmin: false,
      canWrite: true,
      account: { id: "acme", parent: null },
    });
    const answer = await rest("/v2/accounts/acme/configs/conferences", {
      [header]: header === "authorization" ? `bearer ${text}` : text,
    });
    expect(answer.statusCode).toBe(200);
  });

  test("that is not valid is refused before anything is looked at, in each face's shape", async () => {
    const good = await token({ account_id: "acme" });
    const other = await token({ account_id: "acme", sub: "bob" });
    for (const headers of [
      bearer("x"),
      bearer(`${good}x`),
      bearer(`${good} x`),
      { "x-auth-token": "my-token" },
      { ...bearer(good), "x-auth-token": other },
    ]) {
      const { status, body } = await graphql("{ __typename }", headers);
      expect([status, body.errors?.[0]?.extensions.code]).toEqual([401, "UNAUTHENTICATED"]);
      const answer = await rest("/v2/accounts/acme/configs/conferences", headers);
      expect([answer.statusCode, answer.json().error]).toEqual([401, "401"]);
    }
    const query = await opened.app.inject({
      url: `/v2/accounts/acme/configs/conferences?auth_token=${good}&access_token=${good}`,
      headers: { host: "strata.example" },
    });
    expect(query.statusCode).toBe(401);
  });

  test("opens its account and those below, and writes there under its subject", async () => {
    const headers = bearer(await token({ account_id: "summit", sub: "sue" }));
    const patched = await rest("/v2/accounts/acme/configs/conferences", headers, "PATCH");
    expect(patched.statusCode).toBe(200);
    const { body } = await graphql(
      `{ config(accountId: "acme", configId: "conferences") {
        account { parent { id parent { id } } reseller { id } }
        layers { kind account { id } revision updatedBy } } }`,
      headers,
    );
    expect(body.data?.config).toMatchObject({
      account: { parent: { id: "summit", parent: null }, reseller: { id: "summit" } },
      layers: [
        { kind: "ACCOUNT", account: { id: "acme" } },
        { kind: "RESELLER", account: { id: "summit" }, revision: 1 },
        { kind: "SYSTEM", account: null, revision: null, updatedBy: null },
        { kind: "SCHEMA", revision: null },
      ],
    });
  });

  test("for reading alone writes nothing", async () => {
    const headers = bearer(await token({ account_id: "acme", scope: "config:read" }));
    const before = (await rest("/v2/accounts/acme/configs/conferences", headers)).headers.etag;
    expect((await rest("/v2/accounts/acme/configs/conferences", headers, "PATCH")).statusCode).toBe(403);
    const write = `mutation { resetConfig(input: { accountId: "acme", configId: "conferences" }) { __typename } }`;
    expect((await graphql(write, headers)).body.errors?.[0]?.extensions.code).toBe("FORBIDDEN");
    expect((await rest("/v2/accounts/acme/configs/conferences", headers)).headers.etag).toBe(before);
    expect((await graphql("{ viewer { canWrite } }", headers)).body.data).toEqual({
      viewer: { canWrite: false },
    });
  });

  test("for writing alone reads whatever one for both reads, on every path", async () => {
    const writer = bearer(await token({ account_id: "summit", scope: "config:write" }));
    const both = bearer(await token({ account_id: "summit" }));
    const target = 'accountId: "acme", configId: "conferences"';
    for (const field of [
      `config(${target}) { etag values layers { document } }`,
      'account(id: "acme") { name configs { values } }',
      "accounts(first: 9) { nodes { id } }",
      "configSchemas { id }",
      'configSchema(configId: "conferences") { title }',
      "viewer { canWrite account { config { values } } }",
    ]) {
      const [read, asBoth] = [await graphql(`{ ${field} }`, writer), await graphql(`{ ${field} }`, both)];
      expect(read.body.errors).toBeUndefined();
      expect(read.text).toBe(asBoth.text);
    }
    const path = "/v2/accounts/acme/configs/conferences";
    const [read, asBoth] = [await rest(path, writer), await rest(path, both)];
    expect([read.statusCode, read.headers.etag]).toEqual([200, asBoth.headers.etag]);
    // What a write lets one read anyway.
    for (const write of [
      `setConfig(input: { ${target}, values: {}, dryRun: true }) { ... on ConfigWritten { config { etag } } }`,
      `resetConfig(input: { ${target}, ifMatch: "no" }) { ... on ConfigConflict { current { etag } } }`,
    ])
      expect((await graphql(`mutation { ${write} }`, writer)).body.errors).toBeUndefined();
  });
});

describe("what is foreign", () => {
  test("is answered byte for byte as what is not there", async () => {
    const headers = bearer(await token({ account_id: "acme" }));
    const same = (id: string, text: string) => text.replaceAll(id, "ID").replace(/"timestamp":"\d+"/, "");
    const queries = [
      CONFIG,
      (id: string) => `{ account(id: "${id}") { id name config { etag } } }`,
      (id: string) =>
        `mutation { patchConfig(input: { accountId: "${id}", patch: { a: 1 } }) { __typename } }`,
      (id: string) => `mutation { resetConfig(input: { accountId: "${id}", dryRun: true }) { __typename } }`,
      (id: string) =>
        `mutation { createAccount(input: { name: "x", parentId: "${id}" }) { account { id } } }`,
      (id: string) =>
        `mutation { createAccount(input: { name: "x", parentId: "acme", id: "${id}" }) { account { id } } }`,
    ];
    for (const query of queries) {
      const answers = [];
      for (const id of ["nobody", "summit", "northstar"]) {
        const { status, text } = await graphql(query(id), headers);
        answers.push(`${status} ${same(id, text)}`);
      }
      expect(new Set(answers).size, answers.join("\n")).toBe(1);
    }
    const found = [];
    for (const id of ["nobody", "summit", "northstar"]) {
      for (const method of ["GET", "PATCH"] as const) {
        const answer = await rest(`/v2/accounts/${id}/configs/conferences`, headers, method);
        found.push(`${method} ${answer.statusCode} ${same(id, answer.payload)}`);
      }
    }
    expect(new Set(found).size).toBe(2);
  });

  test("does not spoil what is own in the same request", async () => {
    const headers = bearer(await token({ account_id: "acme" }));
    const { body } = await graphql(
      `{ own: config(accountId: "acme", configId: "conferences") { id }
         foreign: config(accountId: "summit", configId: "conferences") { id } other: account(id: "summit") { id } }`,
      headers,
    );
    expect(body).toMatchObject({
      data: { own: { id: "acme/conferences" }, foreign: null, other: null },
      errors: [{ path: ["foreign"], extensions: { code: "ACCOUNT_NOT_FOUND" } }],
    });
  });

  test.each(['systemConfig(configId: "conferences") { id }', 'systemConfig(configId: "nothing") { id }'])(
    "includes the system: %s",
    async (field) => {
      const headers = bearer(await token({ account_id: "northstar" }));
      const { body } = await graphql(`{ ${field} }`, headers);
      expect(body.errors?.[0]).toMatchObject({ extensions: { code: "FORBIDDEN" } });
    },
  );
});

test("no token is in any log line", async () => {
  const text = await token({ account_id: "acme" });
  await graphql(VIEWER, bearer(text));
  await graphql(VIEWER, bearer(`${text}x`));
  await rest(`/v2/accounts/acme/configs/conferences?auth_token=${text}`, { "x-auth-token": `${text}y` });
  for (const part of [...text.split("."), SECRET]) expect(opened.log.join("\n")).not.toContain(part);
});

describe("a flood", () => {
  test("is told to wait, in each face's shape, and takes nothing from others", async () => {
    const limited = await TestApp.forTest(undefined, {
      ...OTHER_SETTINGS,
      access: TOKEN_ACCESS,
      rateLimit: 5,
    });
    const send = async (headers: Record<string, string>, url = "/graphql") =>
      url === "/graphql"
        ? limited.app.inject({ method: "POST", url, headers, payload: { query: "{ __typename }" } })
        : limited.app.inject({ url, headers });
    const flooding = bearer(await token({ account_id: "acme" }));
    const start = performance.now();
    const answers = await Promise.all(Array.from({ length: 40 }, () => send(flooding)));
    // One more window than seconds: one may end in between.
    const windows = 1 + Math.ceil((performance.now() - start) / 1_000);
    const refused = answers.filter(({ statusCode }) => statusCode === 429);
    expect(answers.length - refused.length).toBeLessThanOrEqual(5 * windows);
    /** One of many at once that is refused, however the seconds fall. */
    const refusedOf = async (...to: Parameters<typeof send>) =>
      (await Promise.all(Array.from({ length: 20 }, () => send(...to)))).find(
        ({ statusCode }) => statusCode === 429,
      );
    expect(refused[0]?.headers["retry-after"]).toBe("1");
    expect(refused[0]?.json().errors[0].extensions.code).toBe("RATE_LIMITED");
    const rested = await refusedOf(flooding, "/v2/accounts/acme/configs/conferences");
    expect([rested?.json().error, rested?.headers["retry-after"]]).toEqual(["429", "1"]);
    expect((await send(bearer(await token({ account_id: "acme", sub: "bob" })))).statusCode).toBe(200);
    expect((await limited.app.inject("/health/live")).statusCode).toBe(200);
    for (const nobody of [{}, bearer("guess")]) expect(await refusedOf(nobody)).toBeDefined();
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    expect((await send(flooding)).statusCode).toBe(200);
  });
});
