import { createHash } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { EventReader, type ServerEvent } from "../graphql/server/stream/event-reader.js";
import { LiveApp } from "../graphql/server/stream/live-app.js";
import { TOKEN_ACCESS } from "../http/token-access.js";
import { tokenFor } from "./ask-flags.js";

interface Bulk {
  readonly tag: string;
  readonly status: number;
  readonly url: string;
  readonly text: string;
}

async function bulk(
  live: LiveApp,
  { query = "", headers = {}, account = "acme" }: { query?: string; headers?: object; account?: string } = {},
): Promise<Bulk> {
  const response = await fetch(`${live.origin}/ofrep/v1/evaluate/flags${query}`, {
    method: "POST",
    // A compressed answer has a tag of its own.
    headers: { "content-type": "application/json", "accept-encoding": "identity", ...headers },
    body: JSON.stringify({ context: { targetingKey: account } }),
  });
  const text = await response.text();
  const [stream] = text === "" ? [] : (JSON.parse(text).eventStreams ?? []);
  return { tag: response.headers.get("etag") ?? "", status: response.status, url: stream?.url, text };
}

/** The events of a stream, and whether there are any. */
class Listener {
  readonly #events: ServerEvent[] = [];

  private constructor(
    readonly reader: EventReader,
    readonly first: ServerEvent | undefined,
  ) {
    void this.#listen();
  }

  /** Returns once the server has looked whether the client has missed something. */
  static async open(url: string, headers: Record<string, string> = {}): Promise<Listener> {
    const reader = await EventReader.open(url, { headers: { "accept-encoding": "gzip", ...headers } });
    expect([reader.response.status, (await reader.block())?.comment]).toEqual([200, "connected"]);
    return new Listener(reader, await reader.block());
  }

