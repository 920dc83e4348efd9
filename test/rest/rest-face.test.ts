import { describe, expect, test } from "vitest";
import { schemaFolder } from "../temporary-folder.js";
import { configUrl, expectEnvelope, openRestApp, type RestApp } from "./rest-app.js";

const CONFERENCES = configUrl("leaf", "conferences");

async function call(
  { app }: RestApp,
  method: "GET" | "PUT" | "POST" | "PATCH" | "DELETE" | "HEAD" | "OPTIONS",
  url: string,
  data?: unknown,
  headers: Record<string, string> = {},
) {
  return app.inject({
    method,
    url,
    headers,
    ...(data !== undefined && { payload: { data } }),
  });
}

describe("the envelope", () => {
  test("is KAZOO's, its members in KAZOO's order", async () => {
    const rest = await openRestApp();
    const response = await call(rest, "GET", CONFERENCES, undefined, { "x-request-id": "abc-1" });
    expect(response.statusCode).toBe(200);
    expect(response.headers["content-type"]).toBe("application/json; charset=utf-8");
    expect(response.headers["x-request-id"]).toBe("abc-1");
    const body = response.json();
    expectEnvelope(body, 200);
    expect(Object.keys(body)).toEqual([
      "data",
      "timestamp",
      "version",
      "node",
      "request_id",
      "status",
      "auth_token",
    ]);
    expect(body).toMatchObject({ timestamp: "63962568000", request_id: "abc-1", auth_token: "" });
  });

  test("names the token, and never holds it", async () => {
    const rest = await openRestApp();
    const ids = await Promise.all(
      [
        { "x-auth-token": "secret-1" },
        { authorization: "Bearer secret-1" },
        { "x-auth-token": "secret-2" },
      ].map(async (headers) => {
        const response = await call(rest, "GET", CONFERENCES, undefined, headers as Record<string, string>);
        expect(response.payload).not.toContain("secret");
        return response.json().auth_token;
      }),
    );
    expect(ids[0]).toMatch(/^[0-9a-f]{32}$/);
    expect(ids[1]).toBe(ids[0]);
    expect(ids[2]).not.toBe(ids[0]);
  });

  test("is also on what the server refuses before any face sees it", async () => {
    const rest = await openRestApp();
    const response = await rest.app.inject({ url: CONFERENCES, headers: { host: "evil.example" } });
    expect(response.statusCode).toBe(421);
    expectEnvelope(response.json(), 421);
    const nowhere = await rest.app.inject({ url: "/v2/nothing", headers: { host: "evil.example" } });
    expectEnvelope(nowhere.json(), 421);
  });
});

