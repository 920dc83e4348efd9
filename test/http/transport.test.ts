import { request } from "node:http";
import { connect } from "node:net";
import type { InjectOptions } from "fastify";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SetConfigDocument } from "../graphql/operations.generated.js";
import { TestApp } from "../graphql/test-app.js";

const MIB = 1024 * 1024;
const QUERY = `{ config(accountId: "acme", configId: "conferences") { value(at: "/pin_timeout") } }`;
const ANSWER = { data: { config: { value: 3_000 } } };
const WRITE = `mutation { resetConfig(input: { accountId: "acme", configId: "conferences" }) { __typename } }`;

let app: TestApp;
let port: number;
beforeAll(async () => {
  app = await TestApp.open();
  port = Number(new URL(await app.app.listen({ host: "127.0.0.1", port: 0 })).port);
});
afterAll(() => app.close());

async function inject(options: InjectOptions) {
  const headers = { host: "127.0.0.1", ...options.headers };
  const {
    statusCode,
    body,
    headers: answered,
  } = await app.app.inject({ url: "/graphql", ...options, headers });
  return { status: statusCode, body, headers: answered };
}

const post = (payload: string | Buffer, headers: Record<string, string> = {}) =>
  inject({ method: "POST", payload, headers: { "content-type": "application/json", ...headers } });

/** A body of exactly so many bytes. */
function padded(bytes: number): string {
  const body = JSON.stringify({ query: QUERY });
  return body + " ".repeat(bytes - body.length);
}

/** Sends over a real socket, with or without saying how long the body is. */
function send(body: string, chunked: boolean): Promise<{ status: number; type: string; body: string }> {
  return new Promise((resolve, reject) => {
    const headers = {
      "content-type": "application/json",
      ...(chunked ? { "transfer-encoding": "chunked" } : { "content-length": Buffer.byteLength(body) }),
    };
    const sent = request(
      { host: "127.0.0.1", port, path: "/graphql", method: "POST", headers },
      (response) => {
        const parts: Buffer[] = [];
        response.on("data", (part: Buffer) => parts.push(part));
        response.on("end", () =>
          resolve({
            status: response.statusCode ?? 0,
            type: response.headers["content-type"] ?? "",
            body: Buffer.concat(parts).toString(),
          }),
        );
      },
    );
    // An answer that comes before all is sent ends the connection: what was answered counts.
    sent.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE" && error.code !== "ECONNRESET") reject(error);
    });
    for (let at = 0; at < body.length; at += 64 * 1024) sent.write(body.slice(at, at + 64 * 1024));
    sent.end();
  });
}

describe("the size of a body", () => {
  test.each([false, true])("exactly 1 MiB is taken; chunked: %s", async (chunked) => {
    const { status, body } = await send(padded(MIB), chunked);
    expect([status, JSON.parse(body)]).toEqual([200, ANSWER]);
  });

  test.each([false, true])("a byte more is 413, as JSON; chunked: %s", async (chunked) => {
    const { status, type, body } = await send(padded(MIB + 1), chunked);
    expect(status).toBe(413);
    expect(type).toMatch(/^application\/json/);
    expect(JSON.parse(body)).toMatchObject({
      errors: [{ extensions: { code: "BAD_USER_INPUT", limit: "body" } }],
    });
  });

  test("a length that is not kept to ends with that connection alone", async () => {
    const socket = connect(port, "127.0.0.1");
    const head =
      "POST /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{";
    await new Promise<void>((resolve) => socket.write(head, () => resolve()));
    socket.destroy();
    expect((await post(padded(200))).status).toBe(200);
  });
});

