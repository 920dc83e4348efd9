import { once } from "node:events";
import { type AddressInfo, connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { GraphQLField } from "graphql";
import { expect, onTestFinished, test, vi } from "vitest";
import { createGraphqlSchema } from "../../../src/graphql/api/schema.js";
import { createResponseHeaders } from "../../../src/http/response-headers.js";
import { createRequestReader } from "../../../src/service/read/request-reader.js";
import { Services, SHIPPED_SCHEMAS } from "../../service/services.js";
import { openTestStore } from "../../store/test-store.js";
import { TestApp } from "../test-app.js";
import { openEndpoint } from "./open-endpoint.js";

const QUERY = `{ config(accountId: "acme", configId: "conferences") { value(at: "/pin_timeout") } }`;
const BODY = JSON.stringify({ query: QUERY });
const DATA = `{"data":{"config":{"value":3000}}}\n`;

async function open(): Promise<{ app: TestApp; port: number }> {
  const app = await TestApp.forTest();
  return { app, port: Number(new URL(await app.app.listen({ host: "127.0.0.1", port: 0 })).port) };
}

function head(headers: Record<string, string | number> = {}, body = BODY): string {
  const all = {
    host: "127.0.0.1",
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `POST /graphql HTTP/1.1\r\n${lines.join("")}\r\n`;
}

async function connected(port: number): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  await once(socket, "connect");
  return socket;
}

/** What comes until so many answers have ended, or the connection has. */
async function received(socket: Socket, answers: number): Promise<string> {
  let text = "";
  const isOver = () => text.split(DATA).length > answers;
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    text += String(chunk);
    if (isOver()) break;
  }
  return text;
}

/** The answers to some requests, one after the other, each on a connection of its own. */
async function ask(port: number, ...requests: readonly string[]): Promise<string[]> {
  const answers: string[] = [];
  for (const request of requests) {
    const socket = await connected(port);
    socket.write(request);
    answers.push(await received(socket, 1));
    socket.destroy();
  }
  return answers;
}

const withoutDate = (answer: string) => answer.replace(/^date: .*\r\n/im, "");

test("cached, compiled and ordinary responses have the same head and body", async () => {
  const { port } = await open();
  const request = head({ "x-request-id": "one" }) + BODY;
  const [first, ...others] = await ask(port, request, request, request, request, request);
  const linesOf = (answer = "") => withoutDate(answer).toLowerCase().split("\r\n").sort();
  expect(first).toContain("x-request-id: one");
  expect(first).toContain("x-content-type-options: nosniff");
  for (const other of others) expect(linesOf(other)).toEqual(linesOf(first));
});

test("a header that is added where headers are made is on every response, made anew for each", async () => {
  const store = await openTestStore();
  onTestFinished(() => store.close());
  const services = new Services(store, SHIPPED_SCHEMAS);
  await services.tree(["root"], ["acme", "root"]);
  let count = 0;
  const ordinary = createResponseHeaders({ corsOrigins: [] });
  const schema = await createGraphqlSchema();
  const executedBy: string[] = [];
  const config = schema.getQueryType()?.getFields().config as GraphQLField<unknown, unknown>;
  const { resolve } = config;
  config.resolve = (source, args, context, info) => {
    // Plans know of no path.
    executedBy.push(info.path === undefined ? "plan" : "Apollo Server");
    return resolve?.(source, args, context, info);
  };
  const app = await openEndpoint({
    store,
    schema,
    openContext: (principal) => ({ ...services, reader: createRequestReader(store, principal) }),
    responseHeaders: (...given) => [...ordinary(...given), "x-planted", String(++count)],
  });
  onTestFinished(() => app.close());
  const port = Number(new URL(await app.listen({ host: "127.0.0.1", port: 0 })).port);
  const requests = [
    // Bodies of other bytes are not answered from the cache.
    ...[1, 2, 3, 4].map((spaces) => " ".repeat(spaces) + BODY).map((body) => head({}, body) + body),
    ...Array.from({ length: 4 }, () => head() + BODY),
    head({}, "{").concat("{"),
    head({ "content-type": "text/plain" }) + BODY,
    head({ "content-type": ";;;" }) + BODY,
    head({ host: "evil.example" }) + BODY,
    head().replace("POST", "DELETE") + BODY,
    `GET /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/html\r\n\r\n`,
    "OPTIONS /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: https://a.example\r\nAccess-Control-Request-Method: POST\r\n\r\n",
  ];
  for (const [index, request] of requests.entries()) {
    const socket = await connected(port);
    socket.write(request);
    const [chunk] = (await once(socket, "data")) as [Buffer];
    expect(String(chunk)).toMatch(new RegExp(`^x-planted: ${index + 1}\r$`, "im"));
    socket.destroy();
  }
});

