import { brotliDecompressSync, gunzipSync } from "node:zlib";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { contentCoding } from "../../src/http/content-coding.js";
import { cases, SEED } from "../cases.js";
import { TestApp } from "../graphql/test-app.js";

const OPEN = { type: "object", additionalProperties: true };
const LONG = { text: "Long enough to be compressed. ".repeat(100) };

let app: TestApp;
beforeAll(async () => {
  app = await TestApp.open({ "account_config.long": OPEN, "account_config.short": OPEN });
  await rest("PUT", "long", {}, LONG);
});
afterAll(() => app.close());

type Sent = Awaited<ReturnType<typeof rest>>;

async function send(method: string, url: string, headers: Record<string, string>, payload?: unknown) {
  const {
    statusCode: status,
    headers: got,
    rawPayload,
  } = await app.app.inject({
    method: method as "GET",
    url,
    headers: { host: "127.0.0.1", ...headers },
    ...(payload !== undefined && { payload: payload as object }),
  });
  return { status, headers: got, bytes: rawPayload };
}

const rest = (method: string, config: string, headers: Record<string, string> = {}, data?: unknown) =>
  send(method, `/v2/accounts/acme/configs/${config}`, headers, data === undefined ? undefined : { data });
const graphql = (config: string, headers: Record<string, string> = {}, more = "") =>
  send("POST", "/graphql", headers, {
    query: `{ config(accountId: "acme", configId: "${config}") { id values } } ${more}`,
  });
const page = (headers: Record<string, string> = {}) => send("GET", "/", { accept: "text/html", ...headers });

function textOf({ bytes, headers }: Pick<Sent, "bytes" | "headers">): string {
  const coding = headers["content-encoding"];
  if (coding === "gzip") return gunzipSync(bytes).toString();
  if (coding === "br") return brotliDecompressSync(bytes).toString();
  expect(coding).toBeUndefined();
  return bytes.toString();
}

const FACES: readonly [string, (headers?: Record<string, string>) => Promise<Sent>][] = [
  ["REST", (headers) => rest("GET", "long", headers)],
  ["GraphQL", (headers) => graphql("long", headers)],
  ["the page", page],
  ["the page at /graphql", (headers) => send("GET", "/graphql", { accept: "text/html", ...headers })],
  ["metrics", (headers) => send("GET", "/metrics", { ...headers })],
];

describe.each(FACES)("an answer of %s", (name, ask) => {
  test.each([
    ["gzip", "gzip"],
    ["br", "br"],
    ["gzip, deflate, br, zstd", "br"],
    ["gzip;q=1, br;q=0.5", "gzip"],
    ["*", "br"],
    ["br;q=0, *", "gzip"],
    ["GZIP", "gzip"],
    ["identity;q=0, gzip;q=0.1", "gzip"],
    ["deflate, identity", undefined],
    ["gzip;q=0.5, identity", undefined],
    ["", undefined],
    [undefined, undefined],
  ])("to Accept-Encoding %j has the coding %s", async (accepted, coding) => {
    const plain = await ask();
    const answer = await ask(accepted === undefined ? {} : { "accept-encoding": accepted });
    expect([answer.status, answer.headers["content-encoding"]]).toEqual([200, coding]);
    expect(answer.headers["content-length"]).toBe(String(answer.bytes.length));
    expect(answer.headers.vary).toMatch(/(^|, )Accept-Encoding(,|$)/);
    if (name !== "metrics" && name !== "REST") expect(textOf(answer)).toBe(textOf(plain));
    else expect(textOf(answer).slice(0, 40)).toBe(textOf(plain).slice(0, 40));
    if (coding !== undefined) expect(answer.bytes.length).toBeLessThan(plain.bytes.length);
  });

  test("is 406, and nothing is done, where no coding there is is accepted", async () => {
    for (const accepted of ["identity;q=0", "*;q=0", "deflate, identity;q=0"])
      expect((await ask({ "accept-encoding": accepted })).status).toBe(406);
  });

  test("has the same headers compressed or not, but for what says so", async () => {
    const headersOf = async (headers: Record<string, string>) => {
      const { headers: got } = await ask({ origin: "https://app.example", "x-request-id": "r", ...headers });
      const { date: _, etag: _tag, "content-length": _length, "content-encoding": _coding, ...same } = got;
      return same;
    };
    expect(await headersOf({ "accept-encoding": "br" })).toEqual(await headersOf({}));
  });
});

test("small answers are sent as they are, unless that is not accepted", async () => {
  for (const ask of [graphql, (config: string, headers = {}) => rest("GET", config, headers)]) {
    expect((await ask("short", { "accept-encoding": "gzip, br" })).headers).not.toHaveProperty(
      "content-encoding",
    );
    const answer = await ask("short", { "accept-encoding": "gzip, identity;q=0" });
    expect(answer.headers["content-encoding"]).toBe("gzip");
    expect(textOf(answer)).toContain("short");
  }
});