describe("how a body is read", () => {
  const json = JSON.stringify({ query: QUERY });

  test.each<[string, string | Buffer, Record<string, string>, number]>([
    ["plain", json, {}, 200],
    ["with a byte order mark", Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(json)]), {}, 200],
    ["charset utf-8", json, { "content-type": "application/json; charset=utf-8" }, 200],
    ['charset "UTF-8"', json, { "content-type": 'application/json;charset="UTF-8"' }, 200],
    ["charset utf-16", json, { "content-type": "application/json; charset=utf-16" }, 415],
    ["charset utf-7", json, { "content-type": "application/json; charset=utf-7" }, 415],
    ["an unknown charset", json, { "content-type": "application/json; charset=x" }, 415],
    [
      "invalid UTF-8",
      Buffer.from('{"query": "{ __typename }", "variables": {"a": "\xff"}}', "latin1"),
      {},
      400,
    ],
    ["UTF-16", Buffer.from(json, "utf16le"), {}, 400],
    ["an overlong encoding", Buffer.from([0x7b, 0xc0, 0x80, 0x7d]), {}, 400],
    ["not JSON", "{", {}, 400],
    ["nothing", "", {}, 400],
    ["null", "null", {}, 400],
    ["true", "true", {}, 400],
    ["a number", "1", {}, 400],
    ["text", '"x"', {}, 400],
    ["an empty object", "{}", {}, 400],
    ["a batch", `[${json}]`, {}, 400],
    ["an empty batch", "[]", {}, 400],
    ["a query that is a number", '{"query": 1}', {}, 400],
    ["a query that is null", '{"query": null}', {}, 400],
    ["a query that is an object", '{"query": {"kind": "Document"}}', {}, 400],
    ["an empty query", '{"query": ""}', {}, 400],
    ["no query", '{"variables": {}}', {}, 400],
    ["variables that are text", '{"query": "{__typename}", "variables": "{}"}', {}, 400],
    ["variables that are a list", '{"query": "{__typename}", "variables": []}', {}, 400],
    ["an operation name that is a number", '{"query": "{__typename}", "operationName": 1}', {}, 400],
    ["extensions that are text", '{"query": "{__typename}", "extensions": "x"}', {}, 400],
    ["variables that are null", '{"query": "{__typename}", "variables": null}', {}, 200],
    ["text/plain", json, { "content-type": "text/plain" }, 400],
    ["text/plain that says it is JSON", json, { "content-type": "text/plain; application/json" }, 400],
    [
      "a form",
      `query=${encodeURIComponent(QUERY)}`,
      { "content-type": "application/x-www-form-urlencoded" },
      400,
    ],
    ["multipart", "--x\r\n\r\n--x--", { "content-type": "multipart/form-data; boundary=x" }, 400],
    ["application/graphql", QUERY, { "content-type": "application/graphql" }, 400],
    ["a content type that is none", json, { "content-type": ";;;" }, 415],
  ])("%s", async (_, payload, headers, status) => {
    const answer = await post(payload, headers);
    expect(answer.status).toBe(status);
    const parsed = JSON.parse(answer.body) as { errors?: unknown[] };
    expect(parsed.errors === undefined).toBe(status === 200);
  });

  test("text/plain is no way around the preflight for a mutation, either", async () => {
    await post(JSON.stringify({ query: WRITE }), { "content-type": "text/plain" });
    expect(JSON.parse((await post(JSON.stringify({ query: QUERY }))).body)).toEqual(ANSWER);
  });
});