test("a body is parsed once, whichever way its response is made", async () => {
  const { app } = await open();
  const parse = vi.spyOn(JSON, "parse");
  onTestFinished(() => parse.mockRestore());
  const parsed = async (body: string) => {
    parse.mockClear();
    const headers = { host: "127.0.0.1", "content-type": "application/json" };
    await app.app.inject({ method: "POST", url: "/graphql", headers, payload: body });
    return parse.mock.calls.filter(([text]) => text === body).length;
  };
  const write = `mutation { resetConfig(input: { accountId: "acme", configId: "conferences", dryRun: true }) { __typename } }`;
  expect(await parsed(JSON.stringify({ query: write }))).toBe(1);
  const times: number[] = [];
  // By Apollo Server, then by a plan where the text of the body differs, then from the cache.
  for (let time = 0; time < 8; time++) times.push(await parsed(" ".repeat(time) + BODY));
  for (let time = 0; time < 3; time++) times.push(await parsed(BODY));
  expect(times.slice(0, 8)).toEqual(Array(8).fill(1));
  expect(times.at(-1)).toBe(0);
});

test.each(["/graphql", "/graphql?x=1", "/graphql#x", "/%67raphql", "http://127.0.0.1/graphql"])(
  "%s is the endpoint",
  async (url) => {
    const { port } = await open();
    const [answer] = await ask(port, head().replace("/graphql", url) + BODY);
    expect(answer).toContain(DATA);
  },
);

test.each([
  "/graphql/",
  "/graphqlx",
  "/GraphQL",
  "//graphql",
  "/graphql;x",
  "/graphql%zz",
  "/v2/graphql",
  "/%2fgraphql",
])("%s is not", async (url) => {
  const { port } = await open();
  const socket = await connected(port);
  socket.write(head({ connection: "close" }).replace("/graphql", url) + BODY);
  expect(await received(socket, 1)).toMatch(/^HTTP\/1\.1 404 /);
});

test("`localhost` is served under all of its addresses", async () => {
  const app = await TestApp.forTest();
  await app.app.listen({ host: "localhost", port: 0 });
  const answers = (app.app.addresses() as AddressInfo[]).map(async ({ address, port, family }) => {
    const host = family === "IPv6" ? `[${address}]` : address;
    const headers = { "content-type": "application/json" };
    return (await fetch(`http://${host}:${port}/graphql`, { method: "POST", headers, body: BODY })).text();
  });
  expect(answers.length).toBeGreaterThan(0);
  for (const answer of answers) expect(await answer).toBe(DATA);
});

test("a request whose body is still coming when closing begins is answered, and its connection closed", async () => {
  const { app, port } = await open();
  await ask(port, ...Array.from({ length: 4 }, () => head() + BODY));
  const socket = await connected(port);
  socket.write(head() + BODY.slice(0, 10));
  await sleep(50);
  const closing = app.app.close();
  await sleep(50);
  socket.write(BODY.slice(10));
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk);
  const answer = String(Buffer.concat(chunks));
  expect(answer).toContain(DATA);
  expect(answer).toMatch(/^connection: close\r$/im);
  await closing;
});

test("an origin gets its own headers, whoever else has asked the same", async () => {
  const { port } = await open();
  const origins = ["https://app.example", "https://elsewhere.example", undefined];
  for (let times = 0; times < 4; times++)
    for (const origin of origins) {
      const [answer = ""] = await ask(port, head(origin ? { origin } : {}) + BODY);
      const allowed = /^access-control-allow-origin: (.*)$/im.exec(answer)?.[1];
      expect(allowed).toBe(origin === "https://app.example" ? origin : undefined);
    }
});