describe("reading", () => {
  test("answers with the merged values and KAZOO's id", async () => {
    const rest = await openRestApp();
    await rest.services.set("reseller", "conferences", { pin_timeout: 1 });
    expect((await call(rest, "GET", CONFERENCES)).json().data).toEqual({
      ...(await rest.services.read("leaf", "conferences")).config.values,
      pin_timeout: 1,
      id: "configs_conferences",
    });
  });

  test("without a config id, answers with the config default", async () => {
    const rest = await openRestApp();
    const response = await call(rest, "GET", "/v2/accounts/leaf/configs");
    expect(response.json().data).toEqual({
      ...(await rest.services.read("leaf", "default")).config.values,
      id: "configs_default",
    });
    expect(response.headers.etag).toBe((await call(rest, "GET", configUrl("leaf", "default"))).headers.etag);
  });

  test.each(["crossbar.auth", "tasks.bill_early"])("takes the id %s with its dot", async (config) => {
    const rest = await openRestApp();
    expect((await call(rest, "GET", configUrl("leaf", config))).json().data.id).toBe(`configs_${config}`);
  });

  test("a setting that is really called id is not hidden by KAZOO's", async () => {
    const rest = await openRestApp(
      schemaFolder({ "account_config.x": { properties: { id: { type: "string" } } } }),
    );
    expect((await call(rest, "GET", configUrl("leaf", "x"))).json().data).toEqual({});
    const written = await call(rest, "PUT", configUrl("leaf", "x"), { id: "mine" });
    expect(written.json().data).toEqual({ id: "mine" });
    expect(await rest.services.stored("leaf", "x")).toEqual({ id: "mine" });
  });

  test("system-wide settings do not show", async () => {
    const rest = await openRestApp();
    await rest.services.patch(undefined, "conferences", { bridge_password: "sesame" });
    for (const url of [CONFERENCES, `${CONFERENCES}?provenance=true`]) {
      expect((await call(rest, "GET", url)).payload).not.toContain("sesame");
    }
  });

  test("says where each field comes from, when asked", async () => {
    const rest = await openRestApp(
      schemaFolder({
        "account_config.x": { additionalProperties: true },
        "system_config.x": {
          properties: { a: { default: 1 }, o: { default: { p: 1 } } },
          additionalProperties: true,
        },
      }),
    );
    await rest.services.set(undefined, "x", { a: 2 });
    await rest.services.set("reseller", "x", { a: 3, o: "none" });
    await rest.services.set("leaf", "x", { a: 4, o: { p: 2 } });
    const url = configUrl("leaf", "x");
    expect((await call(rest, "GET", `${url}?provenance=true&unknown=1`)).json().provenance).toEqual({
      "/a": {
        source: "ACCOUNT",
        account: "leaf",
        shadowed: [
          { source: "RESELLER", account: "reseller", value: 3 },
          { source: "SYSTEM", value: 2 },
          { source: "SCHEMA", value: 1 },
        ],
      },
      "/o/p": {
        source: "ACCOUNT",
        account: "leaf",
        shadowed: [
          { source: "RESELLER", account: "reseller", pointer: "/o", value: "none" },
          { source: "SCHEMA", value: 1 },
        ],
      },
    });
    for (const query of ["", "?provenance=false", "?other=true"]) {
      expect((await call(rest, "GET", url + query)).json()).not.toHaveProperty("provenance");
    }
    const unclear = await call(rest, "GET", `${url}?provenance=yes`);
    expect(unclear.statusCode).toBe(400);
    expectEnvelope(unclear.json(), 400);
  });
});