describe("GET", () => {
  const get = (query: string, headers: Record<string, string> = {}) =>
    inject({ method: "GET", url: `/graphql?${query}`, headers });
  const asked = `query=${encodeURIComponent(QUERY)}`;
  const preflighted = { "apollo-require-preflight": "true" };

  test("a query with a header that no plain link can send is answered", async () => {
    const { status, body } = await get(asked, preflighted);
    expect([status, JSON.parse(body)]).toEqual([200, ANSWER]);
  });

  test("variables come along as JSON", async () => {
    const query = "query ($id: ID!) { account(id: $id) { id } }";
    const variables = encodeURIComponent(JSON.stringify({ id: "acme" }));
    const { body } = await get(`query=${encodeURIComponent(query)}&variables=${variables}`, preflighted);
    expect(JSON.parse(body)).toEqual({ data: { account: { id: "acme" } } });
  });

  test.each<[string, string]>([
    ["GraphQL-Require-Preflight", "1"],
    ["Apollo-Require-Preflight", "true"],
    ["X-Apollo-Operation-Name", "Viewer"],
    ["Authorization", "Bearer a-token"],
    ["Authorization", "Token a-token"],
    ["X-Auth-Token", "a-token"],
    ["Content-Type", "application/json"],
  ])("with %s: %s a query is answered, and a mutation is still 405", async (name, value) => {
    const { status, body } = await get(asked, { [name]: value });
    expect([status, JSON.parse(body)]).toEqual([200, ANSWER]);
    expect((await get(`query=${encodeURIComponent(WRITE)}`, { [name]: value })).status).toBe(405);
  });

  test.each<[string, Record<string, string>]>([
    ["no header", {}],
    ["an empty header", { "graphql-require-preflight": "" }],
    ["an empty token", { "x-auth-token": "", authorization: "" }],
    ["nothing but blanks", { "apollo-require-preflight": "   ", authorization: "  " }],
    ["credentials that a browser remembers", { authorization: "Basic YTpi" }],
    ["Digest credentials", { authorization: "digest username=a" }],
    ["Negotiate credentials", { authorization: "Negotiate YTpi" }],
    ["a cookie", { cookie: "token=a" }],
    ["an origin", { origin: "https://app.example" }],
    ["safelisted headers", { accept: "application/json", "accept-language": "en", "content-language": "en" }],
    ["the content type of a form", { "content-type": "text/plain" }],
    ["a form's content type with a parameter", { "content-type": "TEXT/PLAIN;x=application/json" }],
    ["a content type that is none", { "content-type": "json" }],
    ["two content types in one", { "content-type": "text/plain, application/json" }],
  ])("with %s a query is refused", async (_, headers) => {
    const { status, body } = await get(asked, headers);
    expect([status, JSON.parse(body)]).toMatchObject([
      400,
      { errors: [{ message: expect.stringContaining("GraphQL-Require-Preflight") }] },
    ]);
  });

  test("urql's query, as it sends it with a token by default, is answered", async () => {
    const search =
      "?operationName=Q&query=query+Q+%7B+account%28id%3A+%22acme%22%29+%7B+id+__typename+%7D+%7D&variables=%7B%7D";
    const accept =
      "application/graphql-response+json, application/graphql+json, application/json, text/event-stream, multipart/mixed";
    const { status, body, headers } = await get(search.slice(1), { accept, authorization: "Bearer x" });
    expect([status, JSON.parse(body)]).toEqual([
      200,
      { data: { account: { id: "acme", __typename: "Account" } } },
    ]);
    expect(headers["content-type"]).toContain("application/graphql-response+json");
  });

  test("a mutation is 405, and not done", async () => {
    const { status, headers } = await get(`query=${encodeURIComponent(WRITE)}`, preflighted);
    expect([status, headers.allow]).toEqual([405, "POST"]);
    expect(JSON.parse((await get(asked, preflighted)).body)).toEqual(ANSWER);
  });

  test("the limits of a query hold there, too", async () => {
    const deep = `{a(b:${"[".repeat(200)}`;
    const { status, body } = await get(`query=${encodeURIComponent(deep)}`, preflighted);
    expect(status).toBe(400);
    expect(JSON.parse(body)).toMatchObject({ errors: [{ extensions: { limit: "depth" } }] });
  });

  test.each(["query=%zz", "query=a&query=b", "variables=x", "query=%7B__typename%7D&variables=[]", ""])(
    "%s is refused",
    async (search) => {
      expect((await get(search, preflighted)).status).toBe(400);
    },
  );

  test("HEAD changes nothing and tells nothing", async () => {
    const { status, body } = await inject({
      method: "HEAD",
      url: `/graphql?query=${encodeURIComponent(WRITE)}`,
      headers: preflighted,
    });
    expect(status).toBeLessThan(500);
    expect(body).toBe("");
    expect(JSON.parse((await get(asked, preflighted)).body)).toEqual(ANSWER);
  });
});

