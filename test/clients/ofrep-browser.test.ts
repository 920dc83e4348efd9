import type { Page } from "playwright-core";
import { describe, expect, onTestFinished, test } from "vitest";
import type { FlagsPage } from "./flags-page/main.js";
import { openPage } from "./open-page.js";
import { openStrata } from "./strata.js";

// The web SDK and its OFREP provider, unmodified, in a browser. The page is on another origin than Strata: each request that is
// seen here went through a preflight, and what the page sees of an answer is what CORS lets it see.

const served = await openPage("flags-page");
const strata = openStrata({ STRATA_CORS_ORIGINS: served.origin });
const origin = () => new URL(strata.url).origin;

declare global {
  var flags: FlagsPage;
}

interface Details {
  readonly value: unknown;
  readonly reason?: string;
  readonly variant?: string;
  readonly flagMetadata: object;
  readonly errorCode?: string;
}

interface Seen {
  readonly status: number;
  readonly coding: string | undefined;
  readonly etag: string | undefined;
  readonly query: string;
}

class Tab {
  /** The bulk answers so far. */
  readonly answers: Seen[] = [];
  /** The headers of the streams so far. */
  readonly streams: string[] = [];
  readonly errors: string[] = [];

  private constructor(readonly page: Page) {}

  static async open(token: string, address = served.origin): Promise<Tab> {
    const page = await served.open();
    onTestFinished(() => page.close());
    const tab = new Tab(page);
    page.on("response", (response) => {
      const { pathname, search } = new URL(response.url());
      const { "content-encoding": coding, etag, "content-type": type = "" } = response.headers();
      if (pathname === "/ofrep/v1/evaluate/flags" && response.request().method() === "POST")
        tab.answers.push({ status: response.status(), coding, etag, query: search });
      if (pathname === "/ofrep/v1/event-stream") tab.streams.push(`${response.status()} ${type}`);
    });
    page.on("pageerror", ({ message }) => tab.errors.push(message));
    await page.goto(address);
    await tab.use(token);
    return tab;
  }

  use(token: string): Promise<void> {
    return this.page.evaluate((given) => {
      flags.token = given;
    }, token);
  }

  /** @returns why the provider is not ready; undefined: it is */
  connect(options: object = {}): Promise<string | undefined> {
    return this.page.evaluate(
      ({ baseUrl, more }) => flags.open(baseUrl, more).then(() => undefined, String),
      { baseUrl: origin(), more: options },
    );
  }

  number(key = PIN): Promise<number> {
    return this.page.evaluate((name) => flags.client.getNumberValue(name, -1), key);
  }

  details(
    kind: "Boolean" | "String" | "Number" | "Object",
    key: string,
    fallback: unknown,
  ): Promise<Details> {
    const asked = { method: `get${kind}Details`, key, fallback };
    return this.page.evaluate(({ method, key: name, fallback: own }) => {
      const client = flags.client as unknown as Record<string, (name: string, own: unknown) => Details>;
      return client[method]?.(name, own) as Details;
    }, asked);
  }

  events(): Promise<FlagsPage["events"]> {
    return this.page.evaluate(() => flags.events);
  }

  isStreaming(): Promise<void> {
    return expect.poll(() => this.streams.length, { timeout: 20_000 }).toBeGreaterThan(0);
  }
}

const PIN = "conferences:pin_timeout";

async function write(config: string, data: unknown, account = "acme"): Promise<void> {
  const written = await fetch(`${origin()}/v2/accounts/${account}/configs/${config}`, {
    method: "PATCH",
    headers: { "x-auth-token": await strata.token(account), "content-type": "application/json" },
    body: JSON.stringify({ data }),
  });
  expect(written.status).toBe(200);
}

let next = 4_000;
/** Writes a value that was not there before, and waits until the page has it by itself. */
async function changeComes(tab: Tab): Promise<void> {
  const value = ++next;
  await write("conferences", { pin_timeout: value });
  await expect.poll(() => tab.number(), { timeout: 45_000 }).toBe(value);
}