  async next(): Promise<Record<string, unknown>> {
    await expect.poll(() => this.#events.length, { timeout: 20_000 }).toBeGreaterThan(0);
    return dataOf(this.#events.shift());
  }

  async nothing(): Promise<void> {
    await setTimeout(QUIET_MS);
    expect(this.#events).toEqual([]);
  }

  async #listen(): Promise<void> {
    try {
      for (let event = await this.reader.event(); event; event = await this.reader.event())
        this.#events.push(event);
    } catch {
      // The test is over.
    }
  }
}

const QUIET_MS = 300;
const dataOf = (event: ServerEvent | undefined) => JSON.parse(event?.data ?? "null");

async function patchSystem(
  live: LiveApp,
  config: string,
  data: unknown,
  headers: Record<string, string> = {},
): Promise<void> {
  const input = { configId: config, patch: data };
  const query = `mutation ($input: PatchSystemConfigInput!) { done: patchSystemConfig(input: $input) { __typename } }`;
  const answer = await live.app.client.post({ query, variables: { input } }, headers);
  expect(answer.data).toEqual({ done: { __typename: "ConfigWritten" } });
}

describe("the event stream of flags", () => {
  test("is told of in the bulk answer, and not twice", async () => {
    const live = await LiveApp.forTest();
    const first = await bulk(live, { query: "?configs=fax,conferences" });
    const { eventStreams } = JSON.parse(first.text);
    expect(eventStreams).toEqual([{ type: "sse", url: expect.any(String), inactivityDelaySec: 120 }]);
    const url = new URL(first.url);
    expect([url.origin, url.pathname]).toEqual([live.origin, "/ofrep/v1/event-stream"]);
    expect(url.searchParams.get("configs")).toBe("fax,conferences");
    expect(await bulk(live, { query: "?configs=fax,conferences" })).toEqual(first);
  });

  test("tells once that something has changed, with the tag of the new answer", async () => {
    const live = await LiveApp.forTest();
    const { url, tag } = await bulk(live);
    const reader = await EventReader.open(url, { headers: { "accept-encoding": "gzip" } });
    const { headers } = reader.response;
    expect(headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    expect([headers.get("cache-control"), headers.get("x-accel-buffering")]).toEqual(["no-store", "no"]);
    expect((await reader.block())?.comment).toBe("connected");
    expect(await reader.block()).toEqual({ id: JSON.parse(tag) });
    await live.write({ pin_timeout: 5_001 });
    const told = await reader.event();
    const after = await bulk(live);
    expect(after.tag).not.toBe(tag);
    expect(told).toMatchObject({ id: JSON.parse(after.tag), event: "message" });
    const lastModified = expect.any(Number);
    expect(dataOf(told)).toEqual({ type: "refetchEvaluation", etag: after.tag, lastModified });
    expect(Math.abs(dataOf(told).lastModified - Date.now() / 1_000)).toBeLessThan(60);
    await reader.close();
    await expect
      .poll(() => live.logged("stream ended"))
      .toMatchObject([{ transport: "ofrep", end: "client left", messages: 2 }]);
  });

  test("is silent while nothing has changed that the answer tells", async () => {
    const live = await LiveApp.forTest({ access: TOKEN_ACCESS });
    const admin = { authorization: `Bearer ${await tokenFor({ superadmin: true })}` };
    const headers = { authorization: `Bearer ${await tokenFor({ account_id: "acme" })}` };
    const all = await Listener.open((await bulk(live, { headers })).url);
    const narrow = await Listener.open((await bulk(live, { query: "?configs=fax", headers })).url);
    const other = await fetch(`${live.origin}/v2/accounts/globex/configs/conferences`, {
      method: "PATCH",
      headers: { "content-type": "application/json", ...admin },
      body: JSON.stringify({ data: { pin_timeout: 7_777 } }),
    });
    expect(other.status).toBe(200);
    await live.write({}, headers);
    // No account sees it.
    await patchSystem(live, "conferences", { bridge_username: "x" }, admin);
    await all.nothing();
    await live.write({ pin_timeout: 5_002 }, headers);
    expect(await all.next()).toMatchObject({ type: "refetchEvaluation" });
    await narrow.nothing();
  });

  test("tells of what the layers below say, of another reseller, and of each once", async () => {
    const live = await LiveApp.forTest();
    const account = "acme-berlin";
    const stream = await Listener.open((await bulk(live, { account })).url);
    await patchSystem(live, "conferences", { number_timeout: 6_006 });
    expect(await stream.next()).toMatchObject({ etag: (await bulk(live, { account })).tag });
    const moved = `mutation { updateAccount(input: { id: "acme", isReseller: true }) { __typename } }`;
    expect((await live.app.client.post({ query: moved })).errors).toBeUndefined();
    expect(await stream.next()).toMatchObject({ etag: (await bulk(live, { account })).tag });
    await stream.nothing();
  });

  test("tells at once of what has changed since the answer, or since the last event", async () => {
    const live = await LiveApp.forTest();
    const { url, tag } = await bulk(live);
    await live.write({ pin_timeout: 5_003 });
    const now = (await bulk(live)).tag;
    const told = { type: "refetchEvaluation", etag: now };
    const open = async (id: string) => (await Listener.open(url, { "last-event-id": id })).first;
    expect(dataOf((await Listener.open(url)).first)).toMatchObject(told);
    expect(dataOf(await open(JSON.parse(tag)))).toMatchObject(told);
    expect(dataOf(await open("of another server"))).toMatchObject(told);
    expect(await open(JSON.parse(now))).toEqual({ id: JSON.parse(now) });
  });

  test("comes to the newest answer after many changes", async () => {
    const live = await LiveApp.forTest();
    const stream = await Listener.open((await bulk(live)).url);
    for (let i = 0; i < 20; i++) await live.write({ pin_timeout: 8_000 + i });
    const last = (await bulk(live)).tag;
    let count = 0;
    for (let etag: unknown; etag !== last; count++) ({ etag } = await stream.next());
    expect(count).toBeLessThanOrEqual(20);
    await stream.nothing();
  });

  test("ends with a hint to connect again when the server is stopped", async () => {
    const live = await LiveApp.forTest();
    const reader = await EventReader.open((await bulk(live)).url);
    await reader.block();
    await reader.block();
    const closing = live.app.app.close();
    expect(await reader.block()).toEqual({ retry: expect.stringMatching(/^\d+$/) });
    expect(await reader.block()).toBeUndefined();
    await closing;
  });

  test("ends when the account goes", async () => {
    const live = await LiveApp.forTest();
    const create = `mutation { createAccount(input: { id: "brief", name: "Brief", parentId: "acme" }) { __typename } }`;
    expect((await live.app.client.post({ query: create })).errors).toBeUndefined();
    const { url } = await bulk(live, { account: "brief" });
    const reader = await EventReader.open(url);
    await reader.block();
    await reader.block();
    const remove = `mutation { deleteAccount(input: { id: "brief" }) { __typename } }`;
    expect((await live.app.client.post({ query: remove })).errors).toBeUndefined();
    expect(await reader.event()).toBeUndefined();
    expect((await fetch(url)).status).toBe(400);
  });

  test("counts against the limits of streams, and answers a HEAD with its head alone", async () => {
    const live = await LiveApp.forTest({ subscriptionsPerCaller: 1 });
    const { url } = await bulk(live);
    expect((await fetch(url, { method: "HEAD" })).status).toBe(200);
    const reader = await EventReader.open(url);
    await reader.block();
    const refused = await fetch(url);
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "5"]);
    expect(await refused.json()).toEqual({ errorCode: "GENERAL", errorDetails: expect.any(String) });
  });

  test.each([
    ["?account=nobody", 400, "INVALID_CONTEXT"],
    ["?account=a%20b", 400, "INVALID_CONTEXT"],
    ["", 400, "TARGETING_KEY_MISSING"],
    ["?account=acme&configs=nope", 400, "GENERAL"],
  ])("is refused as an evaluation is: %s", async (query, status, errorCode) => {
    const live = await LiveApp.forTest();
    const response = await fetch(`${live.origin}/ofrep/v1/event-stream${query}`);
    expect([response.status, await response.json()]).toEqual([
      status,
      { errorCode, errorDetails: expect.any(String) },
    ]);
  });
});

describe("a bulk answer that a client was told to ask for", () => {
  test("is never 304 where the tag that it was told of is not the current one", async () => {
    const live = await LiveApp.forTest();
    const { tag } = await bulk(live);
    const known = { "if-none-match": tag };
    const bare = JSON.parse(tag);
    for (const same of [tag, bare, `W/${tag}`, `"${bare}.gzip"`])
      expect(
        (await bulk(live, { query: `?flagConfigEtag=${encodeURIComponent(same)}`, headers: known })).status,
      ).toBe(304);
    for (const other of [`"${"x".repeat(27)}"`, "x", "%22"]) {
      const answer = await bulk(live, {
        query: `?flagConfigEtag=${other}&flagConfigLastModified=5`,
        headers: known,
      });
      expect([answer.status, answer.tag]).toEqual([200, tag]);
    }
    expect((await bulk(live, { query: "?flagConfigEtag=", headers: known })).status).toBe(304);
  });

  test("is not older than the change, though reads may be", async () => {
    const live = await LiveApp.forTest({ maxStalenessMs: 20_000 });
    for (let i = 0; i < 3; i++) await bulk(live);
    const stream = await Listener.open((await bulk(live)).url);
    await live.write({ pin_timeout: 5_005 });
    const { etag } = await stream.next();
    expect((await bulk(live, { query: `?flagConfigEtag=${encodeURIComponent(String(etag))}` })).tag).toBe(
      etag,
    );
  });
});

describe("where tokens are asked for", () => {
  const asAcme = async (claims: Record<string, unknown> = {}) => ({
    authorization: `Bearer ${await tokenFor({ account_id: "acme", ...claims })}`,
  });

  test("the address holds a ticket and no token, and opens this stream and nothing else", async () => {
    const live = await LiveApp.forTest({ access: TOKEN_ACCESS });
    const headers = await asAcme();
    const { url, text } = await bulk(live, { headers });
    const token = headers.authorization.slice("Bearer ".length);
    for (const part of token.split(".")) expect(text).not.toContain(part);
    const stream = await Listener.open(url);
    await live.write({ pin_timeout: 5_006 }, headers);
    expect(await stream.next()).toMatchObject({ etag: (await bulk(live, { headers })).tag });
    const ticket = new URL(url).searchParams.get("ticket") ?? "";
    for (const given of [{ authorization: `Bearer ${ticket}` }, { "x-api-key": ticket }])
      expect((await bulk(live, { headers: given })).status).toBe(401);
    // The line of a request is written when it has been answered to its end.
    await live.app.app.close();
    const streams = () => live.logged("request").filter(({ path }) => path === "/ofrep/v1/event-stream");
    await expect.poll(streams).toMatchObject([{ account: "acme", subject: "ada", outcomes: ["ok"] }]);
    for (const part of [ticket, ...ticket.split(".")]) expect(live.app.log.join()).not.toContain(part);
  });

  test("nothing else opens it", async () => {
    const live = await LiveApp.forTest({ access: TOKEN_ACCESS });
    const { url } = await bulk(live, { headers: await asAcme(), query: "?configs=fax" });
    const altered = (change: (query: URLSearchParams) => void): string => {
      const other = new URL(url);
      change(other.searchParams);
      return other.href;
    };
    const ticket = new URL(url).searchParams.get("ticket") ?? "";
    const [payload = "", signature = ""] = ticket.split(".");
    const claims = JSON.parse(Buffer.from(payload, "base64url").toString());
    const forged = Buffer.from(JSON.stringify([claims[0], "summit", true, ...claims.slice(3)])).toString(
      "base64url",
    );
    const digest = createHash("sha256").update(payload).digest("base64url");
    for (const [name, value] of [
      ["account", "acme-berlin"],
      ["configs", "conferences"],
      ["configs", "fax,conferences"],
      ["configs", ""],
      ["ticket", ""],
      ["ticket", "x"],
      ["ticket", payload],
      ["ticket", `${payload}.`],
      ["ticket", `${payload}.${digest}`],
      ["ticket", `${forged}.${signature}`],
      ["ticket", `${ticket}.x`],
    ] as const) {
      const response = await fetch(altered((query) => query.set(name, value)));
      expect([name, value, response.status]).toEqual([name, value, 401]);
      expect(response.headers.get("www-authenticate")).toBe("Bearer");
    }
    const unsigned = altered((query) => query.delete("ticket"));
    expect((await fetch(unsigned)).status).toBe(401);
    const withToken = await EventReader.open(unsigned, { headers: await asAcme() });
    expect(withToken.response.status).toBe(200);
  });

  test("the same caller gets the same address, and one whose token may not read gets none", async () => {
    const live = await LiveApp.forTest({ access: TOKEN_ACCESS });
    const headers = await asAcme();
    const first = await bulk(live, { headers });
    expect((await bulk(live, { headers })).url).toBe(first.url);
    // Another token of the same account has the answer already as well.
    const other = await asAcme({ sub: "grace" });
    expect((await bulk(live, { headers: { ...other, "if-none-match": first.tag } })).status).toBe(304);
    expect((await bulk(live, { headers: await asAcme({ scope: "" }) })).status).toBe(403);
  });

  test("a ticket ends with the token that it was made for, and then the old tag is no tag any more", async () => {
    const live = await LiveApp.forTest({ access: TOKEN_ACCESS });
    const exp = Math.floor(Date.now() / 1_000) + 5;
    const headers = await asAcme({ exp });
    const { url, tag } = await bulk(live, { headers });
    const reader = await EventReader.open(url);
    await reader.block();
    const longer = await asAcme();
    expect((await bulk(live, { headers: { ...longer, "if-none-match": tag } })).status).toBe(304);
    while ((await reader.block()) !== undefined);
    expect(Date.now() / 1_000).toBeGreaterThanOrEqual(exp);
    expect((await fetch(url)).status).toBe(401);
    const again = await bulk(live, { headers: { ...longer, "if-none-match": tag } });
    expect(again.status).toBe(200);
    expect((await EventReader.open(again.url)).response.status).toBe(200);
  }, 20_000);

  test("a page of an allowed origin may listen", async () => {
    const live = await LiveApp.forTest({ access: TOKEN_ACCESS });
    const { url } = await bulk(live, { headers: await asAcme() });
    const reader = await EventReader.open(url, { headers: { origin: "https://app.example" } });
    expect(reader.response.headers.get("access-control-allow-origin")).toBe("https://app.example");
  });
});
