import { METHODS, request } from "node:http";
import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ANSWER_SCHEMAS } from "../../src/rest/openapi/schemas.js";
import { cases, SEED } from "../cases.js";
import { documentsAndInput } from "../domain/json-arbitrary.js";
import { OPEN_SCHEMAS } from "../service/services.js";
import { schemaFolder } from "../temporary-folder.js";
import { openRestApp, type RestApp } from "./rest-app.js";

const RUNS = cases(10_000);
const SOCKET_RUNS = cases(200);

const SCHEMAS = {
  ...OPEN_SCHEMAS,
  "account_config.typed": {
    type: "object",
    properties: {
      a: { type: "integer", minimum: 5 },
      b: { type: "object", properties: { c: { enum: ["x", 1] } } },
      c: { anyOf: [{ type: "string" }, { type: "array", items: { type: "integer" } }] },
    },
  },
  "system_config.typed": { type: "object", properties: { "10": {} } },
};

/** Far-off choices are rare: most requests should reach what lies behind the first checks. */
const often = <T>(usual: fc.Arbitrary<T>, ...rare: fc.Arbitrary<T>[]): fc.Arbitrary<T> =>
  fc.oneof({ arbitrary: usual, weight: 6 * rare.length }, ...rare);

const ODD_SEGMENTS = [
  "",
  ".",
  "..",
  "system",
  "%2e",
  "%2F",
  "%00",
  "%0d%0a",
  "%25",
  "%2561",
  "__proto__",
  "a b",
];
const text = fc.string({ unit: "binary", maxLength: 12 });
const segment = (...known: string[]) =>
  often(
    fc.constantFrom(...known),
    fc.constantFrom(...ODD_SEGMENTS),
    text.map((odd) => encodeURIComponent(odd.toWellFormed())),
    fc.integer({ min: 60, max: 4_000 }).map((length) => "x".repeat(length)),
  );
const account = segment("leaf", "reseller", "root", "nobody");
const config = segment("open", "typed", "default", "nothing");
const path = often(
  fc.tuple(account, config).map(([a, c]) => `/v2/accounts/${a}/configs/${c}`),
  account.map((a) => `/v2/accounts/${a}/configs`),
  fc
    .array(segment("v2", "accounts", "configs", "leaf"), { maxLength: 6 })
    .map((parts) => `/v2/${parts.join("/")}`),
  fc.constantFrom("/v2", "/v2/", "/v2/openapi.json", "/v2//accounts//leaf"),
);
const query = often(
  fc.constant(""),
  fc.constantFrom(
    "?provenance=true",
    "?provenance=",
    "?provenance=true&provenance=true",
    "?__proto__=1",
    "?%zz",
    "?",
  ),
  text.map((odd) => `?provenance=${encodeURIComponent(odd.toWellFormed())}`),
);

const headerText = fc.string({ maxLength: 20 });
const headers = fc.record(
  {
    "content-type": often(
      fc.constantFrom(
        "application/json",
        "application/x-www-form-urlencoded",
        "application/json; charset=utf-8",
      ),
      fc.constantFrom(
        "text/plain",
        "multipart/form-data",
        "application/json; charset=utf-16",
        "application/xml",
        "",
      ),
      headerText,
    ),
    "if-match": fc.oneof(fc.constantFrom("*", '"x"', 'W/"x"', '"'), headerText),
    "if-none-match": fc.oneof(fc.constantFrom("*", '"x"', '"x", "y"'), headerText),
    origin: fc.constantFrom("https://app.example", "https://evil.example", "null", ""),
    "sec-fetch-site": fc.constantFrom("same-origin", "same-site", "cross-site", "none"),
    "x-auth-token": headerText,
    authorization: fc.constantFrom("Bearer x", "Basic x", "Bearer", "bearer  y z"),
    "x-request-id": headerText,
    "x-http-method-override": fc.constantFrom("PUT", "DELETE"),
  },
  { requiredKeys: [] },
);
/** Each header is mostly absent, or nothing would get far. */
const fewHeaders = fc.tuple(headers, fc.nat(511), fc.nat(511), fc.nat(511)).map(([all, one, two, three]) => {
  const kept = Object.entries(all).filter(
    ([name], index) => name === "content-type" || (one & two & three & (1 << index)) !== 0,
  );
  return Object.fromEntries(kept) as Record<string, string>;
});

