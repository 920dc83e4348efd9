import { request } from "node:http";
import { describe, expect, test } from "vitest";
import { configUrl, expectEnvelope, openRestApp, type RestApp, TRUSTED_ORIGIN } from "./rest-app.js";

const URL_PATH = configUrl("leaf", "conferences");
const BODY = '{"data":{"pin_timeout":1}}';
const FORM = { "content-type": "application/x-www-form-urlencoded" };

/** Listens for real, and sends what a browser would, header by header. */
async function browse(rest: RestApp) {
  const origin = await rest.app.listen({ host: "127.0.0.1", port: 0 });
  const send = (method: string, headers: Record<string, string>, body = BODY) =>
    new Promise<{ status: number; body: string; headers: NodeJS.Dict<string | string[]> }>(
      (resolve, reject) => {
        const sent = request(origin + URL_PATH, { method, headers }, (response) => {
          const chunks: Buffer[] = [];
          response.on("data", (chunk: Buffer) => chunks.push(chunk));
          response.on("end", () =>
            resolve({
              status: response.statusCode ?? 0,
              body: Buffer.concat(chunks).toString(),
              headers: response.headers,
            }),
          );
        });
        sent.on("error", reject).end(method === "DELETE" ? undefined : body);
      },
    );
  return { origin, send };
}

/** What browsers put on a POST that a page of another site made, by a form, a `fetch` without CORS, or a beacon. */
const FOREIGN: readonly (readonly [string, Record<string, string>])[] = [
  [
    "a form",
    { ...FORM, origin: "https://evil.example", "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" },
  ],
  ["a form, by a browser that says nothing of sites", { ...FORM, origin: "https://evil.example" }],
  ["a form in a sandbox", { ...FORM, origin: "null", "sec-fetch-site": "cross-site" }],
  ["a form in a sandbox, by an older browser", { ...FORM, origin: "null" }],
  [
    "a page on another port of this machine",
    { ...FORM, origin: "http://127.0.0.1:1", "sec-fetch-site": "same-site" },
  ],
  ["a request that hides its origin", { ...FORM, "sec-fetch-site": "cross-site" }],
  ["a request of the same site that hides its origin", { ...FORM, "sec-fetch-site": "same-site" }],
  ["a beacon without a type", { origin: "https://evil.example", "sec-fetch-site": "cross-site" }],
  ["a form of text", { "content-type": "text/plain", origin: "https://evil.example" }],
  [
    "JSON after a preflight that nobody asked for",
    { "content-type": "application/json", origin: "https://evil.example" },
  ],
  ["remembered basic credentials", { ...FORM, origin: "https://evil.example", authorization: "Basic YTpi" }],
  ["an empty token", { ...FORM, origin: "https://evil.example", "x-auth-token": "" }],
  ["an origin that only begins like ours", { ...FORM, origin: `${TRUSTED_ORIGIN}.evil.example` }],
  ["two origins", { ...FORM, origin: `${TRUSTED_ORIGIN}, https://evil.example` }],
];

describe("a page of another site", () => {
  test.each(FOREIGN)("writes nothing: %s", async (_name, headers) => {
    const rest = await openRestApp();
    const { send } = await browse(rest);
    for (const method of ["POST", "PUT", "PATCH", "DELETE"]) {
      const response = await send(method, headers);
      expect(response.status).toBe(403);
      expectEnvelope(JSON.parse(response.body), 403);
      expect(response.headers["access-control-allow-origin"]).toBeUndefined();
    }
    expect(rest.commits()).toBe(3);
  });

  test("is not allowed a preflight, so its token never comes", async () => {
    const rest = await openRestApp();
    const preflight = (origin: string) =>
      rest.app.inject({
        method: "OPTIONS",
        url: URL_PATH,
        headers: {
          origin,
          "access-control-request-method": "PATCH",
          "access-control-request-headers": "x-auth-token,content-type,if-match",
        },
      });
    expect((await preflight("https://evil.example")).headers["access-control-allow-origin"]).toBeUndefined();
    const { headers, statusCode } = await preflight(TRUSTED_ORIGIN);
    expect(statusCode).toBe(204);
    expect(headers["access-control-allow-origin"]).toBe(TRUSTED_ORIGIN);
    expect(headers["access-control-allow-methods"]).toBe("GET, HEAD, PUT, POST, PATCH, DELETE");
    expect(headers["access-control-allow-headers"]).toBe("x-auth-token,content-type,if-match");
  });
});

describe("who may write", () => {
  const allowed = (own: string): readonly (readonly [string, Record<string, string>])[] => [
    ["a program that is no browser", FORM],
    ["a page of ours", { ...FORM, origin: own, "sec-fetch-site": "same-origin" }],
    ["a page of ours, by an older browser", { ...FORM, origin: own }],
    ["a person, from the address bar or an extension", { ...FORM, "sec-fetch-site": "none" }],
    [
      "a page of an origin that may call",
      { ...FORM, origin: TRUSTED_ORIGIN, "sec-fetch-site": "cross-site" },
    ],
    ["whoever sends a token", { ...FORM, origin: "https://evil.example", "x-auth-token": "t" }],
    ["whoever sends a bearer", { ...FORM, "sec-fetch-site": "cross-site", authorization: "Bearer t" }],
  ];

  test("all of these", async () => {
    const rest = await openRestApp();
    const { origin, send } = await browse(rest);
    for (const [name, headers] of allowed(origin)) {
      for (const [method, status] of [
        ["PUT", 201],
        ["POST", 200],
        ["PATCH", 200],
        ["DELETE", 200],
      ] as const) {
        expect([name, method, (await send(method, headers)).status]).toEqual([name, method, status]);
      }
    }
  });

  test("a page that may call can read what it needs", async () => {
    const rest = await openRestApp();
    const { send } = await browse(rest);
    const { headers } = await send("PUT", { origin: TRUSTED_ORIGIN });
    expect(headers["access-control-allow-origin"]).toBe(TRUSTED_ORIGIN);
    expect(headers["access-control-expose-headers"]).toBe(
      "X-Request-ID, ETag, Location, Retry-After, Idempotent-Replayed, WWW-Authenticate, RateLimit, RateLimit-Policy",
    );
  });
});
