import type { InjectOptions } from "fastify";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { createHttpServer } from "../../src/http/http-server.js";
import { createMetrics } from "../../src/http/metrics/metrics.js";
import { openLmdbStore } from "../../src/store/lmdb/lmdb-store.js";
import { TestApp } from "../graphql/test-app.js";
import { temporaryFolder } from "../temporary-folder.js";

let app: TestApp;
beforeAll(async () => {
  app = await TestApp.open();
});
afterAll(() => app.close());

const get = (url: string, headers: Record<string, string> = {}) => inject({ url, headers });

function inject(options: InjectOptions) {
  return app.app.inject({ ...options, headers: { host: "127.0.0.1:4000", ...options.headers } });
}

describe("health", () => {
  test("live and ready", async () => {
    expect((await get("/health/live")).json()).toEqual({ status: "live" });
    expect((await get("/health/ready")).json()).toEqual({
      status: "ready",
      reads: "answered",
      writes: "accepted",
    });
  });

  test("live but not ready, once the store is closed", async () => {
    const store = await openLmdbStore({ folder: temporaryFolder() });
    const lines: string[] = [];
    const { app: server } = await createHttpServer({
      logger: pino({}, { write: (line: string) => lines.push(line) }),
      corsOrigins: [],
      loopbackOnly: true,
      metrics: createMetrics(),
      configs: () => 0,
      checkReady: async () => {
        await store.rootId();
        return undefined;
      },
    });
    onTestFinished(() => server.close());
    const ask = (url: string) => server.inject({ url, headers: { host: "127.0.0.1" } });
    expect((await ask("/health/ready")).statusCode).toBe(200);
    await store.close();
    const ready = await ask("/health/ready");
    expect([ready.statusCode, ready.json()]).toEqual([
      503,
      {
        status: "not ready",
        reads: "refused",
        writes: "refused",
        reason: "The store cannot be read: the log says why.",
      },
    ]);
    expect((await ask("/health/live")).statusCode).toBe(200);
    expect(lines.join("")).toContain('"msg":"not ready"');
  });
});

describe("metrics", () => {
  const series = async () =>
    (await get("/metrics")).body
      .split("\n")
      .filter((line) => line.startsWith("strata_"))
      .map((line) => line.split(" ")[0]);

  test("tell of requests, store calls, merges and schemas", async () => {
    await app.client.post({ query: `{ config(accountId: "acme", configId: "conferences") { values } }` });
    await app.client.post({ query: `{ config(accountId: "nobody", configId: "conferences") { values } }` });
    const text = (await get("/metrics")).body;
    for (const line of [
      /^strata_graphql_request_duration_seconds_count\{operation="query config",outcome="ok"\} 1$/m,
      /^strata_graphql_request_duration_seconds_count\{operation="query config",outcome="ACCOUNT_NOT_FOUND"\} 1$/m,
      /^strata_http_request_duration_seconds_count\{method="POST",route="\/graphql",status="200"\} \d+$/m,
      /^strata_store_call_duration_seconds_count\{operation="commit",outcome="done"\} 21$/m,
      /^strata_store_batch_size_count\{operation="layers"\} \d+$/m,
      /^strata_merge_cache_lookups_total\{outcome="miss"\} \d+$/m,
      /^strata_schemas_loaded 22$/m,
      /^strata_schema_problems\{consequence="refused"\} 0$/m,
      /^nodejs_eventloop_lag_seconds /m,
      /^process_resident_memory_bytes /m,
    ]) {
      expect(text).toMatch(line);
    }
  });

  test("grow with what there is to ask, not with what callers make up", async () => {
    const shapes = (i: number) => [
      { query: `query Made${i} { a${i}: account(id: "x${i}") { id } }`, operationName: `Made${i}` },
      { query: `{ made${i} }` },
      { query: `query Made${i} {` },
      { query: `query A { __typename } query B${i} { __typename }`, operationName: `None${i}` },
      { query: `{ ...F${i} } fragment F${i} on Query { account(id: "${i}") { id } }` },
      { query: `{ a: account(id: "${i}") { id } b: configSchemas { id } }` },
      { query: `query ($a${i}: Boolean!) { __typename @include(if: $a${i}) }`, variables: { [`a${i}`]: i } },
    ];
    const paths = (i: number) => [`/made${i}`, `/v2/made${i}`, `/v2/accounts/made${i}/configs/made${i}`];
    const ask = async (i: number) => {
      for (const body of shapes(i)) await app.client.post(body);
      for (const path of paths(i)) await get(path);
    };
    await ask(0);
    await series();
    const before = await series();
    for (let i = 1; i <= 50; i++) await ask(i);
    expect(await series()).toEqual(before);
    expect(before.join("\n")).not.toMatch(/[Mm]ade/);
  });
});

