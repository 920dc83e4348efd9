import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { type Attack, asking, bodyOf, bothFaces, graphql, query, rest } from "./attack.js";
import type { AttackedServer } from "./attacked-server.js";
import { CANARIES } from "./canaries.js";
import { asAcme } from "./credentials.js";
import { message } from "./exchange.js";

const MIB = 2 ** 20;
const QUERY = "{ __typename }";
const JSON_QUERY = JSON.stringify({ query: QUERY });
const PATCH = '{"data":{"note":"x"}}';
const WRITE = `mutation { resetConfig(input: { accountId: "acme", configId: "strict" }) { __typename } }`;
const BOM = Buffer.from([0xef, 0xbb, 0xbf]);

const typed = (type: string) => ({ "Content-Type": type });
const bad = (status: number, code = "BAD_USER_INPUT") => ({ status, code });
const either = (name: string, headers: Record<string, string>, status: number): Attack[] => [
  { name: `${name}, GraphQL`, send: graphql(JSON_QUERY, headers), expected: { status } },
  {
    name: `${name}, REST`,
    send: rest("PATCH", "/accounts/acme/configs/open", PATCH, headers),
    expected: { status },
  },
];

const TYPES: readonly Attack[] = [
  ...either("text/plain", typed("text/plain"), 400),
  ...either("text/plain that says JSON", typed("text/plain; a=application/json"), 400),
  ...either("multipart", typed("multipart/form-data; boundary=x"), 400),
  ...["utf-7", "utf-16", "utf-16le", "iso-8859-1", "x-unknown", '"utf-7"'].flatMap((charset) =>
    either(`charset ${charset}`, typed(`application/json; charset=${charset}`), 415),
  ),
  {
    name: "a form",
    send: graphql(`query=${encodeURIComponent(WRITE)}`, typed("application/x-www-form-urlencoded")),
    expected: { status: 400, code: "BAD_REQUEST" },
  },
  {
    name: "XML, REST",
    send: rest("PATCH", "/accounts/acme/configs/open", "<a/>", typed("application/xml")),
    expected: { status: 415 },
  },
];

/** 64 MiB of blanks in 64 KiB. */
const bomb = gzipSync(Buffer.alloc(64 * MIB, " "));
const CODINGS: readonly Attack[] = ["gzip", "br", "deflate", "gzip, gzip", "GZIP", "x-unknown"].flatMap(
  (coding) =>
    bothFaces(
      `${coding}, a bomb`,
      bomb,
      { "Content-Encoding": coding },
      {
        ...bad(415),
        also: ({ headers }) => assert.equal(headers["accept-encoding"], "identity"),
      },
    ),
);

const BODIES: readonly Attack[] = [
  {
    name: "a byte order mark, GraphQL",
    send: graphql(Buffer.concat([BOM, Buffer.from(JSON_QUERY)])),
    expected: { status: 200 },
  },
  {
    name: "a byte order mark, REST",
    send: rest("PATCH", "/accounts/acme/configs/open", Buffer.concat([BOM, Buffer.from(PATCH)])),
    expected: { status: 200 },
  },
  ...bothFaces("two byte order marks", Buffer.concat([BOM, BOM, Buffer.from("{}")]), {}, bad(400)),
  ...bothFaces("a mark of UTF-16", Buffer.from(`\ufeff${PATCH}`, "utf16le"), {}, bad(400)),
  ...[[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf5, 0x80, 0x80, 0x80], [0xe2, 0x82]].flatMap((bytes) =>
    bothFaces(
      `bytes ${Buffer.from(bytes).toString("hex")}`,
      Buffer.concat([Buffer.from('{"query":"'), Buffer.from(bytes), Buffer.from('"}')]),
      {},
      bad(400),
    ),
  ),
  ...[
    "null",
    "[]",
    "1",
    '"x"',
    "true",
    "{",
    `{"a":"${CANARIES.sent}"`,
    "{}{}",
    "NaN",
    "'x'",
    '{"a":1,}',
  ].flatMap((body) => bothFaces(`the body ${body.slice(0, 12)}`, body, {}, { status: 400 })),
  ...bothFaces("nothing", "", {}, { status: 400 }),
  {
    name: "an array of queries",
    send: graphql(`[${JSON_QUERY},${JSON_QUERY}]`),
    expected: { status: 400, code: "BAD_REQUEST" },
  },
  {
    name: "an array of 10,000 queries",
    send: graphql(`[${Array(10_000).fill(JSON_QUERY).join(",")}]`),
    expected: { status: 400, code: "BAD_REQUEST" },
  },
];