const ODD_BODIES = [
  "",
  "{",
  "null",
  '{"data":1e400}',
  '{"data":{"a":1e400}}',
  '{"data":{"a":9007199254740993}}',
  '{"data":{"a":"\\ud800"}}',
  '{"data":{"\\udfff":1}}',
  '{"data":{"a":"\\u0000"}}',
  '{"data":{"__proto__":{"polluted":1}}}',
  '{"__proto__":{"data":{"a":6}},"constructor":1}',
  '{"data":{"b":{"constructor":{"prototype":{"polluted":1}}}}}',
  '{"data":{"toString":1,"hasOwnProperty":2}}',
  `{"data":{"a":${'{"a":'.repeat(64)}1${"}".repeat(64)}}}`,
  `{"data":${'{"a":'.repeat(4_000)}1${"}".repeat(4_000)}}`,
  `{"data":{"c":${"[".repeat(4_000)}${"]".repeat(4_000)}}}`,
  `{"data":{"${"k".repeat(10_000)}":1}}`,
  '{"data":{"_id":"x","pvt_type":1,"_rev":"2"}}',
];
const values = documentsAndInput(0).map(({ input }) => input);
const json = often(
  values.map((data) => JSON.stringify({ data })),
  fc
    .record({
      a: fc.oneof(fc.integer(), text),
      b: fc.jsonValue({ maxDepth: 2 }),
      c: fc.jsonValue({ maxDepth: 2 }),
    })
    .map((data) => JSON.stringify({ data })),
  fc.json({ maxDepth: 2 }),
  fc.json({ maxDepth: 2 }).map((data) => `{"data":${data}}`),
  fc.constantFrom(...ODD_BODIES),
);
const mutated = fc
  .tuple(json, fc.nat(), fc.string({ unit: "binary", maxLength: 2 }))
  .map(([given, at, odd]) => {
    const cut = at % (given.length + 1);
    return given.slice(0, cut) + odd + given.slice(cut + (at % 3));
  });
const body = often(
  json.map((given) => Buffer.from(given)),
  mutated.map((given) => Buffer.from(given)),
  fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
);

const method = often(
  fc.constantFrom("GET", "PUT", "POST", "PATCH", "DELETE", "HEAD", "OPTIONS"),
  fc.constantFrom(...METHODS.filter((name) => name !== "CONNECT")),
);
const fuzzed = fc.record({
  method,
  path,
  query,
  headers: fewHeaders,
  body: fc.option(body, { nil: undefined }),
});

interface Answered {
  readonly status: number;
  readonly headers: NodeJS.Dict<number | string | string[]>;
  readonly payload: string;
}

const ajv = new Ajv2020();
const isSuccess = ajv.compile(ANSWER_SCHEMAS.Config);
const isOpenapi = ajv.compile(ANSWER_SCHEMAS.Document);
const isError = ajv.compile(ANSWER_SCHEMAS.Error);

/** What is wrong with an answer: the envelope is on everything that has a body; the OpenAPI document alone is itself. */
function faultOf(method: string, path: string, { status, headers, payload }: Answered): string | undefined {
  const id = headers["x-request-id"];
  if (status >= 500) return "a 5xx";
  if (typeof id !== "string" || !/^[A-Za-z0-9_.:-]+$/.test(id)) return "no request id";
  if (status === 204 || status === 304 || method === "HEAD") return payload === "" ? undefined : "a body";
  if (headers["content-type"] !== "application/json; charset=utf-8") return "no JSON";
  const answer: unknown = JSON.parse(payload);
  if (status < 300 && path === "/v2/openapi.json") return isOpenapi(answer) ? undefined : "no document";
  const { request_id, error } = answer as { request_id?: unknown; error?: unknown };
  if (!(status < 300 ? isSuccess : isError)(answer)) return "no envelope";
  if (request_id !== id) return "another request id";
  return status < 300 || error === String(status) ? undefined : "another status";
}