describe("writing", () => {
  test.each(["PUT", "POST"] as const)("%s replaces the overrides", async (method) => {
    const rest = await openRestApp();
    await rest.services.set("leaf", "conferences", { number_timeout: 9 });
    const response = await call(rest, method, CONFERENCES, { pin_timeout: 1, exit_tone: null });
    expect(response.statusCode).toBe(method === "PUT" ? 201 : 200);
    expect(response.headers.location).toBe(method === "PUT" ? CONFERENCES : undefined);
    expectEnvelope(response.json(), response.statusCode);
    expect(response.json().data).toEqual((await call(rest, "GET", CONFERENCES)).json().data);
    expect(await rest.services.stored("leaf", "conferences")).toEqual({ pin_timeout: 1 });
  });

  test("PATCH changes what it names and nothing else", async () => {
    const rest = await openRestApp();
    await rest.services.set("leaf", "conferences", { number_timeout: 9, pin_timeout: 8 });
    const response = await call(rest, "PATCH", CONFERENCES, { pin_timeout: null, entry_tone: "x" });
    expect(response.statusCode).toBe(200);
    expect(response.json().data).toMatchObject({ number_timeout: 9, pin_timeout: 5_000, entry_tone: "x" });
    expect(await rest.services.stored("leaf", "conferences")).toEqual({ number_timeout: 9, entry_tone: "x" });
  });

  test("DELETE answers with the reset config, whatever comes with it", async () => {
    const rest = await openRestApp();
    const before = (await call(rest, "GET", CONFERENCES)).json().data;
    for (const request of [{}, { payload: "" }, { payload: { data: {} } }, { payload: [] }]) {
      await rest.services.set("leaf", "conferences", { pin_timeout: 8 });
      const headers = { "content-type": "application/json" };
      const response = await rest.app.inject({ method: "DELETE", url: CONFERENCES, headers, ...request });
      expect(response.statusCode).toBe(200);
      expect(response.json().data).toEqual(before);
      expect(await rest.services.stored("leaf", "conferences")).toBeUndefined();
    }
  });

  test("what an answer holds can be sent back, and stores nothing new", async () => {
    const rest = await openRestApp();
    await rest.services.set("leaf", "conferences", { pin_timeout: 8 });
    const { data } = (await call(rest, "GET", CONFERENCES)).json();
    const commits = rest.commits();
    expect((await call(rest, "POST", CONFERENCES, data)).json().data).toEqual(data);
    expect((await call(rest, "PATCH", CONFERENCES, data)).json().data).toEqual(data);
    expect(rest.commits()).toBe(commits);
  });

  test.each([
    ["application/json", undefined],
    ["application/json; charset=UTF-8", undefined],
    ["APPLICATION/JSON", undefined],
    ["application/x-www-form-urlencoded", undefined],
    [undefined, undefined],
    ["application/json", "\ufeff"],
  ])("takes JSON sent as %s", async (contentType, before = "") => {
    const rest = await openRestApp();
    const response = await rest.app.inject({
      method: "PATCH",
      url: CONFERENCES,
      headers: contentType === undefined ? {} : { "content-type": contentType },
      payload: Buffer.from(`${before}{"data":{"pin_timeout":3000},"auth_token":"ignored"}`),
    });
    expect(response.statusCode).toBe(200);
    expect(await rest.services.stored("leaf", "conferences")).toEqual({ pin_timeout: 3_000 });
  });

  const EMPTY_BODIES: readonly Record<string, string>[] = [
    {},
    { "content-length": "0" },
    ...[
      "application/json",
      "application/x-www-form-urlencoded",
      "text/plain",
      "text/html; charset=latin1",
      "multipart/form-data",
      "nonsense",
      "",
    ].map((type) => ({ "content-type": type, "content-length": "0" })),
  ];

  test.each(EMPTY_BODIES)("a PUT or POST without anything in its body sets nothing: %o", async (headers) => {
    const rest = await openRestApp();
    for (const [method, status] of [
      ["PUT", 201],
      ["POST", 200],
    ] as const) {
      await rest.services.set("leaf", "conferences", { pin_timeout: 8 });
      const response = await rest.app.inject({ method, url: CONFERENCES, headers });
      expect([method, response.statusCode]).toEqual([method, status]);
      expect(response.json().data.pin_timeout).toBe(5_000);
      expect(await rest.services.stored("leaf", "conferences")).toBeUndefined();
    }
  });

  test("a body of no length that comes in chunks is an empty one", async () => {
    const rest = await openRestApp();
    await rest.services.set("leaf", "conferences", { pin_timeout: 8 });
    const origin = await rest.app.listen({ host: "127.0.0.1", port: 0 });
    const body = new ReadableStream({ start: (controller) => controller.close() });
    const init = { method: "POST", body, duplex: "half", headers: { "content-type": "text/plain" } };
    const response = await fetch(origin + CONFERENCES, init as RequestInit);
    expect(response.status).toBe(200);
    expect(await rest.services.stored("leaf", "conferences")).toBeUndefined();
  });

  test("a PATCH has to have a body, and a body that is not empty has to have data", async () => {
    const rest = await openRestApp();
    await rest.services.set("leaf", "conferences", { pin_timeout: 8 });
    expect((await call(rest, "PATCH", CONFERENCES)).statusCode).toBe(400);
    for (const method of ["PUT", "POST", "PATCH"] as const) {
      for (const payload of ["{}", "null", " ", '{"data":null}']) {
        const headers = { "content-type": "application/json" };
        const response = await rest.app.inject({ method, url: CONFERENCES, headers, payload });
        expect([method, payload, response.statusCode]).toEqual([method, payload, 400]);
      }
    }
    expect(await rest.services.stored("leaf", "conferences")).toEqual({ pin_timeout: 8 });
  });

  test.each(["PUT", "POST", "PATCH"] as const)(
    "%s passes over what KAZOO's own pages add",
    async (method) => {
      const rest = await openRestApp();
      const notes = { version: "4.3", ui: "monster-ui", origin: "accounts" };
      const data = { pin_timeout: 1, id: "configs_conferences", ui_metadata: notes };
      const response = await call(rest, method, CONFERENCES, data);
      expect(response.statusCode).toBe(method === "PUT" ? 201 : 200);
      expect(response.json().data).not.toHaveProperty("ui_metadata");
      expect(await rest.services.stored("leaf", "conferences")).toEqual({ pin_timeout: 1 });
      const nested = await call(rest, method, CONFERENCES, { profiles: 1, deeper: { ui_metadata: notes } });
      expect(nested.statusCode).toBe(400);
    },
  );

  test("what KAZOO's pages add is a setting where a schema names it, and nowhere else", async () => {
    const rest = await openRestApp(
      schemaFolder({
        "account_config.named": {
          properties: { ui_metadata: { type: "object", additionalProperties: true } },
        },
        "account_config.open": { additionalProperties: true },
      }),
    );
    const data = { ui_metadata: { a: 1 } };
    await call(rest, "PUT", configUrl("leaf", "named"), data);
    expect(await rest.services.stored("leaf", "named")).toEqual(data);
    expect((await call(rest, "PUT", configUrl("leaf", "named"), { ui_metadata: 1 })).statusCode).toBe(400);
    expect((await call(rest, "PUT", configUrl("leaf", "open"), data)).statusCode).toBe(201);
    expect(await rest.services.stored("leaf", "open")).toBeUndefined();
    expect((await call(rest, "PUT", configUrl("leaf", "nothing"), data)).statusCode).toBe(404);
    expect((await call(rest, "PUT", configUrl("nobody", "named"), data)).statusCode).toBe(404);
  });
});

