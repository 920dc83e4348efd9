import { describe, expect, test } from "vitest";
import { ERROR_CODES, StrataError } from "../../src/domain/errors.js";
import { answerError } from "../../src/rest/error-answer.js";
import { dottedPath } from "../../src/rest/validation-answer.js";
import { schemaFolder } from "../temporary-folder.js";
import { configUrl, expectEnvelope, openRestApp } from "./rest-app.js";

const SCHEMAS = {
  "account_config.x": {
    type: "object",
    properties: {
      a: { type: "integer", minimum: 5 },
      e: { enum: ["u", "v"] },
      n: { type: "object", properties: { m: { type: "integer" }, "d.ot": { type: "integer" } } },
      l: { type: "array", items: { type: "integer" } },
      o: { anyOf: [{ type: "string" }, { type: "object", required: ["q"] }] },
    },
    maxProperties: 5,
  },
  "system_config.x": {
    type: "object",
    properties: { secret: { type: "string" }, a: {} },
  },
};

describe("values that break the schema", () => {
  const refuse = async (data: unknown, method: "PUT" | "POST" | "PATCH" = "POST") => {
    const rest = await openRestApp(schemaFolder(SCHEMAS));
    const commits = rest.commits();
    const response = await rest.app.inject({ method, url: configUrl("leaf", "x"), payload: { data } });
    expect(response.statusCode).toBe(400);
    expectEnvelope(response.json(), 400);
    expect(response.json().message).toBe("validation error");
    expect(rest.commits()).toBe(commits);
    return response.json().data;
  };

  test.each(["PUT", "POST", "PATCH"] as const)(
    "%s: every problem by path, then by keyword",
    async (method) => {
      expect(await refuse({ a: 1, e: "w", n: { m: "q", "d.ot": "q" }, l: [1, "2"] }, method)).toEqual({
        a: { minimum: { message: expect.any(String), target: 5, value: 1 } },
        e: { enum: { message: expect.any(String), target: ["u", "v"], value: "w" } },
        "n.m": { type: { message: expect.any(String), target: "integer", value: "q" } },
        "n.d%2Eot": { type: { message: expect.any(String), target: "integer", value: "q" } },
        "l.1": { type: { message: expect.any(String), target: "integer", value: "2" } },
      });
    },
  );

  test("settings that nobody declares, system-wide ones and private ones too, whatever their value", async () => {
    expect(await refuse({ nope: { x: 1 }, secret: "guess", _rev: "1", pvt_type: 1 })).toEqual({
      nope: { unknown: { message: expect.any(String), value: { x: 1 } } },
      secret: { systemOnly: { message: expect.any(String), value: "guess" } },
      _rev: { unknown: { message: expect.any(String), value: "1" } },
      pvt_type: { unknown: { message: expect.any(String), value: 1 } },
    });
  });

  test("the same keyword broken twice at one place loses neither", async () => {
    const { o } = await refuse({ o: 1 });
    expect(o.type).toEqual({
      message: expect.stringContaining("; "),
      target: ["string", "object"],
      value: 1,
    });
    expect(o.anyOf).toEqual({ message: expect.any(String), value: 1 });
  });

  test("what is missing has no value; what is wrong with the whole stands under a dot", async () => {
    const problems = await refuse({ a: 5, e: "u", n: {}, l: [], o: {}, secret: "x" });
    expect(problems["o.q"]).toEqual({ required: { message: expect.any(String) } });
    const many = schemaFolder({ "account_config.x": { additionalProperties: true, maxProperties: 1 } });
    const rest = await openRestApp(many);
    const data = { a: 1, b: 2 };
    const response = await rest.app.inject({
      method: "PUT",
      url: configUrl("leaf", "x"),
      payload: { data },
    });
    expect(response.json().data).toEqual({
      ".": { maxProperties: { message: expect.any(String), target: 1, value: data } },
    });
  });

  test("what the layers below have by themselves neither blocks nor shows", async () => {
    const rest = await openRestApp(
      schemaFolder({
        ...SCHEMAS,
        "system_config.x": { type: "object", properties: { a: {} } },
      }),
    );
    await rest.services.set(undefined, "x", { a: "bad" });
    const send = (data: unknown) =>
      rest.app.inject({ method: "PATCH", url: configUrl("leaf", "x"), payload: { data } });
    expect((await send({ e: "u" })).statusCode).toBe(200);
    expect(Object.keys((await send({ e: "w" })).json().data)).toEqual(["e"]);
  });

  test.each([
    ["", "."],
    ["/a", "a"],
    ["/n/m", "n.m"],
    ["/a.b/c", "a%2Eb.c"],
    ["/a~1b/m~0n", "a/b.m~n"],
    ["/l/0/x", "l.0.x"],
    ["/", ""],
  ])("the pointer %j is the path %j", (pointer, path) => {
    expect(dottedPath(pointer)).toBe(path);
  });
});

