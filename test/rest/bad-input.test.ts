import { connect } from "node:net";
import { describe, expect, test } from "vitest";
import { schemaFolder } from "../temporary-folder.js";
import { configUrl, expectEnvelope, openRestApp, type RestApp } from "./rest-app.js";

const OPEN = () => schemaFolder({ "account_config.open": { additionalProperties: true } });
const URL_PATH = configUrl("leaf", "open");
const JSON_TYPE = { "content-type": "application/json" };

function put({ app }: RestApp, payload: string | Buffer, headers: Record<string, string> = JSON_TYPE) {
  return app.inject({ method: "PUT", url: URL_PATH, headers, payload });
}

/** Refused, with the envelope, and nothing stored; answers with what was said of it. */
async function refused(
  rest: RestApp,
  payload: string | Buffer,
  status = 400,
  headers: Record<string, string> = JSON_TYPE,
) {
  const commits = rest.commits();
  const response = await put(rest, payload, headers);
  expect(response.statusCode).toBe(status);
  expectEnvelope(response.json(), status);
  expect(rest.commits()).toBe(commits);
  return response.json() as { message: string; data: Record<string, unknown> };
}

describe("transport", () => {
  test.each([
    ["text/plain", 400],
    ["text/plain;charset=UTF-8", 400],
    ["multipart/form-data; boundary=x", 400],
    ["application/json; charset=utf-7", 415],
    ["application/json; charset=utf-16", 415],
    ["application/x-www-form-urlencoded; charset=latin1", 415],
    ["application/xml", 415],
    ["application/json-patch+json", 415],
    ["nonsense", 415],
  ])("%s is %i", async (type, status) => {
    const rest = await openRestApp(OPEN());
    await refused(rest, '{"data":{"a":1}}', status, { "content-type": type });
  });

  test("bytes that are no UTF-8 are refused, not replaced", async () => {
    const rest = await openRestApp(OPEN());
    for (const bytes of [[0xff], [0xc3, 0x28], [0xed, 0xa0, 0x80]]) {
      const body = Buffer.concat([Buffer.from('{"data":{"a":"'), Buffer.from(bytes), Buffer.from('"}}')]);
      expect((await refused(rest, body)).message).toContain("UTF-8");
    }
    await refused(rest, Buffer.from('{"data":{}}', "utf16le"));
  });

  test("a body that grows over the limit as it comes is 413 as well", async () => {
    const rest = await openRestApp(OPEN());
    const { port, hostname } = new URL(await rest.app.listen({ host: "127.0.0.1", port: 0 }));
    const answer = await new Promise<string>((resolve, reject) => {
      let received = "";
      const socket = connect(Number(port), hostname);
      socket.on("data", (chunk) => {
        received += chunk;
        if (received.includes('"auth_token":""}')) socket.destroy();
      });
      socket.on("close", () => resolve(received)).on("error", reject);
      const head = `PUT ${URL_PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n`;
      socket.write(`${head}Transfer-Encoding: chunked\r\n\r\n`);
      const chunk = "x".repeat(64 * 1024);
      for (let sent = 0; sent < 17; sent++) socket.write(`10000\r\n${chunk}\r\n`);
    });
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    expectEnvelope(
      JSON.parse(answer.slice(answer.indexOf('{"data"'), answer.indexOf('"auth_token":""}') + 16)),
      413,
    );
    expect(rest.commits()).toBe(3);
  });

  test("an id of a request that would break a log line is replaced", async () => {
    const rest = await openRestApp(OPEN());
    for (const given of ["a\r\nb", "\u001b[31m", "x".repeat(65), "é"]) {
      const response = await rest.app.inject({ url: URL_PATH, headers: { "x-request-id": given } });
      expect(response.headers["x-request-id"]).toMatch(/^[0-9a-f-]{36}$/);
      expect(response.json().request_id).toBe(response.headers["x-request-id"]);
    }
  });
});

