import { createHash } from "node:crypto";
import { once } from "node:events";
import { SignJWT } from "jose";
import { describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { yieldInBackground } from "../../../../src/service/yield-to-event-loop.js";
import { RawClient, request as rawRequest } from "../../../http/raw-client.js";
import { SECRET, TOKEN_ACCESS } from "../../../http/token-access.js";
import { CHANGES, LiveApp, OF_ACME } from "./live-app.js";
import { SocketClient } from "./socket-client.js";

function token(seconds = 3_600, claims: Record<string, unknown> = { superadmin: true }): Promise<string> {
  const now = Math.floor(Date.now() / 1_000);
  return new SignJWT(claims)
    .setProtectedHeader({ alg: "HS256", typ: "JWT" })
    .setSubject("ada")
    .setIssuedAt(now - 1)
    .setExpirationTime(now + seconds)
    .sign(new TextEncoder().encode(SECRET));
}

const codeOf = (payload: unknown) => (payload as { extensions: { code: string } }[])[0]?.extensions.code;

describe("a WebSocket", () => {
  test("carries a snapshot, and then a change that was made through REST", async () => {
    const live = await LiveApp.forTest();
    const client = await SocketClient.ready(live.origin);
    client.subscribe("1", CHANGES, OF_ACME);
    expect(await client.message()).toMatchObject({
      id: "1",
      type: "next",
      payload: { data: { configChanged: { snapshot: true } } },
    });
    await live.write({ pin_timeout: 5_001 });
    expect(await client.message()).toMatchObject({
      id: "1",
      type: "next",
      payload: { data: { configChanged: { snapshot: false, config: { values: { pin_timeout: 5_001 } } } } },
    });
    client.send({ id: "1", type: "complete" });
    await expect
      .poll(() => live.logged("stream ended"))
      .toMatchObject([{ transport: "websocket", messages: 2 }]);
    client.subscribe("1", "{ __typename }");
    expect(await client.message()).toMatchObject({
      id: "1",
      type: "next",
      payload: { data: { __typename: "Query" } },
    });
    expect(await client.message()).toEqual({ id: "1", type: "complete" });
    expect(live.logged("operation")).toMatchObject([
      { rootFields: ["configChanged"], outcomes: ["ok"], subject: "anonymous" },
      { rootFields: ["__typename"], outcomes: ["ok"] },
    ]);
    expect(live.logged("request").find(({ status }) => status === 101)).toMatchObject({ path: "/graphql" });
  });

  test.each([
    ["all that can be selected", ""],
    ["an error beside data", `history(first: 100000) { nodes { revision } }`],
  ])(
    "carries the same to the many as to the one, whose subscription is not compiled: %s",
    async (_, more) => {
      const live = await LiveApp.forTest();
      const client = await SocketClient.ready(live.origin);
      const query = `subscription { configChanged(accountId: "acme", configIds: ["conferences"]) {
      __typename cursor snapshot bookmark reset movedLayers changes { pointer before after sourceBefore sourceAfter }
      config { id etag values fields { pointer value source { kind account { id } } } layers { kind document } problems { pointer } ${more} }
    } }`;
      const told = async (ids: readonly string[]) => {
        const messages = [];
        for (const _ of ids) messages.push(await client.message());
        return messages.sort((a, b) => String(a.id).localeCompare(String(b.id)));
      };
      const many = ["1", "2", "3", "4", "5"];
      for (const id of [...many, "one"]) {
        client.subscribe(id, id === "one" ? `${query} # the one` : query);
        expect(await told([id])).toMatchObject([{ type: "next" }]);
      }
      await live.write({ pin_timeout: 5_001 });
      const payloads = (await told([...many, "one"])).map(({ payload }) => payload);
      expect(payloads[0]).toMatchObject({
        data: { configChanged: { snapshot: false, movedLayers: ["ACCOUNT"] } },
      });
      expect("errors" in (payloads[0] as object)).toBe(more !== "");
      for (const payload of payloads) expect(JSON.stringify(payload)).toBe(JSON.stringify(payloads.at(-1)));
    },
  );

  test("carries queries and mutations, also persisted ones", async () => {
    const live = await LiveApp.forTest();
    const client = await SocketClient.ready(live.origin);
    const query = `{ config(accountId: "acme", configId: "conferences") { value(at: "/pin_timeout") } }`;
    const persisted = {
      extensions: {
        persistedQuery: { version: 1, sha256Hash: createHash("sha256").update(query).digest("hex") },
      },
    };
    client.subscribe("a", "", {}, persisted);
    expect(codeOf((await client.message()).payload)).toBe("PERSISTED_QUERY_NOT_FOUND");
    for (const text of [query, ""]) {
      client.subscribe("a", text, {}, persisted);
      expect((await client.message()).payload).toEqual({ data: { config: { value: 3_000 } } });
      expect(await client.message()).toEqual({ id: "a", type: "complete" });
    }
    client.subscribe(
      "m",
      `mutation { patchConfig(input: { accountId: "acme", configId: "conferences", patch: { pin_timeout: 7 } }) { __typename } }`,
    );
    expect((await client.message()).payload).toEqual({
      data: { patchConfig: { __typename: "ConfigWritten" } },
    });
  });

  test.each<[string, string, object, string]>([
    ["does not parse", "subscription {", {}, "GRAPHQL_PARSE_FAILED"],
    ["is not valid", "{ nothing }", {}, "GRAPHQL_VALIDATION_FAILED"],
    ["lacks a variable", CHANGES, {}, "BAD_USER_INPUT"],
    ["is of an account that is not there", CHANGES, { accountId: "nobody" }, "ACCOUNT_NOT_FOUND"],
    ["has too many levels", `{ a(b: ${"[".repeat(200)}${"]".repeat(200)}) }`, {}, "QUERY_TOO_COMPLEX"],
  ])("tells why an operation does not begin that %s, and goes on", async (_, query, variables, code) => {
    const live = await LiveApp.forTest();
    const client = await SocketClient.ready(live.origin);
    client.subscribe("1", query, variables);
    const { type, payload } = await client.message();
    expect([type, codeOf(payload)]).toEqual(["error", code]);
    client.subscribe("1", "{ __typename }");
    expect(await client.message()).toMatchObject({ type: "next" });
  });
});

describe("the caller of a WebSocket", () => {
  test.each<[string, (token: string) => [object | undefined, Record<string, string>]]>([
    ["`Authorization` of connection_init", (text) => [{ Authorization: `Bearer ${text}` }, {}]],
    ["`authorization` of connection_init", (text) => [{ authorization: `Bearer ${text}` }, {}]],
    ["`X-Auth-Token` of connection_init", (text) => [{ "X-Auth-Token": text }, {}]],
    ["`token` of connection_init", (text) => [{ token: text }, {}]],
    ["a header of the upgrade", (text) => [undefined, { authorization: `Bearer ${text}` }]],
  ])("is told by %s", async (_, given) => {
    const live = await LiveApp.forTest({ access: TOKEN_ACCESS });
    const [params, headers] = given(await token());
    const client = await SocketClient.ready(live.origin, params, headers);
    client.subscribe("1", "{ viewer { subject } }");
    expect((await client.message()).payload).toEqual({ data: { viewer: { subject: "ada" } } });
  });

  test.each<[string, () => Promise<object | undefined>, () => Promise<Record<string, string>>]>([
    ["no token", async () => undefined, async () => ({})],
    ["a token that is none", async () => ({ token: "a.b.c" }), async () => ({})],
    ["a token that has ended", async () => ({ token: await token(-60) }), async () => ({})],
    [
      "two tokens that differ",
      async () => ({ token: await token(100) }),
      async () => ({ authorization: `Bearer ${await token(200)}` }),
    ],
  ])("is refused with 4401 for %s", async (_, params, headers) => {
    const live = await LiveApp.forTest({ access: TOKEN_ACCESS });
    const client = await SocketClient.open(live.origin, await headers());
    client.send({ type: "connection_init", payload: (await params()) ?? {} });
    expect(await client.end()).toMatchObject({ code: 4401 });
  });

  test("is cut off with 4401 when the token ends", async () => {
    const live = await LiveApp.forTest({ access: TOKEN_ACCESS });
    const client = await SocketClient.ready(live.origin, { token: await token(3) });
    client.subscribe("1", CHANGES, OF_ACME);
    expect(await client.message()).toMatchObject({ type: "next" });
    expect(await client.end()).toMatchObject({ code: 4401 });
  });

  test("is refused before the upgrade for a bad token in its headers, with the challenge's status", async () => {
    const live = await LiveApp.forTest({ access: TOKEN_ACCESS });
    const { status, body } = await SocketClient.refused(live.origin, { authorization: "Bearer a.b.c" });
    expect(status).toBe(401);
    expect(JSON.parse(body).errors[0].extensions.code).toBe("UNAUTHENTICATED");
  });
});

describe("an upgrade", () => {
  test.each([
    ["of another site", "https://evil.example", 403],
    ["without a name", "null", 403],
    ["of another port of this machine", "http://127.0.0.1:1", 403],
  ])("from a page %s is refused", async (_, origin, expected) => {
    const live = await LiveApp.forTest();
    const { status, body, headers } = await SocketClient.refused(live.origin, { origin });
    expect(status).toBe(expected);
    expect(JSON.parse(body).errors[0]).toMatchObject({
      message: expect.stringContaining("STRATA_CORS_ORIGINS"),
      extensions: { code: "FORBIDDEN" },
    });
    expect(headers["x-content-type-options"]).toBe("nosniff");
    expect(live.logged("request").at(-1)).toMatchObject({ status: 403, path: "/graphql" });
  });

  test("from a page of a listed origin, or of its own, is taken", async () => {
    const live = await LiveApp.forTest();
    for (const origin of ["https://app.example", live.origin])
      await SocketClient.open(live.origin, { origin });
  });

  test("under another name than this machine's is refused where everybody may do everything", async () => {
    const live = await LiveApp.forTest();
    expect((await SocketClient.refused(live.origin, { host: "evil.example" })).status).toBe(421);
  });

  test("to another protocol, or of another path, is answered as if it had not been asked for", async () => {
    const live = await LiveApp.forTest();
    const body = JSON.stringify({ query: "{ __typename }" });
    const asking = (upgrade: string) => ({ Connection: "Upgrade, HTTP2-Settings", Upgrade: upgrade });
    const raw = new RawClient(live.port);
    raw.write(rawRequest("POST", "/graphql", body, asking("h2c")));
    expect(await raw.answer()).toMatchObject({ status: 200, body: expect.stringContaining('"Query"') });
    raw.write(rawRequest("GET", "/health/live", undefined, asking("websocket")));
    expect(await raw.answer()).toMatchObject({ status: 200 });
    raw.write(rawRequest("GET", "/health/live"));
    expect(await raw.answer()).toMatchObject({ status: 200 });
    raw.destroy();
  });
});

describe("abuse of a WebSocket", () => {
  test.each<[string, (client: SocketClient) => void, number]>([
    ["text that is no JSON", ({ socket }) => socket.send("{"), 4400],
    ["a message of no known type", (client) => client.send({ type: "hello" }), 4400],
    ["a binary frame", ({ socket }) => socket.send(Buffer.from("{}")), 1003],
    ["a frame over 1 MiB", ({ socket }) => socket.send("x".repeat(2 ** 20 + 1)), 1009],
    [
      "a number that would become 0",
      ({ socket }) => socket.send(`{"type":"ping","payload":{"a":1e-400}}`),
      4400,
    ],
    ["a second connection_init", (client) => client.send({ type: "connection_init" }), 4429],
    [
      "two operations of one id",
      (client) => ["1", "1"].map((id) => client.subscribe(id, CHANGES, OF_ACME)),
      4409,
    ],
    [
      "a frame that is none",
      ({ socket }) => (socket as unknown as { _socket: NodeJS.WritableStream })._socket.write("\xff\xff\xff"),
      1002,
    ],
  ])("closes it for %s", async (_, abuse, code) => {
    const live = await LiveApp.forTest();
    const client = await SocketClient.ready(live.origin);
    abuse(client);
    expect((await client.end()).code).toBe(code);
    expect((await fetch(`${live.origin}/health/live`)).status).toBe(200);
    expect(live.logged("unexpected error")).toEqual([]);
  });

  test("closes it for an operation before connection_init, and for none at all", async () => {
    const live = await LiveApp.forTest();
    const early = await SocketClient.open(live.origin);
    early.subscribe("1", "{ __typename }");
    expect((await early.end()).code).toBe(4401);
    const silent = await SocketClient.open(live.origin);
    expect((await silent.end()).code).toBe(4408);
  });

  test("closes one of another subprotocol", async () => {
    const live = await LiveApp.forTest();
    const socket = new WebSocket(`${live.origin.replace("http", "ws")}/graphql`);
    const [code] = await once(socket, "close");
    expect(code).toBe(4406);
  });

  test("refuses subscriptions over the limits, and takes others when some have ended", async () => {
    const live = await LiveApp.forTest({ subscriptionsPerConnection: 3, subscriptionsPerCaller: 4 });
    const one = await SocketClient.ready(live.origin);
    const other = await SocketClient.ready(live.origin);
    const begin = async (client: SocketClient, id: string) => {
      client.subscribe(id, CHANGES, OF_ACME);
      const { type, payload } = await client.message();
      return type === "next" ? "begun" : (payload as { extensions: object }[])[0]?.extensions;
    };
    for (const id of ["1", "2", "3"]) expect(await begin(one, id)).toBe("begun");
    const refused = { code: "RATE_LIMITED", limit: "subscriptions" };
    expect(await begin(one, "4")).toMatchObject(refused);
    expect(await begin(other, "1")).toBe("begun");
    expect(await begin(other, "2")).toMatchObject(refused);
    one.send({ id: "1", type: "complete" });
    await expect.poll(() => live.logged("stream ended").length).toBe(1);
    expect(await begin(other, "2")).toBe("begun");
    one.socket.terminate();
    await expect.poll(() => live.logged("stream ended").length).toBe(3);
  });

  test("ends one whose peer is gone without a word, and one whose peer reads nothing", async () => {
    const live = await LiveApp.forTest({}, { keepAlive: 50, stall: 300 });
    const client = await SocketClient.ready(live.origin);
    client.subscribe("1", CHANGES, OF_ACME);
    await client.message();
    client.socket.pause();
    await expect.poll(() => live.logged("stream ended").length, { timeout: 5_000 }).toBe(1);
  });
});

describe("a WebSocket with many subscriptions that is gone", () => {
  const [MANY, AT_ONCE] = [400, 100];
  const LIMITS = { subscriptionsPerConnection: MANY, subscriptionsPerCaller: MANY };

  /** @returns the types of the first messages */
  async function subscribeToAll(client: SocketClient): Promise<string[]> {
    const types = [];
    // More would be refused while they wait.
    for (let from = 0; from < MANY; from += AT_ONCE) {
      for (let id = from; id < from + AT_ONCE; id++) client.subscribe(String(id), CHANGES, OF_ACME);
      for (let id = from; id < from + AT_ONCE; id++) types.push((await client.message()).type);
    }
    return types;
  }

  const countEnded = ({ app }: LiveApp) => app.log.filter((line) => line.includes("stream ended")).length;

  test("leaves others room between the ends of its subscriptions", async () => {
    const live = await LiveApp.forTest(LIMITS);
    const client = await SocketClient.ready(live.origin);
    await subscribeToAll(client);
    client.socket.terminate();
    let [ended, mostInOneTurn] = [0, 0];
    while (ended < MANY) {
      await new Promise(setImmediate);
      const now = countEnded(live);
      mostInOneTurn = Math.max(mostInOneTurn, now - ended);
      ended = now;
    }
    expect(mostInOneTurn).toBeLessThan(MANY / 4);
  });

  test("leaves the caller its places at once, however long the ends take", async () => {
    const live = await LiveApp.forTest(LIMITS);
    const [client, next] = [await SocketClient.ready(live.origin), await SocketClient.ready(live.origin)];
    await subscribeToAll(client);
    let isBusy = true;
    const busy = (async () => {
      while (isBusy) {
        await yieldInBackground();
        for (const startedAt = performance.now(); performance.now() - startedAt < 2; );
      }
    })();
    client.socket.terminate();
    await expect.poll(() => countEnded(live), { interval: 1 }).toBeGreaterThan(0);
    expect(countEnded(live)).toBeLessThan(MANY);
    expect(new Set(await subscribeToAll(next))).toEqual(new Set(["next"]));
    isBusy = false;
    await busy;
    await expect.poll(() => countEnded(live)).toBe(MANY);
  });
});

test("a WebSocket ends cleanly when the server is stopped, with a code that says to connect again", async () => {
  const live = await LiveApp.forTest();
  const client = await SocketClient.ready(live.origin);
  client.subscribe("1", CHANGES, OF_ACME);
  await client.message();
  await Promise.all([client.end().then(({ code }) => expect(code).toBe(1012)), live.app.app.close()]);
});