describe("etags", () => {
  test("are on every success, strong, and those of the config", async () => {
    const rest = await openRestApp();
    for (const method of ["GET", "HEAD", "PUT", "POST", "PATCH", "DELETE"] as const) {
      const body = method === "GET" || method === "HEAD" ? undefined : { pin_timeout: 7 };
      const response = await call(rest, method, CONFERENCES, body);
      expect(response.headers.etag).toBe(`"${(await rest.services.read("leaf", "conferences")).etag}"`);
    }
  });

  test("If-None-Match saves the body", async () => {
    const rest = await openRestApp();
    const { etag } = await rest.services.read("leaf", "conferences");
    const ask = (header: string) => call(rest, "GET", CONFERENCES, undefined, { "if-none-match": header });
    for (const header of [`"${etag}"`, `W/"${etag}"`, `"a", W/"b" , "${etag}"`, "*"]) {
      const response = await ask(header);
      expect([response.statusCode, response.payload]).toEqual([304, ""]);
      expect(response.headers.etag).toBe(`"${etag}"`);
    }
    for (const header of [`"${etag}x"`, '"a"', etag, ""]) expect((await ask(header)).statusCode).toBe(200);
    await rest.services.set("leaf", "conferences", { pin_timeout: 1 });
    expect((await ask(`"${etag}"`)).statusCode).toBe(200);
  });

  test("If-Match lets a write happen on a state that it names, or not at all", async () => {
    const rest = await openRestApp();
    for (const method of ["PUT", "POST", "PATCH", "DELETE"] as const) {
      await rest.services.set("leaf", "conferences", { pin_timeout: 1 });
      const { etag } = await rest.services.read("leaf", "conferences");
      const write = (header: string) =>
        call(rest, method, CONFERENCES, { pin_timeout: 2 }, { "if-match": header });
      const commits = rest.commits();
      for (const header of ['"stale"', `W/"${etag}"`, etag, '"a", "b"', "", '"']) {
        const response = await write(header);
        expect(response.statusCode).toBe(412);
        expectEnvelope(response.json(), 412);
        expect(response.headers.etag).toBe(`"${etag}"`);
        expect(response.json().data).toEqual({ etag });
      }
      expect(rest.commits()).toBe(commits);
      expect((await write(`"stale", "${etag}"`)).statusCode).toBeLessThan(300);
      expect(rest.commits()).toBe(commits + 1);
      expect((await write("*")).statusCode).toBeLessThan(300);
    }
  });

  test("of two writes on the same state one happens", async () => {
    const rest = await openRestApp();
    const { etag } = await rest.services.read("leaf", "conferences");
    const statuses = await Promise.all(
      Array.from({ length: 8 }, async (_, i) => {
        const headers = { "if-match": `"${etag}"` };
        return (await call(rest, "PATCH", CONFERENCES, { pin_timeout: i }, headers)).statusCode;
      }),
    );
    expect(statuses.sort()).toEqual([200, ...Array(7).fill(412)]);
  });

  test("a write with If-None-Match is refused, not done without its condition", async () => {
    const rest = await openRestApp();
    const response = await call(rest, "PUT", CONFERENCES, { pin_timeout: 2 }, { "if-none-match": "*" });
    expect(response.statusCode).toBe(400);
    expect(rest.commits()).toBe(3);
  });
});

