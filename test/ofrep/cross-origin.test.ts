import { describe, expect, test } from "vitest";
import { tokenFor } from "./ask-flags.js";
import { FLAGS, FlagSender, PAGE, type Sent, sized } from "./flag-sender.js";

const sender = FlagSender.forFile();
const limited = FlagSender.forFile({ rateLimit: 1 });
const send = (path: string, sent?: Sent) => sender.send(path, sent);

describe("a page on another origin", () => {
  const PATHS: readonly [path: string, method: string][] = [
    [FLAGS, "POST"],
    [`${FLAGS}/other:size`, "POST"],
    [`${FLAGS}/open%3A%2Fa~1b`, "POST"],
    [`${FLAGS}/%zz`, "POST"],
    [`${FLAGS}/`, "POST"],
    ["/ofrep/v1/event-stream?account=acme", "GET"],
  ];
  const preflight = (path: string, method: string, origin: string) =>
    send(path, {
      method: "OPTIONS",
      token: null,
      headers: {
        origin,
        "access-control-request-method": method,
        "access-control-request-headers": "authorization,content-type,if-none-match,x-api-key",
      },
    });

  test.each(PATHS)("may ask before it asks: %s", async (path, method) => {
    const allowed = await preflight(path, method, PAGE);
    expect([allowed.status, allowed.bytes.length]).toEqual([204, 0]);
    expect(allowed.headers).toMatchObject({
      "access-control-allow-origin": PAGE,
      "access-control-allow-methods": expect.stringContaining(method),
      "access-control-allow-headers": "authorization,content-type,if-none-match,x-api-key",
      vary: expect.stringContaining("Origin"),
    });
    for (const origin of ["https://evil.example", "null", `${PAGE}.evil.example`, "http://app.example"]) {
      const { status, headers } = await preflight(path, method, origin);
      expect([status, headers["access-control-allow-origin"]]).toEqual([204, undefined]);
      expect(headers.vary).toContain("Origin");
    }
  });

  const statusOf = async (path: string, sent: Sent) => {
    const allowed = await send(path, { ...sent, headers: { origin: PAGE, ...sent.headers } });
    expect(allowed.headers["access-control-allow-origin"]).toBe(PAGE);
    const exposed = String(allowed.headers["access-control-expose-headers"]).split(", ");
    expect(exposed).toEqual(
      expect.arrayContaining(["ETag", "Retry-After", "WWW-Authenticate", "X-Request-ID"]),
    );
    expect(allowed.headers.vary).toContain("Origin");
    const other = await send(path, { ...sent, headers: { ...sent.headers, origin: "https://evil.example" } });
    expect(other.headers).not.toHaveProperty("access-control-allow-origin");
    return allowed.status;
  };

  test.each<[number, string, Sent]>([
    [200, "", {}],
    [304, "", { headers: { "if-none-match": "*" } }],
    [400, "", sized("{")],
    [400, "/%zz", {}],
    [400, "?configs=nope", {}],
    [401, "", { token: null }],
    [401, "/other", { token: "nonsense" }],
    [404, "/nope", {}],
    [404, "/", {}],
    [405, "/other", { method: "GET" }],
    [405, "", { method: "PUT" }],
    [406, "", { headers: { "accept-encoding": "identity;q=0, *;q=0" } }],
    [413, "", sized("x".repeat(2 ** 20 + 1))],
    [415, "", sized("<a/>", { "content-type": "application/xml" })],
    [415, "", sized("x", { "content-encoding": "gzip" })],
  ])("sees the answer: %i for %s", async (status, path, sent) => {
    expect(await statusOf(`${FLAGS}${path}`, sent)).toBe(status);
  });

  test("sees that its token may not read", async () => {
    const token = await tokenFor({ account_id: "acme", scope: "" });
    for (const path of ["", "/other"]) expect(await statusOf(`${FLAGS}${path}`, { token })).toBe(403);
  });

  test("sees that it asks too often, and when to come back", async () => {
    const headers = { origin: PAGE };
    const answers = await Promise.all([1, 2, 3, 4].map(() => limited.send(FLAGS, { headers })));
    const [refused] = answers.filter(({ status }) => status === 429);
    expect(refused?.headers).toMatchObject({ "access-control-allow-origin": PAGE, "retry-after": "1" });
    expect(refused?.headers["access-control-expose-headers"]).toContain("Retry-After");
  });

  test.each([
    ["?account=acme", null, 401],
    ["?account=globex", undefined, 400],
    ["?account=acme&configs=nope", undefined, 400],
    ["?account=acme&ticket=x", null, 401],
  ])("sees why there is no stream: %s", async (query, token, status) => {
    expect(
      await statusOf(`/ofrep/v1/event-stream${query}`, { method: "GET", ...(token === null && { token }) }),
    ).toBe(status);
  });
});