function expectSound(method: string, path: string, answered: Answered): void {
  const fault = faultOf(method, path, answered);
  if (fault !== undefined)
    throw new Error(`${fault}: ${answered.status} ${answered.payload.slice(0, 2_000)}`);
}

describe("whatever is sent", () => {
  test(`${RUNS} requests: never a 5xx, never an answer without the envelope, nothing stored by a refused one`, async () => {
    console.log(`fuzz: ${RUNS} requests, LAW_SEED=${SEED}`);
    const rest = await openRestApp(schemaFolder(SCHEMAS));
    const seen = new Map<number, number>();
    await fc.assert(
      fc.asyncProperty(fuzzed, async (given) => {
        const { method, headers, body } = given;
        // What stands between a client and a server takes dots away; so does this.
        const path = new URL(given.path, "http://localhost").pathname;
        fc.pre(/^\/v2($|\/)/.test(path));
        const before = rest.commits();
        const response = await rest.app.inject({
          method: method as "GET",
          url: path + given.query,
          headers,
          ...(body && { payload: body }),
        });
        const status = response.statusCode;
        seen.set(status, (seen.get(status) ?? 0) + 1);
        expectSound(method, path, { status, headers: response.headers, payload: response.payload });
        const mayStore = status < 300 && /^(PUT|POST|PATCH|DELETE)$/.test(method);
        if (!mayStore && rest.commits() !== before) throw new Error(`stored by a ${status}`);
      }),
      { numRuns: RUNS, seed: SEED },
    );
    console.log(`fuzz: statuses ${JSON.stringify(Object.fromEntries([...seen].sort(([a], [b]) => a - b)))}`);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    for (const status of [200, 201, 204, 400, 403, 404, 405, 412, 415])
      expect(seen.get(status)).toBeGreaterThan(RUNS / 5_000);
    // One request in a thousand: of a few thousand there may be none.
    if (RUNS >= 10_000) expect(seen.get(304)).toBeGreaterThan(0);
    expect(rest.commits()).toBeGreaterThan(RUNS / 1_000);
  }, 3_600_000);

  test(`${SOCKET_RUNS} paths as raw as a socket takes them, malformed percent-encoding and all`, async () => {
    const rest = await openRestApp(schemaFolder(SCHEMAS));
    const send = await listen(rest);
    const before = rest.commits();
    const seen = new Set<number>();
    const raw = fc.oneof(
      fc.constantFrom("%", "%2", "%zz", "%ff", "%C3%28", "%E0%A4%A", "%u0041", "a%", "%%", "..", "."),
      fc.string({ maxLength: 8 }).map((odd) => odd.replace(/[^\x21-\x7e]/g, "%")),
    );
    await fc.assert(
      fc.asyncProperty(
        raw,
        raw,
        fc.constantFrom("GET", "PUT", "DELETE", "OPTIONS"),
        async (one, other, method) => {
          const path = `/v2/accounts/${one}/configs/${other}`;
          const answer = await send(method, path);
          seen.add(answer.status);
          expectSound(method, path, answer);
          expect(answer.status).toBeGreaterThanOrEqual(method === "OPTIONS" ? 204 : 400);
        },
      ),
      { numRuns: SOCKET_RUNS, seed: SEED },
    );
    expect(rest.commits()).toBe(before);
    expect([...seen]).toEqual(expect.arrayContaining([204, 400, 404]));
    const malformed = await send("GET", "/v2/accounts/%zz/configs/open");
    expect([malformed.status, JSON.parse(malformed.payload).status]).toEqual([400, "error"]);
  }, 3_600_000);
});

async function listen({ app }: RestApp): Promise<(method: string, path: string) => Promise<Answered>> {
  const { hostname: host, port } = new URL(await app.listen({ host: "127.0.0.1", port: 0 }));
  return (method, path) =>
    new Promise((resolve, reject) => {
      const sent = request({ host, port, method, path }, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("end", () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            payload: Buffer.concat(chunks).toString(),
          }),
        );
      });
      sent.on("error", reject).end();
    });
}