test("a cached answer is the same bytes, compressed or not, however often it is asked for", async () => {
  const seen = new Map<string, Set<string>>();
  for (let i = 0; i < 8; i++)
    for (const coding of ["br", "gzip", "identity"]) {
      const { bytes } = await graphql("long", { "accept-encoding": coding }, "# cached");
      seen.set(coding, (seen.get(coding) ?? new Set()).add(bytes.toString("base64")));
    }
  expect([...seen.values()].map(({ size }) => size)).toEqual([1, 1, 1]);
});

test("errors are compressed as well", async () => {
  const query = `{ ${Array.from({ length: 9 }, (_, i) => `nothing_of_the_kind_is_here_at_all_${i}`.repeat(3)).join(" ")} }`;
  const { status, headers } = await send("POST", "/graphql", { "accept-encoding": "gzip" }, { query });
  expect([status, headers["content-encoding"]]).toEqual([400, "gzip"]);
});

describe("entity tags", () => {
  const tagOf = ({ headers }: Sent) => String(headers.etag);

  test("differ for each coding, and each is known again as the same state", async () => {
    const tags = await Promise.all(
      ["identity", "gzip", "br"].map(async (coding) =>
        tagOf(await rest("GET", "long", { "accept-encoding": coding })),
      ),
    );
    expect(new Set(tags).size).toBe(3);
    for (const tag of tags)
      for (const coding of ["identity", "gzip", "br"]) {
        const answer = await rest("GET", "long", {
          "accept-encoding": coding,
          "if-none-match": `"other", ${tag}`,
        });
        expect([answer.status, answer.bytes.length, tagOf(answer)]).toEqual([304, 0, tag]);
        expect(answer.headers).not.toHaveProperty("content-encoding");
        expect(answer.headers.vary).toMatch(/Accept-Encoding/);
      }
  });

  test("of compressed answers let a write happen on the state that was seen, and on no other", async () => {
    const seen = tagOf(await rest("GET", "long", { "accept-encoding": "br" }));
    expect((await rest("PATCH", "long", { "if-match": seen }, { a: 1 })).status).toBe(200);
    expect((await rest("PATCH", "long", { "if-match": seen }, { a: 2 })).status).toBe(412);
    const written = await rest("PATCH", "long", { "accept-encoding": "gzip" }, { a: 3 });
    expect(written.headers["content-encoding"]).toBe("gzip");
    expect((await rest("PATCH", "long", { "if-match": `W/${tagOf(written)}` }, { a: 4 })).status).toBe(412);
    expect((await rest("PATCH", "long", { "if-match": tagOf(written) }, { a: 4 })).status).toBe(200);
  });

  test("of a small answer are the same whatever is accepted", async () => {
    const plain = tagOf(await rest("GET", "short"));
    expect(tagOf(await rest("GET", "short", { "accept-encoding": "gzip" }))).toBe(plain);
  });
});

test("HEAD has the headers of GET, and no body", async () => {
  for (const accepted of ["gzip", "br", "identity"]) {
    const headers = { "accept-encoding": accepted };
    const [got, head] = [await rest("GET", "long", headers), await rest("HEAD", "long", headers)];
    expect(head.bytes).toHaveLength(0);
    for (const name of ["content-encoding", "etag", "vary", "content-type"])
      expect([name, head.headers[name]]).toEqual([name, got.headers[name]]);
    expect(Number(head.headers["content-length"])).toBeGreaterThan(100);
  }
});

test("a compressed request is refused, and told that none are taken", async () => {
  for (const [method, url] of [
    ["POST", "/graphql"],
    ["PATCH", "/v2/accounts/acme/configs/long"],
  ] as const) {
    const { status, headers } = await send(
      method,
      url,
      { "content-type": "application/json", "content-encoding": "gzip" },
      {},
    );
    expect([status, headers["accept-encoding"]]).toEqual([415, "identity"]);
  }
});

test("the coding chosen is one that is accepted, and none that is liked less than another", () => {
  const NAMES = ["br", "gzip", "identity", "deflate", "*"] as const;
  const entry = fc.record({ name: fc.constantFrom(...NAMES), q: fc.constantFrom(0, 0.1, 0.5, 1) });
  fc.assert(
    fc.property(fc.uniqueArray(entry, { selector: ({ name }) => name, maxLength: 5 }), (entries) => {
      const header = entries.map(({ name, q }) => `${name};q=${q}`).join(", ");
      const liked = (name: string): number => {
        const find = (wanted: string) => entries.find((each) => each.name === wanted)?.q;
        return find(name) ?? find("*") ?? (name === "identity" ? 0.001 : 0);
      };
      const chosen = contentCoding(header, 10_000);
      const best = Math.max(...["br", "gzip", "identity"].map(liked));
      if (best === 0) expect(chosen).toBeUndefined();
      else expect([header, liked(chosen ?? "none")]).toEqual([header, best]);
      const small = contentCoding(header, 10);
      if (liked("identity") > 0) expect(small).toBe("identity");
      else expect(small).toBe(chosen);
    }),
    { numRuns: cases(500), seed: SEED },
  );
});