describe("other origins", () => {
  const ASKED_HEADERS =
    "authorization,x-auth-token,content-type,graphql-require-preflight,apollo-require-preflight";
  const preflight = (origin: string) =>
    inject({
      method: "OPTIONS",
      headers: {
        origin,
        "access-control-request-method": "POST",
        "access-control-request-headers": ASKED_HEADERS,
      },
    });

  test.each(["https://studio.apollographql.com", "https://app.example"])("%s may call", async (origin) => {
    const { status, headers } = await preflight(origin);
    expect(status).toBe(204);
    expect(headers).toMatchObject({
      "access-control-allow-origin": origin,
      "access-control-allow-methods": "GET, POST",
      "access-control-allow-headers": ASKED_HEADERS,
    });
    const answer = await post(padded(200), { origin });
    expect(answer.headers).toMatchObject({
      "access-control-allow-origin": origin,
      "access-control-expose-headers":
        "X-Request-ID, Retry-After, WWW-Authenticate, RateLimit, RateLimit-Policy",
      vary: expect.stringContaining("Origin"),
    });
  });

  test.each([
    "https://evil.example",
    "http://studio.apollographql.com",
    "https://studio.apollographql.com.evil.example",
    "https://evil-app.example",
    "null",
    "http://127.0.0.1:4000",
  ])("%s may not", async (origin) => {
    expect((await preflight(origin)).headers).not.toHaveProperty("access-control-allow-origin");
    expect((await post(padded(200), { origin })).headers).not.toHaveProperty("access-control-allow-origin");
  });
});

describe("the name we are called by", () => {
  test.each(["127.0.0.1", "127.0.0.1:4000", "127.1.2.3", "localhost", "LocalHost:1", "[::1]", "[::1]:4000"])(
    "%s is answered",
    async (host) => {
      expect((await inject({ url: "/health/live", headers: { host } })).status).toBe(200);
    },
  );

  test.each([
    "evil.example",
    "evil.example:4000",
    "localhost.evil.example",
    "127.0.0.1.evil.example",
    "127.evil.example",
    "evil.example/127.0.0.1",
    "192.168.0.1",
    "0.0.0.0",
    "[::2]",
    'localhost:"><script>',
    "localhost:1;rm",
    "evil@localhost",
  ])("%j is 421, whatever is asked for", async (host) => {
    for (const url of ["/graphql", "/", "/metrics", "/health/live", "/nothing"]) {
      const { status, body } = await inject({ url, headers: { host, accept: "text/html" } });
      expect(status).toBe(421);
      expect(JSON.parse(body)).toMatchObject({ errors: [{ extensions: { code: "BAD_USER_INPUT" } }] });
    }
    const preflight = { origin: "https://app.example", "access-control-request-method": "POST" };
    expect((await inject({ method: "OPTIONS", headers: { host, ...preflight } })).status).toBe(421);
  });
});

describe("malformed HTTP", () => {
  /** The status line of the answer to raw bytes. */
  function raw(text: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, "127.0.0.1");
      let answer = "";
      socket.on("data", (part) => {
        answer += part.toString();
      });
      socket.on("close", () => resolve(answer.split("\r\n", 1)[0] ?? ""));
      socket.on("error", reject);
      socket.write(text);
    });
  }

  test.each<[string, string, string]>([
    ["16 KiB of one header", `GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ${"x".repeat(17_000)}\r\n\r\n`, "431"],
    [
      "2,000 headers",
      `GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n${"X-Header: 1234567\r\n".repeat(2_000)}\r\n`,
      "431",
    ],
    ["no host", "GET / HTTP/1.1\r\n\r\n", "400"],
    ["an empty host", "GET / HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n", "421"],
    ["no host in HTTP/1.0", "GET / HTTP/1.0\r\n\r\n", "421"],
    [
      "two lengths",
      "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx",
      "400",
    ],
    [
      "a length beside chunks",
      "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "400",
    ],
    ["no HTTP", "\u0000\u0001\r\n\r\n", "400"],
  ])("%s", async (_, text, status) => {
    expect(await raw(text)).toContain(`HTTP/1.1 ${status} `);
    expect((await inject({ url: "/health/live" })).status).toBe(200);
  });
});

test("what came through all this is as it was", async () => {
  const { setConfig } = await app.client.run(SetConfigDocument, {
    input: { accountId: "acme", configId: "conferences", values: {}, dryRun: true },
  });
  expect(setConfig).toMatchObject({
    changes: expect.arrayContaining([expect.objectContaining({ pointer: "/pin_timeout", before: 3_000 })]),
  });
});
