import { SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TestApp } from "../graphql/test-app.js";
import { SECRET, TOKEN_ACCESS } from "./token-access.js";

const OPEN = { type: "object", additionalProperties: true };
const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";

let app: TestApp;
let token: string;
beforeAll(async () => {
  app = await TestApp.open(
    { "account_config.open": OPEN, "system_config.open": OPEN },
    { access: TOKEN_ACCESS },
  );
  const now = Math.floor(Date.now() / 1_000) + 2;
  token = await new SignJWT({ sub: "ada\u2028", account_id: "acme", iat: now, exp: now + 600 })
    .setProtectedHeader({ alg: "HS256" })
    .sign(new TextEncoder().encode(SECRET));
});
afterAll(() => app.close());

type Line = Record<string, unknown>;

/** The lines that requests leave, each as it was written and as JSON. */
async function linesOf(send: () => Promise<unknown>): Promise<{ text: string; line: Line }[]> {
  const before = app.log.length;
  await send();
  const lines = app.log.slice(before).map((text) => ({ text, line: JSON.parse(text) as Line }));
  return lines.filter(({ line }) => line.msg === "request");
}

async function lineOf(send: () => Promise<unknown>): Promise<Line> {
  const [only, ...others] = await linesOf(send);
  expect(others).toEqual([]);
  return only?.line ?? {};
}

const post = (body: unknown, headers: Record<string, string> = {}) =>
  app.client.post(body, { authorization: `Bearer ${token}`, ...headers });
const rest = (method: "GET" | "PUT" | "PATCH" | "DELETE", path: string, data?: unknown, headers = {}) =>
  app.app.inject({
    method,
    url: `/v2/accounts/acme/configs/${path}`,
    headers: { host: "127.0.0.1", "x-auth-token": token, ...headers },
    ...(data !== undefined && { payload: { data } }),
  });
const patch = (patch: unknown) => ({
  query: `mutation Change($p: JSONObject!) { patchConfig(input: { accountId: "acme", configId: "open", patch: $p }) { __typename } }`,
  variables: { p: patch },
});

