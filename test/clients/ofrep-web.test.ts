import { OFREPWebProvider } from "@openfeature/ofrep-web-provider";
import { type Client, OpenFeature, type Provider, ProviderEvents } from "@openfeature/web-sdk";
import { EventSource } from "eventsource";
import { afterAll, afterEach, describe, expect, test, vi } from "vitest";
import { openStrata } from "./strata.js";

// Every browser has one. Node has one from 22 on, behind a flag.
vi.stubGlobal("EventSource", EventSource);

const strata = openStrata();
const origin = () => new URL(strata.url).origin;
afterEach(() => OpenFeature.clearProviders());
afterAll(() => vi.unstubAllGlobals());

type Options = Partial<ConstructorParameters<typeof OFREPWebProvider>[0]>;

/** As the SDK wants its type: the package is compiled without exact optional properties. */
function createProvider(options: Options): Provider {
  return new OFREPWebProvider({ baseUrl: origin(), cacheMode: "disabled", ...options }) as Provider;
}

/** The SDK's own client over the provider as it is. The page asks for nothing by itself. */
async function openClient(options: Options, targetingKey = ""): Promise<Client> {
  const domain = crypto.randomUUID();
  await OpenFeature.setProviderAndWait(domain, createProvider(options), { targetingKey });
  return OpenFeature.getClient(domain);
}

const asAcme = async (): Promise<Options> => ({
  headers: [["Authorization", `Bearer ${await strata.token("acme")}`]],
});

async function write(config: string, data: unknown): Promise<void> {
  const written = await fetch(`${origin()}/v2/accounts/acme/configs/${config}`, {
    method: "PATCH",
    headers: { "x-auth-token": await strata.token("acme"), "content-type": "application/json" },
    body: JSON.stringify({ data }),
  });
  expect(written.status).toBe(200);
}

/** The keys of the flags that the SDK says have changed, for each time it says so. */
function listen(client: Client): (readonly string[] | undefined)[] {
  const told: (readonly string[] | undefined)[] = [];
  client.addHandler(ProviderEvents.ConfigurationChanged, (details) => told.push(details?.flagsChanged));
  return told;
}

describe("the OpenFeature SDK for pages", () => {
  test("has every type of setting after one request, and says where it comes from", async () => {
    const client = await openClient(await asAcme());
    expect(client.getNumberValue("conferences:number_timeout", 1)).toBe(8_000);
    expect(client.getBooleanValue("conferences:support_name_announcement", false)).toBe(true);
    expect(client.getStringValue("conferences:entry_tone", "none")).toContain("tone_stream://");
    const lists = client.getObjectValue("callflow:default_can_call_self", {});
    expect(lists).toBeDefined();
    expect(client.getNumberDetails("conferences:number_timeout", 1)).toMatchObject({
      value: 8_000,
      reason: "STATIC",
      variant: "system",
      flagMetadata: { layer: "SYSTEM", etag: expect.any(String) },
    });
    expect(client.getNumberDetails("conferences:nope", 42)).toMatchObject({
      value: 42,
      errorCode: "FLAG_NOT_FOUND",
    });
    expect(client.getNumberDetails("conferences:entry_tone", 42)).toMatchObject({
      value: 42,
      errorCode: "TYPE_MISMATCH",
    });
  });

  test("hears of a change by itself, of which flags, and each time", async () => {
    const client = await openClient(await asAcme());
    const told = listen(client);
    for (const value of [4_001, 4_002, 4_003]) {
      await write("conferences", { pin_timeout: value });
      await expect.poll(() => client.getNumberValue("conferences:pin_timeout", 1)).toBe(value);
    }
    await expect.poll(() => told.length).toBe(3);
    expect(told.every((keys) => keys?.includes("conferences:pin_timeout"))).toBe(true);
    expect(client.getNumberDetails("conferences:pin_timeout", 1)).toMatchObject({ variant: "account" });
  });

  test("asks for nothing while nothing has changed that the account sees", async () => {
    const requests: string[] = [];
    const client = await openClient({
      ...(await asAcme()),
      fetchImplementation: (input, init) => {
        requests.push(input instanceof Request ? input.url : String(input));
        return fetch(input, init);
      },
    });
    const told = listen(client);
    const hidden = await fetch(strata.url, {
      method: "POST",
      headers: { "x-auth-token": await strata.token(), "content-type": "application/json" },
      body: JSON.stringify({
        query: `mutation { done: patchSystemConfig(input: { configId: "conferences", patch: { bridge_username: "x" } }) { __typename } }`,
      }),
    });
    expect(await hidden.json()).toEqual({ data: { done: { __typename: "ConfigWritten" } } });
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect([requests.length, told]).toEqual([1, []]);
    await write("conferences", { pin_timeout: 4_100 });
    await expect.poll(() => told.length).toBe(1);
    expect(requests).toHaveLength(2);
    expect(requests[1]).toContain("flagConfigEtag=");
  });

  test("asks again for another account", async () => {
    const domain = crypto.randomUUID();
    const headers: [string, string][] = [["X-API-Key", await strata.token()]];
    await OpenFeature.setProviderAndWait(domain, createProvider({ headers }), { targetingKey: "globex" });
    const client = OpenFeature.getClient(domain);
    const before = client.getNumberValue("conferences:pin_timeout", 1);
    await write("conferences", { pin_timeout: 4_200 });
    await OpenFeature.setContext(domain, { targetingKey: "acme" });
    expect([before === 4_200, client.getNumberValue("conferences:pin_timeout", 1)]).toEqual([false, 4_200]);
    await write("conferences", { pin_timeout: 4_201 });
    await expect.poll(() => client.getNumberValue("conferences:pin_timeout", 1)).toBe(4_201);
  });

  test("is refused without a good token, and recovers with one", async () => {
    let token = "nonsense";
    const headersFactory = async (): Promise<[string, string][]> => [["Authorization", `Bearer ${token}`]];
    await expect(openClient({ headersFactory })).rejects.toThrow();
    token = await strata.token("acme");
    const client = await openClient({ headersFactory });
    expect(client.getNumberValue("conferences:number_timeout", 1)).toBe(8_000);
  });

  test("keeps what it has while the gateway is gone, and hears of what it has missed", async () => {
    const client = await openClient(await asAcme());
    const before = client.getNumberValue("conferences:pin_timeout", 1);
    await strata.restart(async () => {
      expect(client.getNumberValue("conferences:pin_timeout", 1)).toBe(before);
    });
    await write("conferences", { pin_timeout: 4_300 });
    await expect
      .poll(() => client.getNumberValue("conferences:pin_timeout", 1), { timeout: 30_000 })
      .toBe(4_300);
    await write("conferences", { pin_timeout: 4_301 });
    await expect
      .poll(() => client.getNumberValue("conferences:pin_timeout", 1), { timeout: 30_000 })
      .toBe(4_301);
  }, 90_000);
});
