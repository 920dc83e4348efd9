import { describe, expect, test } from "vitest";
import { EventReader } from "./event-reader.js";
import { CHANGES, LiveApp, OF_ACME, type Told } from "./live-app.js";

interface Change {
  readonly data: { readonly configChanged: Told };
}

describe("server-sent events", () => {
  test("carry a snapshot, and then a change that was made through REST", async () => {
    const live = await LiveApp.forTest();
    const reader = await EventReader.operation(`${live.origin}/graphql`, CHANGES, OF_ACME, {
      "accept-encoding": "gzip, br",
    });
    expect(reader.response.status).toBe(200);
    const { headers } = reader.response;
    expect(headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    expect(headers.get("cache-control")).toBe("no-store");
    expect(headers.get("x-accel-buffering")).toBe("no");
    expect(headers.get("content-encoding")).toBeNull();
    const first = await reader.next<Change>();
    expect(first.result.data.configChanged).toMatchObject({
      snapshot: true,
      config: { id: "acme/conferences" },
    });
    expect(first.id).toBe(first.result.data.configChanged.cursor);
    await live.write({ pin_timeout: 5_001 });
    const second = await reader.next<Change>();
    expect(second.result.data.configChanged).toMatchObject({
      snapshot: false,
      config: { values: { pin_timeout: 5_001 } },
    });
    expect(second.id).toBe(second.result.data.configChanged.cursor);
    expect(second.id).not.toBe(first.id);
    await reader.close();
    await expect
      .poll(() => live.logged("stream ended"))
      .toMatchObject([{ transport: "sse", messages: 2, end: "client left" }]);
    expect(
      live.logged("request").filter(({ operationType }) => operationType === "subscription"),
    ).toMatchObject([{ status: 200, rootFields: ["configChanged"], outcomes: ["ok"] }]);
  });

  test("carry the id of an event also where the client does not select the cursor", async () => {
    const live = await LiveApp.forTest();
    const reader = await EventReader.operation(
      `${live.origin}/graphql`,
      `subscription { configChanged(accountId: "acme", configIds: ["conferences"]) { snapshot } }`,
    );
    const { id, result } = await reader.next();
    expect(id).toEqual(expect.any(String));
    expect(result).toEqual({ data: { configChanged: { snapshot: true } } });
  });

  test("come by GET to an EventSource, which sends no other header", async () => {
    const live = await LiveApp.forTest();
    const search = new URLSearchParams({ query: CHANGES, variables: JSON.stringify(OF_ACME) });
    const reader = await EventReader.open(`${live.origin}/graphql?${search}`);
    expect((await reader.next<Change>()).result.data.configChanged.snapshot).toBe(true);
  });

  test("come by GET to no page of another site", async () => {
    const live = await LiveApp.forTest();
    const url = `${live.origin}/graphql?${new URLSearchParams({ query: CHANGES, variables: JSON.stringify(OF_ACME) })}`;
    const ask = async (headers: Record<string, string>) =>
      (await EventReader.open(url, { headers })).response.status;
    expect(await ask({ origin: "https://evil.example" })).toBe(400);
    expect(await ask({ "sec-fetch-site": "cross-site" })).toBe(400);
    expect(await ask({ origin: "https://app.example", "sec-fetch-site": "cross-site" })).toBe(200);
    expect(await ask({ origin: live.origin, "sec-fetch-site": "same-origin" })).toBe(200);
  });

  test("show a sign of life with the cursor while nothing changes", async () => {
    const live = await LiveApp.forTest({}, { keepAlive: 20 });
    const reader = await EventReader.operation(`${live.origin}/graphql`, CHANGES, OF_ACME);
    const { id } = await reader.next<Change>();
    expect(await reader.block()).toEqual({ comment: "alive", id });
    expect(await reader.block()).toEqual({ comment: "alive", id });
  });

  test("begin anew where `Last-Event-ID` is empty: nothing was told before, at both faces", async () => {
    const live = await LiveApp.forTest();
    const headers = { "last-event-id": "" };
    const reader = await EventReader.operation(`${live.origin}/graphql`, CHANGES, OF_ACME, headers);
    expect((await reader.next<Change>()).result.data.configChanged.snapshot).toBe(true);
    const path = "/v2/accounts/acme/configs/conferences/stream";
    const rest = await EventReader.open(live.origin + path, { headers });
    expect(JSON.parse((await rest.event())?.data ?? "")).toMatchObject({ snapshot: true });
  });

  test("go on where `Last-Event-ID` says, unless the operation says where", async () => {
    const live = await LiveApp.forTest();
    const url = `${live.origin}/graphql`;
    const refused = async (variables: object, id: string) => {
      const reader = await EventReader.operation(url, CHANGES, variables, { "last-event-id": id });
      return (await reader.next<{ errors?: { extensions: { code: string } }[] }>()).result.errors?.[0]
        ?.extensions;
    };
    const { id = "" } = await (await EventReader.operation(url, CHANGES, OF_ACME)).next();
    expect(await refused(OF_ACME, "no cursor")).toMatchObject({ code: "BAD_USER_INPUT", pointer: "/since" });
    const resumed = EventReader.operation(
      url,
      CHANGES,
      { ...OF_ACME, since: id },
      { "last-event-id": "no cursor" },
    );
    await live.write({ pin_timeout: 5_002 });
    expect((await (await resumed).next<Change>()).result.data.configChanged).toMatchObject({
      snapshot: false,
      config: { values: { pin_timeout: 5_002 } },
    });
    expect(await refused({ ...OF_ACME, since: "no cursor" }, id)).toMatchObject({ code: "BAD_USER_INPUT" });
  });

  test("carry the one result of a query or a mutation, and then `complete`", async () => {
    const live = await LiveApp.forTest();
    const url = `${live.origin}/graphql`;
    const query = `{ config(accountId: "acme", configId: "conferences") { value(at: "/pin_timeout") } }`;
    for (let time = 1; time <= 4; time++) {
      const reader = await EventReader.operation(url, query);
      expect((await reader.next()).result).toEqual({ data: { config: { value: 3_000 } } });
      expect(await reader.event()).toEqual({ event: "complete", data: "" });
      expect(await reader.event()).toBeUndefined();
    }
    const mutation = `mutation { patchConfig(input: { accountId: "acme", configId: "conferences", patch: { pin_timeout: 7 } }) { __typename } }`;
    const written = await EventReader.operation(url, mutation);
    expect((await written.next()).result).toEqual({ data: { patchConfig: { __typename: "ConfigWritten" } } });
    const byGet = await EventReader.open(`${url}?${new URLSearchParams({ query: mutation })}`);
    expect(byGet.response.status).toBe(405);
  });

  test.each<[string, string, object, string]>([
    ["does not parse", "subscription {", {}, "GRAPHQL_PARSE_FAILED"],
    ["is not valid", "subscription { nothing }", {}, "GRAPHQL_VALIDATION_FAILED"],
    [
      "has two root fields",
      `subscription { ${"abc"
        .split("")
        .map((a) => `${a}: configChanged(accountId: "acme") { cursor }`)
        .join(" ")} }`,
      {},
      "GRAPHQL_VALIDATION_FAILED",
    ],
    [
      "may have no root field",
      `subscription ($no: Boolean! = true) { configChanged(accountId: "acme") @skip(if: $no) { cursor } }`,
      {},
      "GRAPHQL_VALIDATION_FAILED",
    ],
    [
      "may have no root field in a fragment",
      `subscription ($no: Boolean!) { ...A } fragment A on Subscription { ...A ... { configChanged(accountId: "acme") @ include(if: $no) { cursor } } }`,
      {},
      "GRAPHQL_VALIDATION_FAILED",
    ],
    ["lacks a variable", CHANGES, {}, "BAD_USER_INPUT"],
    ["is of an account that is not there", CHANGES, { accountId: "nobody" }, "ACCOUNT_NOT_FOUND"],
    [
      "is too dear",
      `subscription { configChanged(accountId: "acme") { config { ${Array.from({ length: 60 }, (_, n) => `a${n}: account { configs { fields { pointer value } } }`).join(" ")} } } }`,
      {},
      "QUERY_TOO_COMPLEX",
    ],
  ])("tell why a subscription does not begin that %s", async (_, query, variables, code) => {
    const live = await LiveApp.forTest();
    const reader = await EventReader.operation(`${live.origin}/graphql`, query, variables);
    const { result } = await reader.next<{ errors: { extensions: { code: string } }[]; data?: unknown }>();
    expect(result.errors[0]?.extensions.code).toBe(code);
    expect(result.data ?? null).toBeNull();
    expect(await reader.event()).toEqual({ event: "complete", data: "" });
    expect(await reader.event()).toBeUndefined();
  });
});

test.each(["application/json", "application/graphql-response+json", "*/*", undefined])(
  "a subscription is refused to a client that accepts %s, and told how to send it",
  async (accept) => {
    const live = await LiveApp.forTest();
    for (let time = 1; time <= 2; time++) {
      const { status, text } = await live.app.client.send(
        JSON.stringify({ query: CHANGES, variables: OF_ACME }),
        accept === undefined ? {} : { accept },
      );
      expect(status).toBe(accept === "application/json" ? 200 : 400);
      expect(JSON.parse(text)).toEqual({
        errors: [
          {
            message: expect.stringMatching(/text\/event-stream.*multipart\/mixed.*graphql-transport-ws/),
            extensions: { code: "BAD_USER_INPUT" },
          },
        ],
      });
    }
  },
);