describe("the line of a GraphQL request", () => {
  test("has the operation, its root fields, the caller, the outcome, store calls, and the cost", async () => {
    const query = `query Mine { mine: config(accountId: "acme", configId: "open") { etag } ...More } fragment More on Query { viewer { subject } }`;
    const line = await lineOf(() => post({ query }, { traceparent: `00-${TRACE}-00f067aa0ba902b7-01` }));
    expect(line).toMatchObject({
      trace_id: TRACE,
      method: "POST",
      path: "/graphql",
      status: 200,
      operationType: "query",
      operationName: "Mine",
      rootFields: ["config", "viewer"],
      subject: "ada\\u2028",
      outcomes: ["ok"],
      storeCalls: expect.any(Number),
      cost: 23,
    });
    expect(line).not.toHaveProperty("writes");
  });

  test("is the same whichever way the response was made", async () => {
    const query = `query Often { config(accountId: "acme", configId: "open") { id etag } }`;
    const lines: Line[] = [];
    for (let i = 0; i < 6; i++) lines.push(await lineOf(() => post({ query })));
    const calls = lines.map(({ storeCalls }) => Number(storeCalls));
    expect(calls[0]).toBeGreaterThan(0);
    expect(calls.at(-1)).toBeLessThanOrEqual(1);
    for (const line of lines) {
      const { requestId: _, time: _time, milliseconds: _ms, storeCalls: _calls, ...same } = line;
      expect(same).toMatchObject({
        operationName: "Often",
        rootFields: ["config"],
        outcomes: ["ok"],
        cost: 22,
      });
      expect(Object.keys(same)).toEqual(Object.keys(lines[0] ?? {}).filter((key) => key in same));
    }
  });

  test("says of a write what was changed, by pointer", async () => {
    await post(patch({ gone: 1, kept: 1 }));
    const line = await lineOf(() => post(patch({ gone: null, kept: 1, mail: { host: "hunter2", port: 1 } })));
    expect(line).toMatchObject({
      operationName: "Change",
      rootFields: ["patchConfig"],
      storeCalls: 2,
      writes: [
        {
          account: "acme",
          config: "open",
          kind: "PATCH",
          outcome: "written",
          changed: ["/mail/host", "/mail/port", "/gone"],
        },
      ],
    });
    expect(JSON.stringify(line)).not.toContain("hunter2");
    const again = await lineOf(() => post(patch({ kept: 1 })));
    expect(again.writes).toEqual([{ account: "acme", config: "open", kind: "PATCH", outcome: "unchanged" }]);
  });

  test("shows fifty pointers of a write, and says how many more there are", async () => {
    const many = Object.fromEntries(Array.from({ length: 73 }, (_, i) => [`k${i}`, "canary"]));
    const line = await lineOf(() => post(patch({ many, [`${"long".repeat(100)}\u2029`]: 1 })));
    const [write] = line.writes as { changed: string[]; more: number }[];
    expect([write?.changed.length, write?.more]).toEqual([50, 24]);
    expect(JSON.stringify(line)).not.toContain("canary");
  });

  test("names the codes of errors, each once, and no account that was refused", async () => {
    const query = `{ a: config(accountId: "hunter2") { id } b: config(accountId: "hunter3") { id } c: config(accountId: "acme", configId: "none") { id } }`;
    const line = await lineOf(() => post({ query }));
    expect(line).toMatchObject({ status: 200, outcomes: ["CONFIG_NOT_FOUND", "ACCOUNT_NOT_FOUND"] });
    const refused = await lineOf(() =>
      post({ query: 'mutation { resetConfig(input: { accountId: "hunter2" }) { __typename } }' }),
    );
    expect(refused.outcomes).toEqual(["ACCOUNT_NOT_FOUND"]);
    expect(JSON.stringify([line, refused])).not.toContain("hunter");
  });

  test("names the code of a request that is refused before it is executed", async () => {
    const outcomes = async (body: unknown, headers = {}) =>
      (await lineOf(() => post(body, headers))).outcomes;
    expect(await outcomes({ query: "{ nothing }" })).toEqual(["GRAPHQL_VALIDATION_FAILED"]);
    expect(await outcomes({ query: "{ viewer {" })).toEqual(["GRAPHQL_PARSE_FAILED"]);
    expect(await outcomes({ query: "{ viewer { subject } }" }, { authorization: "Bearer hunter2" })).toEqual([
      "UNAUTHENTICATED",
    ]);
    expect(await outcomes({ query: `{ a(b: ${"[".repeat(200)}` })).toEqual(["QUERY_TOO_COMPLEX"]);
    const dear = await lineOf(() =>
      post({ query: "{ accounts(first: 1000) { nodes { configs { etag } } } }" }),
    );
    expect(dear).toMatchObject({ outcomes: ["QUERY_TOO_COMPLEX"], rootFields: ["accounts"] });
    expect(dear.cost).toBeGreaterThan(50_000);
  });

  test("bounds names that clients choose, and stays one line", async () => {
    const name = "N".repeat(5_000);
    const [{ text, line } = { text: "", line: {} }] = await linesOf(() =>
      post({
        query: `query ${name} { ${Array.from({ length: 300 }, (_, i) => `a${i}: __typename`).join(" ")} }`,
      }),
    );
    expect(line).toMatchObject({ operationName: `${"N".repeat(64)}...`, rootFields: ["__typename"] });
    expect(text.trimEnd()).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]/u);
    expect(text.length).toBeLessThan(600);
  });

  test.each([
    "",
    "x",
    `00-${"0".repeat(32)}-00f067aa0ba902b7-01`,
    `00-${TRACE}-${"0".repeat(16)}-01`,
    `ff-${TRACE}-00f067aa0ba902b7-01`,
    `00-${TRACE.toUpperCase()}-00f067aa0ba902b7-01`,
    `00-${TRACE}-00f067aa0ba902b7-01-more`,
    `00-${TRACE}-00f067aa0ba902b7`,
  ])("has no trace id of the traceparent %j", async (traceparent) => {
    expect(await lineOf(() => post({ query: "{ __typename }" }, { traceparent }))).not.toHaveProperty(
      "trace_id",
    );
  });

  test("tells of changes to accounts", async () => {
    const create = `mutation { createAccount(input: { name: "hunter2", parentId: "acme" }) { account { id } } }`;
    const { data } = await post({ query: create });
    const created = data?.createAccount as { account: { id: string } } | undefined;
    const id = created?.account.id;
    const rename = {
      query: "mutation ($i: UpdateAccountInput!) { updateAccount(input: $i) { account { id } } }",
      variables: { i: { id, name: "hunter3" } },
    };
    const line = await lineOf(() => post(rename));
    expect(line.writes).toEqual([{ account: id, kind: "UPDATE", outcome: "written" }]);
    expect((await lineOf(() => post(rename))).writes).toEqual([
      { account: id, kind: "UPDATE", outcome: "unchanged" },
    ]);
    expect(JSON.stringify(line)).not.toContain("hunter");
  });
});

describe("the line of a REST request", () => {
  test("has the route, the caller, the account and config, the outcome and store calls", async () => {
    const line = await lineOf(() =>
      rest("GET", "open", undefined, { traceparent: `00-${TRACE}-00f067aa0ba902b7-01` }),
    );
    expect(line).toMatchObject({
      trace_id: TRACE,
      route: "/v2/accounts/:account_id/configs/:config_id",
      subject: "ada\\u2028",
      account: "acme",
      config: "open",
      outcomes: ["ok"],
    });
    expect(line.storeCalls).toBeGreaterThan(0);
  });

  test("says of a write what was changed, by pointer", async () => {
    await rest("PUT", "open", { a: 1 });
    const line = await lineOf(() => rest("PATCH", "open", { a: "hunter2", b: { c: 1 } }));
    expect(line.writes).toEqual([
      { account: "acme", config: "open", kind: "PATCH", outcome: "written", changed: ["/a", "/b/c"] },
    ]);
    expect(JSON.stringify(line)).not.toContain("hunter2");
    const reset = await lineOf(() => rest("DELETE", "open", undefined, { "if-match": '"none"' }));
    expect(reset).toMatchObject({ status: 412, writes: [{ outcome: "conflict" }] });
  });

  test("names the code of what is refused", async () => {
    expect(await lineOf(() => rest("GET", "none"))).toMatchObject({
      status: 404,
      outcomes: ["CONFIG_NOT_FOUND"],
    });
    const nobody = await lineOf(() => rest("GET", "open", undefined, { "x-auth-token": "hunter2" }));
    expect(nobody).toMatchObject({ status: 401, outcomes: ["UNAUTHENTICATED"] });
    expect(nobody).not.toHaveProperty("subject");
  });
});