const chunked = (body: Buffer): Buffer =>
  Buffer.concat([Buffer.from(`${body.length.toString(16)}\r\n`), body, Buffer.from("\r\n0\r\n\r\n")]);

function tooLarge(name: string, request: { method: string; path: string }): Attack[] {
  const body = Buffer.concat([Buffer.from(JSON_QUERY), Buffer.alloc(MIB + 1 - JSON_QUERY.length, " ")]);
  const sent = async (framing: Record<string, string>, bytes: Buffer) =>
    Buffer.concat([message({ ...request, headers: { ...(await asAcme()), ...framing } }), bytes]);
  const expected = { status: 413, limit: "body" };
  return [
    {
      name: `a byte over the limit, ${name}`,
      send: async (server) => server.send([await sent({ "Content-Length": String(body.length) }, body)]),
      expected,
    },
    {
      name: `a byte over the limit in one chunk, ${name}`,
      send: async (server) => server.send([await sent({ "Transfer-Encoding": "chunked" }, chunked(body))]),
      expected,
    },
    {
      name: `a length of a terabyte, ${name}`,
      send: async (server) =>
        server.send([await sent({ "Content-Length": "1000000000000" }, Buffer.from("{"))]),
      expected,
    },
  ];
}

const SIZES: readonly Attack[] = [
  ...tooLarge("GraphQL", { method: "POST", path: "/graphql" }),
  ...tooLarge("REST", { method: "PUT", path: "/v2/accounts/acme/configs/open" }),
  {
    name: "no length and no chunks",
    send: asking({ method: "POST", path: "/graphql" }),
    expected: { status: 400 },
  },
];

const REACH: readonly Attack[] = [
  {
    name: "a mutation by GET",
    send: asking({
      path: `/graphql?query=${encodeURIComponent(WRITE)}`,
      headers: { "Apollo-Require-Preflight": "1" },
    }),
    expected: { status: 405, also: ({ headers }) => assert.equal(headers.allow, "POST") },
  },
  {
    name: "a mutation by a link",
    send: (server) => server.ask({ path: `/graphql?query=${encodeURIComponent(WRITE)}` }),
    expected: { status: 400, code: "BAD_REQUEST" },
  },
  {
    name: "a query by a link",
    send: (server) => server.ask({ path: `/graphql?query=${encodeURIComponent(QUERY)}` }),
    expected: { status: 400, code: "BAD_REQUEST" },
  },
  {
    name: "a query by a link, to a browser that remembers a password and a cookie",
    send: (server) =>
      server.ask({
        path: `/graphql?query=${encodeURIComponent(QUERY)}`,
        headers: { Authorization: "Basic YTpi", Cookie: "token=x" },
      }),
    expected: { status: 400, code: "BAD_REQUEST" },
  },
  {
    name: "a mutation by GET, with a token",
    send: async (server) => {
      const { "Content-Type": _, ...headers } = await asAcme();
      return server.ask({ path: `/graphql?query=${encodeURIComponent(WRITE)}`, headers });
    },
    expected: { status: 405 },
  },
  {
    name: "a query given twice",
    send: asking({ path: "/graphql?query=%7Ba%7D&query=%7Bb%7D" }),
    expected: { status: 400, code: "BAD_REQUEST" },
  },
  {
    name: "a mutation by HEAD",
    send: asking({ method: "HEAD", path: `/graphql?query=${encodeURIComponent(WRITE)}` }),
    expected: { status: 405 },
  },
  ...["PUT", "DELETE", "PATCH", "TRACE", "PROPFIND"].map((method) => ({
    name: `${method} /graphql`,
    send: (server: AttackedServer) => server.ask({ method, path: "/graphql" }),
    expected: { status: 405 },
  })),
  {
    name: "PUT on the metrics",
    send: (server) => server.ask({ method: "PUT", path: "/metrics" }),
    expected: { status: 404 },
  },
  {
    name: "what was attacked is as it was",
    send: query('{ config(accountId: "acme", configId: "strict") { values } }'),
    expected: {
      status: 200,
      also: (answer) => assert.deepEqual(bodyOf(answer).data, { config: { values: { n: 1 } } }),
    },
  },
];

export const TRANSPORT_ATTACKS: readonly Attack[] = [...TYPES, ...CODINGS, ...BODIES, ...SIZES, ...REACH];