describe("methods", () => {
  test("HEAD answers as GET does, without the body", async () => {
    const rest = await openRestApp();
    for (const url of [CONFERENCES, "/v2/accounts/leaf/configs", "/v2/openapi.json"]) {
      const [get, head] = [await call(rest, "GET", url), await call(rest, "HEAD", url)];
      expect(head.statusCode).toBe(200);
      expect(head.payload).toBe("");
      for (const name of ["etag", "content-type"]) expect(head.headers[name]).toBe(get.headers[name]);
    }
  });

  test.each([
    [CONFERENCES, "GET, HEAD, PUT, POST, PATCH, DELETE, OPTIONS"],
    ["/v2/accounts/leaf/configs", "GET, HEAD, OPTIONS"],
    ["/v2/openapi.json", "GET, HEAD, OPTIONS"],
  ])("%s takes %s; the rest is 405", async (url, allow) => {
    const rest = await openRestApp();
    const options = await call(rest, "OPTIONS", url);
    expect([options.statusCode, options.headers.allow, options.payload]).toEqual([204, allow, ""]);
    const others = ["PUT", "POST", "PATCH", "DELETE", "TRACE", "PROPFIND", "LINK", "SEARCH"].filter(
      (method) => !allow.includes(method),
    );
    for (const method of others) {
      const response = await rest.app.inject({ method: method as "PUT", url, payload: "{" });
      expect([method, response.statusCode, response.headers.allow]).toEqual([method, 405, allow]);
      expectEnvelope(response.json(), 405);
    }
  });

  test.each(["/v2", "/v2/", "/v2/accounts", "/v2/accounts/leaf/configs/a/b", "/v2/users?x=1"])(
    "at %s there is nothing",
    async (url) => {
      const rest = await openRestApp();
      for (const method of ["GET", "POST", "OPTIONS", "PROPFIND"] as const) {
        const response = await rest.app.inject({ method: method as "GET", url });
        expect(response.statusCode).toBe(404);
        expectEnvelope(response.json(), 404);
      }
    },
  );

  test("a slash at the end of a path is trimmed, one and no more", async () => {
    const rest = await openRestApp();
    for (const path of [CONFERENCES, "/v2/accounts/leaf/configs", "/v2/openapi.json"]) {
      for (const query of ["", "?provenance=true"]) {
        const headers = { "x-request-id": "same" };
        const [plain, slashed] = [
          await call(rest, "GET", path + query, undefined, headers),
          await call(rest, "GET", `${path}/${query}`, undefined, headers),
        ];
        expect(slashed.statusCode).toBe(200);
        expect(slashed.payload).toBe(plain.payload);
      }
      const options = await call(rest, "OPTIONS", `${path}/`);
      expect(options.headers.allow).toBe((await call(rest, "OPTIONS", path)).headers.allow);
      expect((await call(rest, "HEAD", `${path}/`)).statusCode).toBe(200);
      for (const method of ["GET", "POST", "DELETE", "OPTIONS"] as const)
        expect((await call(rest, method, `${path}//`)).statusCode).toBe(404);
    }
    for (const [method, status] of [
      ["PUT", 201],
      ["POST", 200],
      ["PATCH", 200],
      ["DELETE", 200],
    ] as const) {
      const response = await call(rest, method, `${CONFERENCES}/`, { pin_timeout: 7 });
      expect([response.statusCode, response.headers.location]).toEqual([
        status,
        method === "PUT" ? CONFERENCES : undefined,
      ]);
    }
    for (const path of ["/v2//accounts/leaf/configs", "/v2/accounts//configs", "/v2/accounts/leaf//configs"])
      expect((await call(rest, "GET", path)).statusCode).toBe(404);
  });

  test("other paths are not this face's", async () => {
    const rest = await openRestApp();
    expect((await call(rest, "GET", "/v2x")).json()).toHaveProperty("errors");
    expect((await call(rest, "GET", "/nothing")).json()).toHaveProperty("errors");
  });
});
