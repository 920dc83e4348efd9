import { OFREPProvider } from "@openfeature/ofrep-provider";
import { OpenFeature } from "@openfeature/server-sdk";
import { afterAll, describe, expect, test } from "vitest";
import { openStrata } from "./strata.js";

const strata = openStrata();
const origin = () => new URL(strata.url).origin;
afterAll(() => OpenFeature.close());

/** The SDK's own client, over the provider as it is. */
async function openClient(headers: Record<string, string>) {
  const domain = crypto.randomUUID();
  await OpenFeature.setProviderAndWait(
    domain,
    new OFREPProvider({ baseUrl: origin(), headers: Object.entries(headers) }),
  );
  return OpenFeature.getClient(domain);
}

const asAcme = async () => openClient({ authorization: `Bearer ${await strata.token("acme")}` });

describe("the OpenFeature SDK for servers", () => {
  test("reads every type of setting, for the token's own account", async () => {
    const client = await asAcme();
    expect(await client.getNumberValue("conferences:number_timeout", 1)).toBe(8_000);
    expect(await client.getBooleanValue("conferences:support_name_announcement", false)).toBe(true);
    expect(await client.getStringValue("conferences:entry_tone", "none")).toContain("tone_stream://");
    expect(await client.getObjectValue("conferences", {})).toMatchObject({ number_timeout: 8_000 });
  });

  test("tells where a value comes from", async () => {
    const client = await openClient({ "x-api-key": await strata.token() });
    const details = await client.getNumberDetails("conferences:number_timeout", 1, { targetingKey: "acme" });
    expect(details).toMatchObject({
      value: 8_000,
      reason: "STATIC",
      variant: "system",
      flagMetadata: { layer: "SYSTEM", etag: expect.any(String), revision: expect.any(Number) },
    });
  });

  test("reads what was written a moment ago", async () => {
    const client = await asAcme();
    const written = await fetch(`${origin()}/v2/accounts/acme/configs/conferences`, {
      method: "PATCH",
      headers: { "x-auth-token": await strata.token("acme"), "content-type": "application/json" },
      body: JSON.stringify({ data: { pin_timeout: 4_321 } }),
    });
    expect(written.status).toBe(200);
    expect(await client.getNumberDetails("conferences:pin_timeout", 1)).toMatchObject({
      value: 4_321,
      reason: "TARGETING_MATCH",
      variant: "account",
      flagMetadata: { account: "acme" },
    });
  });

  test("falls back to the value in the code, and says why", async () => {
    const client = await asAcme();
    const codeOf = async (key: string, context = {}) => {
      const { value, errorCode } = await client.getNumberDetails(key, 42, context);
      expect(value).toBe(42);
      return errorCode;
    };
    expect(await codeOf("conferences:nope")).toBe("FLAG_NOT_FOUND");
    expect(await codeOf("nope")).toBe("FLAG_NOT_FOUND");
    expect(await codeOf("conferences:pin_timeout", { targetingKey: "globex" })).toBe("INVALID_CONTEXT");
    expect(await codeOf("conferences:pin_timeout", { targetingKey: "nobody" })).toBe("INVALID_CONTEXT");
    expect(await codeOf("conferences:entry_tone")).toBe("TYPE_MISMATCH");
    const nobody = await openClient({});
    expect(await nobody.getNumberDetails("conferences:pin_timeout", 42)).toMatchObject({
      value: 42,
      errorCode: "GENERAL",
    });
    const admin = await openClient({ "x-api-key": await strata.token() });
    expect(await admin.getNumberDetails("conferences:pin_timeout", 42)).toMatchObject({
      value: 42,
      errorCode: "TARGETING_KEY_MISSING",
    });
  });
});
