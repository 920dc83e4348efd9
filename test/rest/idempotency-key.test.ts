import { expect, test } from "vitest";
import { idempotencyKey } from "../../src/rest/idempotency-key.js";
import { configUrl, expectEnvelope, openRestApp } from "./rest-app.js";

test.each([
  ['"8e03978e-40d5-43dd-bc93-6894a57f9324"', "8e03978e-40d5-43dd-bc93-6894a57f9324"],
  ["8e03978e-40d5-43dd-bc93-6894a57f9324", "8e03978e-40d5-43dd-bc93-6894a57f9324"],
  ['  "a b"  ', "a b"],
  ['"a\\"b\\\\c"', 'a"b\\c'],
  ['"a, b"', "a, b"],
  ['"a";version=1; q="x;\\"y";flag', "a"],
  ["d2l0aCBiYXNlNjQ+/w==", "d2l0aCBiYXNlNjQ+/w=="],
  [`"${"x".repeat(128)}"`, "x".repeat(128)],
])("%s is a key", (header, key) => {
  expect(idempotencyKey(header)).toBe(key);
});

test.each([
  "",
  '""',
  '"a',
  'a"',
  '"a"b',
  '"a" "b"',
  '"a", "b"',
  "a, b",
  "a b",
  '"a\\b"',
  '"na\u00efve"',
  "na\u00efve",
  '"a\tb"',
  '"a";',
  `"${"x".repeat(129)}"`,
  "x".repeat(129),
])("%j is no key", (header) => {
  expect(() => idempotencyKey(header)).toThrow(expect.objectContaining({ code: "BAD_USER_INPUT" }));
});

test("a request that is sent again with its key is done once, whatever its method", async () => {
  const { app, commits } = await openRestApp();
  const url = configUrl("leaf", "conferences");
  const send = async (method: "PUT" | "POST" | "PATCH" | "DELETE", key: string, data?: object) => {
    const headers = { "idempotency-key": key };
    const answer = await app.inject({ method, url, headers, ...(data && { payload: { data } }) });
    expectEnvelope(answer.json(), answer.statusCode);
    return answer;
  };
  const writes = [
    ["PUT", { pin_timeout: 3_100 }, 201],
    ["POST", { pin_timeout: 4_100 }, 200],
    ["PATCH", { pin_timeout: 5_100 }, 200],
    ["DELETE", undefined, 200],
  ] as const;
  for (const [index, [method, data, status]] of writes.entries()) {
    const before = commits();
    const first = await send(method, `"key-${index}"`, data);
    expect([first.statusCode, first.headers["idempotent-replayed"]]).toEqual([status, undefined]);
    // The same key without quotes is the same key.
    const again = await send(method, `key-${index}`, data);
    expect([again.statusCode, again.headers["idempotent-replayed"]]).toEqual([status, "true"]);
    expect(again.json().data).toEqual(first.json().data);
    expect(again.headers.etag).toBe(first.headers.etag);
    expect(commits()).toBe(before + 1);
  }
});

test("a key that was used for another request is 422, one that cannot be read 400, and nothing is written", async () => {
  const { app, services, commits } = await openRestApp();
  const url = configUrl("leaf", "conferences");
  const send = (key: string, pin: number, others: Record<string, string> = {}) =>
    app.inject({
      method: "PATCH",
      url,
      headers: { "idempotency-key": key, ...others },
      payload: { data: { pin_timeout: pin } },
    });
  expect((await send('"one"', 3_100)).statusCode).toBe(200);
  const before = commits();
  for (const [answer, status] of [
    [await send('"one"', 4_000), 422],
    [await send('"one', 3_100), 400],
    [await send("", 3_100), 400],
    [await send('"one"', 3_100, { "if-match": '"x"' }), 422],
  ] as const) {
    expect(answer.statusCode).toBe(status);
    expectEnvelope(answer.json(), status);
  }
  expect(commits()).toBe(before);
  expect(await services.revision("leaf", "conferences")).toBe(1);
  // A read has no use for a key, whatever it is.
  expect((await app.inject({ url, headers: { "idempotency-key": '"' } })).statusCode).toBe(200);
});

test("an If-Match that names several states is the same condition in a retry", async () => {
  const { app } = await openRestApp();
  const url = configUrl("leaf", "conferences");
  const { etag } = (await app.inject({ url })).headers;
  const send = () =>
    app.inject({
      method: "PATCH",
      url,
      headers: { "idempotency-key": "one", "if-match": `"other", ${etag}` },
      payload: { data: { pin_timeout: 3_100 } },
    });
  expect((await send()).statusCode).toBe(200);
  const again = await send();
  expect([again.statusCode, again.headers["idempotent-replayed"]]).toEqual([200, "true"]);
});
