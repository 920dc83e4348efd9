import { once } from "node:events";
import { connect } from "node:net";
import { SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { SECRET, TOKEN_ACCESS } from "../../http/token-access.js";
import { TestApp } from "../test-app.js";

let open: TestApp;
let guarded: TestApp;
beforeAll(async () => {
  open = await TestApp.open();
  guarded = await TestApp.open(undefined, { access: TOKEN_ACCESS, rateLimit: 1_000 });
});
afterAll(() => Promise.all([open.close(), guarded.close()]));

const QUERY = JSON.stringify({ query: "{ viewer { subject } }" });
const RESPONSE_JSON = "application/graphql-response+json";
/** What clients send, and what they are to be answered in. */
const ACCEPTED: readonly (readonly [accept: string | undefined, type: string])[] = [
  [undefined, "application/json"],
  ["*/*", "application/json"],
  ["application/json", "application/json"],
  ["application/json, */*", "application/json"],
  [RESPONSE_JSON, RESPONSE_JSON],
  [`${RESPONSE_JSON}, application/json`, RESPONSE_JSON],
  [`${RESPONSE_JSON},application/json;q=0.9`, RESPONSE_JSON],
  [`application/json;q=0.5, ${RESPONSE_JSON};charset=utf-8`, RESPONSE_JSON],
  [`application/json, ${RESPONSE_JSON};q=0.9`, "application/json"],
  ["text/event-stream", "application/json"],
];

interface Refusal {
  readonly app?: () => TestApp;
  readonly method?: "GET" | "POST" | "DELETE" | "OPTIONS";
  readonly url?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly payload?: string;
  readonly status: number;
}

const REFUSALS: Readonly<Record<string, Refusal>> = {
  "a bad token": { app: () => guarded, headers: { authorization: "Bearer a.b.c" }, status: 401 },
  "two tokens that differ": {
    app: () => guarded,
    headers: { authorization: "Bearer a.b.c", "x-auth-token": "d.e.f" },
    status: 401,
  },
  "no JSON": { payload: "{", status: 400 },
  "no UTF-8": {
    payload: "\u{fe}",
    headers: { "content-type": "application/json; charset=latin1" },
    status: 415,
  },
  "an empty object": { payload: "{}", status: 400 },
  "a batch": { payload: `[${QUERY}]`, status: 400 },
  "a body that is too large": { payload: " ".repeat(2 ** 20 + 1), status: 413 },
  "a length that is too large": { headers: { "content-length": String(2 ** 21) }, status: 413 },
  "a compressed body": { headers: { "content-encoding": "gzip" }, status: 415 },
  "a type that is none": { headers: { "content-type": "x" }, status: 415 },
  "the type of a form": { headers: { "content-type": "text/plain" }, status: 400 },
  "a bare GET": { method: "GET", url: "/graphql?query={__typename}", payload: "", status: 400 },
  "another method": { method: "DELETE", status: 405 },
  "no preflight": { method: "OPTIONS", payload: "", status: 400 },
  "another host": { headers: { host: "evil.example" }, status: 421 },
  "a query that is too deep": {
    payload: JSON.stringify({ query: `{a(b:${"[".repeat(200)}`.padEnd(300, "]") }),
    status: 400,
  },
};

const EVENT_STREAM = "text/event-stream";
/** An `EventSource` sends no header that tells it from a link; and what is wrong with a query is told in the stream. */
const STREAMED = ["a bare GET", "a query that is too deep"];

describe.each(Object.entries(REFUSALS))("%s", (what, refusal) => {
  test.each(ACCEPTED.filter(([accept]) => accept !== EVENT_STREAM || !STREAMED.includes(what)))(
    "is refused to a client that accepts %s as %s",
    async (accept, type) => {
      const {
        app = () => open,
        method = "POST",
        url = "/graphql",
        headers = {},
        payload = QUERY,
        status,
      } = refusal;
      const response = await app().app.inject({
        method,
        url,
        headers: {
          host: "127.0.0.1",
          ...(method === "POST" && { "content-type": "application/json" }),
          ...(accept && { accept }),
          ...headers,
        },
        ...(payload !== "" && { payload }),
      });
      expect([response.statusCode, response.headers["content-type"]]).toEqual([
        status,
        `${type}; charset=utf-8`,
      ]);
      const body = response.json() as {
        data?: unknown;
        errors: { message: string; extensions: { code: string } }[];
      };
      expect(body.errors).toMatchObject([
        { message: expect.any(String), extensions: { code: expect.any(String) } },
      ]);
    },
  );
});

test.each(["PUT", "DELETE", "PATCH", "QUERY"])("%s is told which methods there are", async (method) => {
  const response = await open.app.inject({
    method: method as "PUT",
    url: "/graphql",
    headers: { host: "127.0.0.1" },
  });
  expect([response.statusCode, response.headers.allow]).toEqual([405, "GET, HEAD, POST, OPTIONS"]);
});

test("caches are told that the media type depends on Accept, whatever the answer", async () => {
  const ask = async (headers: Record<string, string>, payload = QUERY) =>
    (await open.client.send(payload, headers)).headers.vary;
  for (const accept of ["application/json", "application/graphql-response+json", "text/html"])
    for (const payload of [QUERY, "{", JSON.stringify({ query: "{ nothing }" })])
      expect(await ask({ accept }, payload)).toMatch(/(^|, )Accept(,|$)/);
});

test("a rate that is passed is told in the type that was asked for", async () => {
  const app = await TestApp.forTest(undefined, { rateLimit: 1 });
  for (const [accept, type] of ACCEPTED) {
    const ask = () => app.client.send(QUERY, accept === undefined ? {} : { accept });
    let { status, headers } = await ask();
    for (let i = 0; i < 5 && status !== 429; i++) ({ status, headers } = await ask());
    expect([status, headers["content-type"]]).toEqual([429, `${type}; charset=utf-8`]);
    expect(headers["retry-after"]).toBe("1");
  }
});

describe("401", () => {
  const challenge = async (headers: Record<string, string>, body = QUERY) => {
    const answer = await guarded.client.send(body, headers);
    return [answer.status, answer.headers["www-authenticate"]];
  };

  test("without a token comes in the type that was asked for, though a resolver found it out", async () => {
    for (const [accept, type] of ACCEPTED) {
      // What is executed is not answered where no type is accepted that there is.
      if (accept === "text/event-stream") continue;
      const { status, headers } = await guarded.client.send(QUERY, accept === undefined ? {} : { accept });
      expect([status, headers["content-type"]]).toEqual([401, `${type}; charset=utf-8`]);
    }
  });

  test("asks for a token, and says that one which came is not valid", async () => {
    expect(await challenge({})).toEqual([401, "Bearer"]);
    expect(await challenge({ "x-auth-token": "" })).toEqual([401, "Bearer"]);
    expect(await challenge({ authorization: "Basic YTpi" })).toEqual([401, "Bearer"]);
    for (const headers of [{ authorization: "Bearer x" }, { "x-auth-token": "x" }])
      expect(await challenge(headers as Record<string, string>)).toEqual([
        401,
        'Bearer error="invalid_token"',
      ]);
    const now = Math.floor(Date.now() / 1_000);
    const expired = await new SignJWT({ sub: "ada", iat: now - 200, exp: now - 100, account_id: "acme" })
      .setProtectedHeader({ alg: "HS256" })
      .sign(new TextEncoder().encode(SECRET));
    expect(await challenge({ authorization: `Bearer ${expired}` })).toEqual([
      401,
      'Bearer error="invalid_token"',
    ]);
  });

  test("says the same in REST", async () => {
    const ask = (headers: Record<string, string>) =>
      guarded.app.inject({
        url: "/v2/accounts/acme/configs/fax",
        headers: { host: "127.0.0.1", ...headers },
      });
    for (const [headers, wanted] of [
      [{}, "Bearer"],
      [{ "x-auth-token": "x" }, 'Bearer error="invalid_token"'],
    ] as const) {
      const response = await ask(headers);
      expect([response.statusCode, response.headers["www-authenticate"]]).toEqual([401, wanted]);
    }
  });

  test("is the only answer that asks for a token", async () => {
    for (const payload of [QUERY, "{", "{}", '{"query":"{ nothing }"}'])
      expect((await open.client.send(payload)).headers).not.toHaveProperty("www-authenticate");
  });
});

test("a body that takes too long is refused in the type that was asked for", async () => {
  const timeOuts = { headers: 200, request: 200, silence: 10_000, keepAlive: 1_000, check: 20 };
  const app = await TestApp.open(undefined, {}, { connections: timeOuts });
  onTestFinished(() => app.close());
  const port = Number(new URL(await app.app.listen({ host: "127.0.0.1", port: 0 })).port);
  const answers = ACCEPTED.map(async ([accept, type]) => {
    const socket = connect(port, "127.0.0.1");
    let answer = "";
    socket.on("data", (part) => {
      answer += part.toString();
    });
    const head = `POST /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 100\r\n`;
    socket.write(`${head}${accept === undefined ? "" : `Accept: ${accept}\r\n`}\r\n{`);
    await once(socket, "close");
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
    expect([accept, /Content-Type: (.*)\r\n/.exec(answer)?.[1]]).toEqual([accept, `${type}; charset=utf-8`]);
  });
  await Promise.all(answers);
});
