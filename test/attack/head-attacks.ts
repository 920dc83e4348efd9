import assert from "node:assert/strict";
import { type Attack, asking, type Expected } from "./attack.js";
import type { AttackedServer } from "./attacked-server.js";
import { asAcme } from "./credentials.js";
import type { Answer } from "./exchange.js";

const HOST = "Host: strata.example\r\n";
const END = "Connection: close\r\n\r\n";
const TOO_LARGE = { status: 431, code: "BAD_USER_INPUT", limit: "headers" };
const BAD = { status: 400, code: "BAD_USER_INPUT" };
const LIVE = "/health/live";

const raw = (name: string, text: string, expected: Expected): Attack => ({
  name,
  send: (server) => server.send([Buffer.from(text, "latin1")], true),
  expected,
});
const live = (headers: string): string => `GET ${LIVE} HTTP/1.1\r\n${HOST}${headers}${END}`;
const header = (name: string, line: string, expected: Expected): Attack => raw(name, live(line), expected);

/** How many answers came over one connection. */
const answersIn = ({ raw }: Answer): number => raw.split("HTTP/1.1 ").length - 1;
const one = (answer: Answer): void => assert.equal(answersIn(answer), 1, answer.raw);

const SIZES: readonly Attack[] = [
  header("a header of 16 KiB", `X: ${"x".repeat(16 * 1024)}\r\n`, TOO_LARGE),
  header("a header of 15 KiB", `X: ${"x".repeat(15 * 1024)}\r\n`, { status: 200 }),
  header("a header name of 17 KiB", `${"x".repeat(17 * 1024)}: x\r\n`, TOO_LARGE),
  header("2,000 headers of a few bytes", "a:1\r\n".repeat(2_000), TOO_LARGE),
  header("20,000 headers of a few bytes", "a:1\r\n".repeat(20_000), TOO_LARGE),
  header("101 headers", "a:1\r\n".repeat(99), TOO_LARGE),
  header("100 headers", "a:1\r\n".repeat(98), { status: 200 }),
  raw("a path of 17 KiB", `GET /${"x".repeat(17 * 1024)} HTTP/1.1\r\n${HOST}${END}`, TOO_LARGE),
  raw(
    "200 headers, REST",
    `GET /v2/accounts/acme/configs HTTP/1.1\r\n${HOST}${"a:1\r\n".repeat(200)}${END}`,
    { status: 431, limit: "headers", code: "REST 431" },
  ),
  raw("2,000 cookies in one", live(`Cookie: ${"a=b; ".repeat(3_300)}\r\n`), TOO_LARGE),
];