describe("refusals", () => {
  test("an unknown account and an unknown config are bad identifiers", async () => {
    const rest = await openRestApp();
    for (const method of ["GET", "PUT", "POST", "PATCH", "DELETE"] as const) {
      for (const [account, config, cause] of [
        ["nobody", "conferences", "nobody"],
        ["leaf", "nothing", "nothing"],
        ["nobody", "nothing", "nobody"],
      ] as const) {
        const payload = method === "GET" ? {} : { payload: { data: {} } };
        const response = await rest.app.inject({ method, url: configUrl(account, config), ...payload });
        expect(response.statusCode).toBe(404);
        expectEnvelope(response.json(), 404);
        expect(response.json()).toMatchObject({ message: "bad_identifier", data: { cause } });
      }
    }
    const byDefault = await rest.app.inject("/v2/accounts/nobody/configs");
    expect(byDefault.json()).toMatchObject({ error: "404", data: { cause: "nobody" } });
  });

  test.each([
    "{",
    " ",
    "null",
    "[]",
    '"text"',
    "5",
    "{}",
    '{"dat":{}}',
    '{"data":null}',
    '{"data":[]}',
    '{"data":"x"}',
    '{"data":1}',
    '{"__proto__":{"data":{}}}',
    "data=%7B%7D",
    '{"data":{}}{"data":{}}',
  ])("the body %j is none", async (payload) => {
    const rest = await openRestApp();
    for (const method of ["PUT", "POST", "PATCH"] as const) {
      for (const type of ["application/json", "application/x-www-form-urlencoded"]) {
        const headers = { "content-type": type };
        const url = configUrl("leaf", "conferences");
        const response = await rest.app.inject({ method, url, headers, payload });
        expect(response.statusCode).toBe(400);
        expectEnvelope(response.json(), 400);
      }
    }
    expect(rest.commits()).toBe(3);
  });

  test("too much is 413", async () => {
    const rest = await openRestApp(schemaFolder({ "account_config.x": { additionalProperties: true } }));
    const send = (payload: string) =>
      rest.app.inject({
        method: "PUT",
        url: configUrl("leaf", "x"),
        headers: { "content-type": "application/json" },
        payload,
      });
    const fill = (length: number) => `{"data":{"a":"${"x".repeat(length - 18)}"}} `;
    expect((await send(fill(1024 * 1024))).json()).toMatchObject({
      error: "413",
      data: { limit: "document" },
    });
    expect((await send(fill(1024 * 1024 + 1))).json()).toMatchObject({
      error: "413",
      data: { limit: "body" },
    });
    expect((await send(fill(200 * 1024))).statusCode).toBe(201);
  });

  test("with the store gone, everything is 503 and says when to come back", async () => {
    const rest = await openRestApp();
    await rest.services.store.close();
    for (const method of ["GET", "PUT", "PATCH", "DELETE"] as const) {
      const payload = method === "GET" ? {} : { payload: { data: {} } };
      const response = await rest.app.inject({ method, url: configUrl("leaf", "conferences"), ...payload });
      expect(response.statusCode).toBe(503);
      expectEnvelope(response.json(), 503);
      expect(response.headers["retry-after"]).toBe("1");
    }
  });

  test.each(ERROR_CODES)("%s has a status", (code) => {
    const answer = answerError(new StrataError(code, "said so"), { incident: "i1" });
    const expected = {
      ACCOUNT_CYCLE: 409,
      ACCOUNT_EXISTS: 409,
      ACCOUNT_HAS_CHILDREN: 409,
      ACCOUNT_NOT_FOUND: 404,
      BAD_USER_INPUT: 400,
      CONFIG_NOT_FOUND: 404,
      FORBIDDEN: 403,
      INTERNAL_SERVER_ERROR: 500,
      QUERY_TOO_COMPLEX: 400,
      RATE_LIMITED: 429,
      REVISION_NOT_FOUND: 404,
      STORE_UNAVAILABLE: 503,
      UNAUTHENTICATED: 401,
      WRITE_OUTCOME_UNKNOWN: 504,
    } as const;
    expect(answer.status).toBe(expected[code]);
    expect(answer.content).toMatchObject({ error: String(expected[code]) });
  });

  test("of a fault of ours only its incident is told", () => {
    for (const error of [new Error("secret"), new StrataError("INTERNAL_SERVER_ERROR", "secret")]) {
      const answer = answerError(error as StrataError, { incident: "i1", accountId: "a" });
      expect(answer.status).toBe(500);
      expect(JSON.stringify(answer)).not.toContain("secret");
      expect(answer.content).toMatchObject({ data: { incident: "i1" } });
    }
  });
});