test("a body may come in pieces, in chunks, or with others on one connection", async () => {
  const { port } = await open();
  await ask(port, ...Array.from({ length: 4 }, () => head() + BODY));
  const socket = await connected(port);
  for (const piece of [head(), ...(BODY.match(/.{1,9}/g) ?? [])]) {
    socket.write(piece);
    await sleep(1);
  }
  expect(await received(socket, 1)).toContain(DATA);
  socket.write(`${head()}${BODY}${head()}${BODY}${head()}${BODY}`);
  expect((await received(socket, 3)).match(/HTTP\/1\.1 200 OK/g)).toHaveLength(3);
  const expecting = await connected(port);
  expecting.write(head({ expect: "100-continue" }));
  await once(expecting, "data");
  expecting.write(BODY);
  expect(await received(expecting, 1)).toContain(DATA);
  const chunked = await connected(port);
  const lines = head({ "transfer-encoding": "chunked" }).replace(/content-length.*\r\n/, "");
  chunked.write(`${lines}${BODY.length.toString(16)}\r\n${BODY}\r\n0\r\n\r\n`);
  expect(await received(chunked, 1)).toContain(DATA);
});

test("a request that is not in order is refused, whatever was cached before", async () => {
  const { port } = await open();
  await ask(port, ...Array.from({ length: 4 }, () => head() + BODY));
  const refused = async (request: string, status: number) => {
    const socket = await connected(port);
    socket.end(request);
    const chunks: Buffer[] = [];
    for await (const chunk of socket) chunks.push(chunk);
    expect(String(Buffer.concat(chunks))).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  };
  const close = { connection: "close" };
  await refused(head({ ...close, host: "evil.example" }) + BODY, 421);
  await refused(head({ ...close, "content-encoding": "gzip" }) + BODY, 415);
  await refused(head({ ...close, "content-type": "application/json; charset=utf-16" }) + BODY, 415);
  await refused(head({ ...close, "content-type": "text/plain" }) + BODY, 400);
  await refused(
    head({ ...close, "Content-Type": "application/json", "content-type": "application/json" }) + BODY,
    400,
  );
  await refused(`${head(close).replace("\r\n\r\n", "\r\nHost: 127.0.0.1\r\n\r\n")}${BODY}`, 400);
  await refused(head({ ...close, "x-long": "x".repeat(17 * 1024) }) + BODY, 431);
  await refused(`${head(close, "{")}{`, 400);
  await refused(`${head(close, "\xff\xff")}\xff\xff`, 400);
  const large = JSON.stringify({ query: QUERY + " ".repeat(40_000) });
  await refused(head(close, large) + large, 200);
});

test("each request is in the log and in the metrics once, with the same members", async () => {
  const { app, port } = await open();
  const lines = () => app.log.map((line) => JSON.parse(line)).filter(({ msg }) => msg === "request");
  await ask(port, ...Array.from({ length: 4 }, (_, i) => head({ "x-request-id": `r${i}` }) + BODY));
  expect(lines().map(({ requestId }) => requestId)).toEqual(["r0", "r1", "r2", "r3"]);
  const [first, , , last] = lines();
  expect(Object.keys(last)).toEqual(Object.keys(first));
  expect(last).toMatchObject({ method: "POST", path: "/graphql", status: 200 });
  // A client that goes away before the end of its body is in the log, too.
  const socket = await connected(port);
  socket.write(head({ "x-request-id": "gone" }) + BODY.slice(0, 20));
  await sleep(20);
  socket.destroy();
  await expect.poll(() => lines().at(-1)).toMatchObject({ requestId: "gone", status: 400 });
  const { body } = await app.app.inject({ url: "/metrics", headers: { host: "127.0.0.1" } });
  expect(body).toContain(
    'strata_http_request_duration_seconds_count{method="POST",route="/graphql",status="200"} 4',
  );
});