describe("JSON", () => {
  test.each([
    ['{"__proto__":{"polluted":1}}', "/__proto__"],
    ['{"a":{"b":{"constructor":1}}}', "/a/b/constructor"],
    ['{"a":[{"prototype":1}]}', "/a/0/prototype"],
    ['{"a":1e400}', "/a"],
    ['{"a":[-1e400]}', "/a/0"],
    ['{"a":9007199254740993}', "/a"],
    ['{"a":"\\ud800"}', "/a"],
    ['{"a":"\\u0000"}', "/a"],
    ['{"a":{"b\\u0000":1}}', "/a/b\u0000"],
  ])("%s is refused, with the place", async (data, pointer) => {
    const rest = await openRestApp(OPEN());
    expect((await refused(rest, `{"data":${data}}`)).data.pointer).toBe(pointer);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  test.each([65, 4_000, 40_000])("%i levels are over the limit, which has a name", async (levels) => {
    const rest = await openRestApp(OPEN());
    for (const [open, close] of [
      ['{"a":', "}"],
      ["[", "]"],
    ] as const) {
      const nested = `${open.repeat(levels)}1${close.repeat(levels)}`;
      expect((await refused(rest, `{"data":{"a":${nested}}}`)).data.limit).toBe("depth");
    }
  });

  test("10,001 fields are over the limit, which has a name", async () => {
    const rest = await openRestApp(OPEN());
    const fields = (count: number) =>
      JSON.stringify(Object.fromEntries(Array.from({ length: count }, (_, i) => [`f${i}`, 1])));
    expect((await refused(rest, `{"data":${fields(10_001)}}`)).data.limit).toBe("fields");
    expect((await put(rest, `{"data":${fields(10_000)}}`)).statusCode).toBe(201);
  });

  test("of 10,000 things that are wrong 500 are named, in a moment, and how many more there are", async () => {
    const rest = await openRestApp(schemaFolder({ "account_config.open": { properties: { a: {} } } }));
    const data = Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`f${i}`, 1]));
    const named = (await refused(rest, JSON.stringify({ data }))).data;
    expect(Object.keys(named)).toHaveLength(501);
    expect(JSON.stringify(named)).toContain("9500 more problems are not listed");
  });

  test("odd keys and texts are data, kept to the byte", async () => {
    const rest = await openRestApp(OPEN());
    const data = {
      "": 1,
      "10": 2,
      "2": 3,
      toString: "own",
      é: "e\u0301",
      "e\u0301": "é",
      "a.b": { "m~n/o": "\u202e\u200b" },
      list: [null, { b: 1, a: [] }, 1.5],
      [`k${"x".repeat(1_000)}`]: "𝒳",
    };
    expect((await put(rest, JSON.stringify({ data }))).json().data).toEqual({ ...data, id: "configs_open" });
    const { data: read } = (await rest.app.inject(URL_PATH)).json();
    expect(read).toEqual({ ...data, id: "configs_open" });
    expect(JSON.stringify(read.list)).toBe(JSON.stringify(data.list));
  });
});

describe("ids", () => {
  test.each([
    "%C3%A4",
    "%E2%80%AE",
    "a%CC%81",
    "a%00",
    "a%0d%0ab",
    "%2561cme",
    "a%2Fb",
    "a%20b",
    "system",
    "%2e%2e",
    "x".repeat(65),
    "x".repeat(101),
    "x".repeat(10_000),
  ])("%s is none", async (id) => {
    const rest = await openRestApp(OPEN());
    for (const url of [configUrl(id, "open"), configUrl("leaf", id), `/v2/accounts/${id}/configs`]) {
      for (const method of ["GET", "DELETE"] as const) {
        const response = await rest.app.inject({ method, url });
        // What is between a client and a server takes `..` away: then another path is asked for.
        const expected =
          id === "%2e%2e" ? [404] : url.endsWith("configs") && method === "DELETE" ? [405] : [400];
        expect(expected).toContain(response.statusCode);
        expectEnvelope(response.json(), response.statusCode);
      }
    }
    expect(rest.commits()).toBe(3);
  });

  test("are percent-decoded, once", async () => {
    const rest = await openRestApp(OPEN());
    expect((await rest.app.inject("/v2/accounts/l%65af/configs/%6fpen")).statusCode).toBe(200);
    expect((await rest.app.inject("/v2/accounts/l%2565af/configs/open")).statusCode).toBe(400);
  });
});

test("what was refused left no trace in the server: it lives", async () => {
  const rest = await openRestApp(OPEN());
  for (const payload of ["{", `{"data":${"[".repeat(500_000)}`, '{"data":{"__proto__":1}}'])
    await refused(rest, payload);
  expect((await rest.app.inject("/health/live")).statusCode).toBe(200);
});

describe("X-Change-Note", () => {
  const write = (rest: RestApp, note: string, payload = '{"data":{"a":1}}') =>
    put(rest, payload, { ...JSON_TYPE, "x-change-note": note });
  const newest = async (rest: RestApp) =>
    (await rest.services.store.history({ key: { accountId: "leaf", configId: "open" }, limit: 1, bytes: 1 }))
      .revisions[0];

  test.each([
    ["ticket 4711", "ticket 4711"],
    ["f%C3%BCr%20Ada 100%25", "für Ada 100%"],
    [encodeURIComponent("ü".repeat(500)), "ü".repeat(500)],
  ])("%.40s is kept with the write", async (header, note) => {
    const rest = await openRestApp(OPEN());
    expect((await write(rest, header)).statusCode).toBe(201);
    expect(await newest(rest)).toMatchObject({ note, kind: "SET" });
  });

  test.each([["100% sure"], ["%FF"], ["two%0Alines"], ["x".repeat(501)]])(
    "%.40s is refused, and nothing is written",
    async (header) => {
      const rest = await openRestApp(OPEN());
      const { data } = await refused(rest, '{"data":{"a":1}}', 400, {
        ...JSON_TYPE,
        "x-change-note": header,
      });
      expect(data).toMatchObject({ limit: "note" });
    },
  );
});