describe("a page on another origin", () => {
  test("has settings of every type, and where each comes from", async () => {
    await write("media", { call_recording: { default_user_metadata: { team: "x", level: 2 } } });
    await write("conferences", { pin_timeout: 4_000 });
    const tab = await Tab.open(await strata.token("acme"));
    expect(await tab.connect()).toBeUndefined();
    const [own, reseller, system, schema] = [
      { reason: "TARGETING_MATCH", variant: "account" },
      { reason: "TARGETING_MATCH", variant: "reseller" },
      { reason: "STATIC", variant: "system" },
      { reason: "STATIC", variant: "schema" },
    ];
    const cases = [
      ["Boolean", "conferences:support_name_announcement", false, true, schema],
      ["Number", PIN, 1, 4_000, own],
      ["Number", "conferences:number_timeout", 1, 8_000, system],
      ["String", "conferences:entry_tone", "", expect.stringContaining("tone_stream://"), reseller],
      ["Object", "media:call_recording.default_user_metadata", {}, { team: "x", level: 2 }, own],
      [
        "Object",
        "stepswitch:default_fail_on_single_reject",
        [],
        expect.arrayContaining(["USER_BUSY"]),
        schema,
      ],
    ] as const;
    for (const [kind, key, fallback, value, from] of cases) {
      const flagMetadata = {
        layer: from.variant.toUpperCase(),
        etag: expect.any(String),
        ...(from === own && { account: "acme", revision: expect.any(Number) }),
      };
      const { flagKey: _, ...details } = { flagKey: key, ...(await tab.details(kind, key, fallback)) };
      expect(details).toEqual({ value, ...from, flagMetadata });
    }
    expect(await tab.details("Number", "conferences:nope", 42)).toMatchObject({
      value: 42,
      reason: "ERROR",
      errorCode: "FLAG_NOT_FOUND",
    });
    expect(await tab.details("Boolean", PIN, true)).toMatchObject({
      value: true,
      errorCode: "TYPE_MISMATCH",
    });
    expect([tab.answers.length, tab.errors]).toEqual([1, []]);
  });

  test("hears over the stream of each change, of which settings, and asks for nothing meanwhile", async () => {
    const tab = await Tab.open(await strata.token("acme"));
    await tab.connect();
    await tab.isStreaming();
    for (let i = 0; i < 3; i++) await changeComes(tab);
    await expect.poll(async () => (await tab.events()).length).toBe(4);
    expect(await tab.events()).toEqual([
      ["PROVIDER_READY", []],
      ...Array.from({ length: 3 }, () => ["PROVIDER_CONFIGURATION_CHANGED", expect.arrayContaining([PIN])]),
    ]);
    expect(tab.answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect(tab.answers.slice(1).every(({ query }) => query.includes("flagConfigEtag="))).toBe(true);
    expect(tab.streams[0]).toBe("200 text/event-stream; charset=utf-8");
  });

  test("is told by the tag of a compressed answer that nothing has changed", async () => {
    const tab = await Tab.open(await strata.token("acme"));
    await tab.connect();
    // The provider asks again when somebody comes back to the page.
    await tab.page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
    await expect.poll(() => tab.answers.length).toBe(2);
    const [first, again] = tab.answers;
    expect([first?.coding, first?.etag]).toEqual(["br", expect.stringMatching(/^"[\w-]{27}\.br"$/)]);
    expect(again).toMatchObject({ status: 304, etag: first?.etag });
    await changeComes(tab);
  });

  test("has the settings of another account after another context", async () => {
    await write("conferences", { pin_timeout: 4_000 });
    await write("conferences", { pin_timeout: 3_333 }, "acme-berlin");
    const tab = await Tab.open(await strata.token("acme"));
    await tab.connect();
    expect(await tab.number()).toBe(4_000);
    await tab.page.evaluate(() => flags.setAccount("acme-berlin"));
    expect(await tab.number()).toBe(3_333);
    await tab.isStreaming();
    await write("conferences", { pin_timeout: 3_334 }, "acme-berlin");
    await expect.poll(() => tab.number(), { timeout: 20_000 }).toBe(3_334);
    await tab.page.evaluate(() => flags.setAccount("globex"));
    expect((await tab.events()).map(([event]) => event)).toContain("PROVIDER_ERROR");
  });

  test("has its settings at once when it is loaded again, and hears of changes over the address that it kept", async () => {
    const tab = await Tab.open(await strata.token("acme"));
    const kept = { cacheMode: "local-cache-first" };
    await tab.connect(kept);
    await changeComes(tab);
    await tab.page.reload();
    await tab.use(await strata.token("acme"));
    tab.streams.length = 0;
    await tab.connect(kept);
    expect(await tab.number()).toBe(next);
    await tab.isStreaming();
    await changeComes(tab);
  });

  test("is refused without a good token, sees why, and recovers with one", async () => {
    const tab = await Tab.open("nonsense");
    expect(await tab.connect()).toContain("Initialization failed");
    expect(tab.answers.map(({ status }) => status)).toEqual([401]);
    await tab.use(await strata.token("acme"));
    expect(await tab.connect()).toBeUndefined();
    expect(await tab.number("conferences:number_timeout")).toBe(8_000);
    await changeComes(tab);
  });

  test("keeps its settings when its token ends, and hears of changes again with the next one", async () => {
    const tab = await Tab.open(await strata.token("acme", "3s"));
    await tab.connect();
    await tab.isStreaming();
    const before = await tab.number();
    await expect
      .poll(() => tab.answers.filter(({ status }) => status === 401).length, { timeout: 30_000 })
      .toBeGreaterThan(0);
    expect(await tab.number()).toBe(before);
    const open = () => tab.streams.filter((stream) => stream.startsWith("200")).length;
    // None where the token ended before the page could open it.
    const opened = open();
    await tab.use(await strata.token("acme"));
    // Nothing has changed, so only a new address can open another stream.
    await expect.poll(open, { timeout: 30_000 }).toBe(opened + 1);
    await changeComes(tab);
    await changeComes(tab);
  });

  test("keeps its settings while the gateway is gone, and hears of what it has missed", async () => {
    const tab = await Tab.open(await strata.token("acme"));
    await tab.connect();
    await tab.isStreaming();
    const before = await tab.number();
    await strata.restart(async () => {
      await expect
        .poll(async () => (await tab.events()).map(([event]) => event), { timeout: 20_000 })
        .toContain("PROVIDER_STALE");
      expect(await tab.number()).toBe(before);
    });
    await changeComes(tab);
    await changeComes(tab);
  });

  test("of an origin that is not allowed gets nothing", async () => {
    const tab = await Tab.open(await strata.token("acme"), served.origin.replace("127.0.0.1", "localhost"));
    expect(await tab.connect()).toContain("OFREP request failed");
    expect([tab.answers, tab.streams]).toEqual([[], []]);
  });
});