describe("request ids", () => {
  test.each(["abc-1", "A.b_c:1", "x".repeat(64)])("%s is kept", async (id) => {
    expect((await get("/health/live", { "x-request-id": id })).headers["x-request-id"]).toBe(id);
  });

  test.each(["", "a b", "x".repeat(65), "\u001b[31mred", 'a"b', "ä", "{}"])("%j is replaced", async (id) => {
    const made = (await get("/health/live", { "x-request-id": id })).headers["x-request-id"];
    expect(made).toMatch(/^[0-9a-f-]{36}$/);
  });

  test.each(["/nothing", "/%zz", "/graphql", "/v2/nothing"])("%s, refused, has one as well", async (url) => {
    expect((await get(url, { "x-request-id": "mine" })).headers["x-request-id"]).toBe("mine");
  });
});

describe("logs", () => {
  const linesOf = async (send: () => Promise<unknown>) => {
    const before = app.log.length;
    await send();
    return app.log.slice(before);
  };

  test("one JSON line per request, with its id and how it went", async () => {
    const lines = await linesOf(() => get("/health/live", { "x-request-id": "logged" }));
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      {
        level: 30,
        time: expect.any(Number),
        requestId: "logged",
        address: "127.0.0.1",
        method: "GET",
        path: "/health/live",
        status: 200,
        milliseconds: expect.any(Number),
        msg: "request",
      },
    ]);
  });

  test("no query strings, no queries, no variables, no values, no headers", async () => {
    const secret = "hunter2";
    const lines = await linesOf(async () => {
      const query = `{ account(id: "${secret}") { name } }`;
      await get(`/graphql?query=${encodeURIComponent(query)}&${secret}=1`, {
        "apollo-require-preflight": "1",
      });
      await get(`/nothing?${secret}`);
      await app.client.post({ query, operationName: secret });
      await app.client.post(
        { query: `query ${secret} { ${secret} }`, variables: { secret } },
        { authorization: secret },
      );
      await app.client.post({
        query: "mutation ($input: SetConfigInput!) { setConfig(input: $input) { __typename } }",
        variables: { input: { accountId: "acme", configId: "conferences", values: { pin_timeout: secret } } },
      });
      await app.client.send(`{"${secret}`);
    });
    expect(lines).toHaveLength(6);
    expect(lines.join("")).not.toContain(secret);
  });

  test("whatever is in ids, headers and paths, a line is one line of plain text", async () => {
    const nasty = "a\r\nb\u001b[31m\u0000\u2028";
    const lines = await linesOf(async () => {
      await app.client.post({
        query: "query ($id: ID!) { config(accountId: $id) { id } }",
        variables: { id: nasty },
      });
      await get(`/${encodeURIComponent(nasty)}`, {
        "x-request-id": "\u001b[31m",
        "user-agent": "\u001b[31m",
      });
      await get(`/${"x".repeat(10_000)}`);
    });
    expect(lines).toHaveLength(3);
    for (const line of lines) {
      expect(line).toMatch(/^[\x20-\x7e]+\n$/);
      expect(line.length).toBeLessThan(600);
    }
  });
});