const FRAMING: readonly Attack[] = [
  raw("no HTTP", "\u0000\u0001\u0002\r\n\r\n", BAD),
  raw("a TLS hello", "\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001", BAD),
  raw("HTTP/2 without asking", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", BAD),
  raw("HTTP/3.0", `GET / HTTP/3.0\r\n${HOST}${END}`, BAD),
  raw("a method that nobody knows", `HACK / HTTP/1.1\r\n${HOST}${END}`, BAD),
  raw("a method in small letters", `get / HTTP/1.1\r\n${HOST}${END}`, BAD),
  header("a blank before the colon", "X : 1\r\n", BAD),
  header("a folded header", "X: 1\r\n 2\r\n", BAD),
  header("NUL in a header", "X: a\u0000b\r\n", BAD),
  header("a line end within a header", "X: a\rb\r\n", BAD),
  raw("line ends without returns", `GET ${LIVE} HTTP/1.1\nHost: a\nConnection: close\n\n`, BAD),
  header("two lengths", "Content-Length: 1\r\nContent-Length: 2\r\n", BAD),
  header("a length beside chunks", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", BAD),
  header("a length that is none", "Content-Length: -1\r\n", BAD),
  header("a length in hexadecimal", "Content-Length: 0x10\r\n", BAD),
  header("a length of 30 digits", `Content-Length: ${"9".repeat(30)}\r\n`, BAD),
  header("chunks that are not last", "Transfer-Encoding: chunked, gzip\r\n", BAD),
  raw(
    "a chunk without a size",
    `POST /graphql HTTP/1.1\r\n${HOST}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n`,
    BAD,
  ),
  raw(
    "a chunk's extensions of 20 KiB",
    `POST /graphql HTTP/1.1\r\n${HOST}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n1;${"x".repeat(20_000)}\r\na\r\n0\r\n\r\n`,
    BAD,
  ),
  raw(
    "a request in a request's body",
    `GET ${LIVE} HTTP/1.1\r\n${HOST}Content-Length: 42\r\n${END}GET /metrics HTTP/1.1\r\nHost: a.example\r\n\r\n`,
    { status: 200, also: one },
  ),
  raw("an expectation that is none", live("Expect: the-unexpected\r\n"), { status: 417 }),
  header("an upgrade that nobody offers", "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n", {
    status: 200,
    also: one,
  }),
  {
    name: "100 requests at once over one connection",
    send: (server) => server.send([`GET ${LIVE} HTTP/1.1\r\n${HOST}\r\n`.repeat(99) + live("")], true),
    expected: { status: 200, also: (answer) => assert.equal(answersIn(answer), 100) },
  },
];

const RAW: readonly Attack[] = ["\u001b[31m", "\u009b31m", "\u0080\u00ff", "\u007f"].flatMap((text) => [
  raw(`the raw path /${JSON.stringify(text)}`, `GET /${text} HTTP/1.1\r\n${HOST}${END}`, BAD),
  raw(`the raw method ${JSON.stringify(text)}`, `GET${text} / HTTP/1.1\r\n${HOST}${END}`, BAD),
]);

const HOSTS: readonly Attack[] = [
  ...["", "[", "a b", "<script>", "a/b", "%zz", "a:b", "[::1", "a@b:x", "a\\b:99999"].map((host) => ({
    name: `the host ${JSON.stringify(host)}`,
    send: async (server: AttackedServer) => {
      const body = '{"query":"{ __typename }"}';
      return server.ask({
        method: "POST",
        path: "/graphql",
        headers: { ...(await asAcme()), Host: host },
        body,
      });
    },
    expected: BAD,
  })),
  raw("no host", `GET ${LIVE} HTTP/1.1\r\n${END}`, { status: 400 }),
  raw("two hosts", `GET ${LIVE} HTTP/1.1\r\n${HOST}Host: evil.example\r\n${END}`, BAD),
  header("two bearers", "Authorization: Bearer a.b.c\r\nauthorization: Bearer d.e.f\r\n", BAD),
  header("two content types", "Content-Type: application/json\r\nContent-Type: text/plain\r\n", BAD),
  raw("HTTP/1.0 without a host", `GET ${LIVE} HTTP/1.0\r\n\r\n`, BAD),
  raw("an absolute address elsewhere", `GET http://evil.example${LIVE} HTTP/1.1\r\n${HOST}${END}`, {
    status: 200,
    also: one,
  }),
  raw(
    "a page for a host with markup",
    `GET / HTTP/1.1\r\nHost: "><script>alert(1)</script>\r\nAccept: text/html\r\n${END}`,
    BAD,
  ),
];

/** CR, LF and ANSI, as far as HTTP lets them through. */
const NASTY = ["%0d%0aFAKE", "%1b%5b31m", "%c2%9b31m", "%00", "%c0%ae", "%zz", "%e2%80%a8", "\\u001b"];
const LINES: readonly Attack[] = [
  ...NASTY.map((text) =>
    raw(`the path /${JSON.stringify(text)}`, `GET /${text} HTTP/1.1\r\n${HOST}${END}`, {
      status: 404,
      also: one,
    }),
  ),
  ...NASTY.map((text) =>
    raw(
      `the account id ${JSON.stringify(text)}`,
      `GET /v2/accounts/${text}/configs/open HTTP/1.1\r\n${HOST}${END}`,
      { status: 400, also: one },
    ),
  ),
  ...["\u009b31m", "\t", "a b", "x".repeat(500), '"}{"level":60'].map((id) =>
    header(
      `the request id ${JSON.stringify(id.slice(0, 20))}`,
      `X-Request-ID: ${id}\r\nUser-Agent: ${id}\r\nX-Forwarded-For: ${id}\r\n`,
      {
        status: 200,
        also: ({ headers }) => assert.match(headers["x-request-id"] ?? "", /^[0-9a-f-]{36}$/),
      },
    ),
  ),
  ...[
    "/%2e%2e/metrics",
    "//metrics",
    "/metrics/",
    "/metrics%00",
    "/METRICS",
    "/v2/../metrics",
    "/graphql;x",
    "/health/live/../../metrics",
  ].map((path) => ({
    name: `the path ${path}`,
    send: asking({ path }),
    expected: { status: 404 },
  })),
];

export const HEAD_ATTACKS: readonly Attack[] = [...SIZES, ...FRAMING, ...RAW, ...HOSTS, ...LINES];