describe("pages", () => {
  const browser = { accept: "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8" };

  test.each(["/", "/graphql", "/graphql?query={__typename}"])(
    "%s shows a browser where it is",
    async (url) => {
      const { statusCode, headers, body } = await get(url, browser);
      expect(statusCode).toBe(200);
      expect(headers).toMatchObject({
        "content-type": "text/html; charset=utf-8",
        "content-security-policy": expect.stringMatching(/^default-src 'none';.*frame-ancestors 'none'$/),
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
      });
      expect(body).not.toMatch(/<script|src=|https?:\/\/(?!127\.0\.0\.1:4000|studio\.apollographql\.com)/);
      const link = /href="(https:&#47;|https:\/\/)([^"]+)"/.exec(body)?.[0] ?? "";
      const sandbox = new URL(link.slice('href="'.length, -1).replaceAll("&#38;", "&"));
      expect(sandbox.origin + sandbox.pathname).toBe("https://studio.apollographql.com/sandbox/explorer");
      expect(sandbox.searchParams.get("endpoint")).toBe("http://127.0.0.1:4000/graphql");
      const answer = await app.client.post({
        query: sandbox.searchParams.get("document"),
        variables: JSON.parse(sandbox.searchParams.get("variables") ?? ""),
      });
      expect(answer.errors).toBeUndefined();
      expect(answer.data).toHaveProperty("config.fields.0.contributions.0.layer.kind");
    },
  );

  test("the command shown for a shell works", async () => {
    const body = (await get("/", browser)).body;
    const shown = />curl -s \S+ -H '[^']+' -d '(.+)'<|-d &#39;(.+?)&#39;|-d '([^']+)'/.exec(body);
    const json = (shown?.[1] ?? shown?.[2] ?? shown?.[3] ?? "")
      .replaceAll("&#34;", '"')
      .replaceAll("&#39;", "'");
    expect((await app.client.send(json)).errors).toBeUndefined();
  });

  test("a program that asks for / is told where everything is", async () => {
    expect((await get("/", { accept: "application/json" })).json()).toMatchObject({ graphql: "/graphql" });
    expect((await get("/")).json()).toMatchObject({ graphql: "/graphql" });
    for (const accept of ["application/json", browser.accept])
      expect((await get("/", { accept })).headers.vary).toMatch(/(^|, )Accept(,|$)/);
  });

  test("a POST that accepts HTML is answered as any other", async () => {
    const answer = await app.client.post({ query: "{ __typename }" }, { accept: "text/html,*/*" });
    expect(answer.data).toEqual({ __typename: "Query" });
  });
});

describe("what is not there", () => {
  test.each<[method: "GET" | "POST" | "PUT" | "DELETE", url: string, status: number]>([
    ["GET", "/nothing", 404],
    ["GET", "/graphql/", 404],
    ["POST", "/", 404],
    ["PUT", "/graphql", 405],
    ["DELETE", "/graphql", 405],
    ["GET", "/health", 404],
    ["GET", "/../etc/passwd", 404],
    ["GET", "/hunter2%zz", 404],
    ["GET", "/hunter2", 404],
  ])("%s %s is %i, as JSON", async (method, url, status) => {
    const { statusCode, headers, body } = await inject({ method, url });
    expect(statusCode).toBe(status);
    expect(headers["content-type"]).toMatch(/^application\/json/);
    expect(JSON.parse(body)).toMatchObject({ errors: [{ message: expect.any(String) }] });
    expect(body).not.toContain("hunter2");
  });
});

describe("every answer", () => {
  const preflight = { origin: "https://app.example", "access-control-request-method": "POST" };
  const asked: readonly (readonly [string, () => Promise<{ headers: Readonly<Record<string, unknown>> }>])[] =
    [
      ...[
        "/",
        "/health/live",
        "/health/ready",
        "/metrics",
        "/nothing",
        "/graphql",
        "/v2/nothing",
        "/%zz",
      ].map((url) => [url, () => get(url)] as const),
      ["a query's", () => app.client.post({ query: "{ __typename }" })],
      ["a refused query's", () => app.client.post({ query: "{" })],
      ["a foreign name's", () => get("/", { host: "evil.example" })],
      ["a preflight's", () => inject({ method: "OPTIONS", url: "/graphql", headers: preflight })],
    ];

  test.each(asked)("%s has the headers that browsers are to heed", async (_, ask) => {
    expect((await ask()).headers).toMatchObject({
      "x-content-type-options": "nosniff",
      "cache-control": "no-store",
      "content-security-policy": expect.stringContaining("frame-ancestors 'none'"),
      "x-frame-options": "DENY",
      "referrer-policy": "no-referrer",
      "cross-origin-resource-policy": "same-origin",
    });
  });

  test("but for a config's, which may be kept to be asked about again", async () => {
    expect((await get("/v2/accounts/acme/configs/conferences")).headers["cache-control"]).toBe(
      "private, no-cache",
    );
  });
});
