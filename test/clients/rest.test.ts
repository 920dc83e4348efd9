import { readFile } from "node:fs/promises";
import { createConfig, lintFromString } from "@redocly/openapi-core";
import createClient from "openapi-fetch";
import openapiTS, { astToString } from "openapi-typescript";
import { describe, expect, test } from "vitest";
import type { paths } from "./rest-api.generated.js";
import { openStrata } from "./strata.js";

const strata = openStrata();
const restUrl = () => strata.url.replace(/\/graphql$/, "/v2");
const document = async (): Promise<string> => (await fetch(`${restUrl()}/openapi.json`)).text();
const ACME = { path: { account_id: "acme", config_id: "conferences" } };

describe("the OpenAPI document", () => {
  test("follows every rule that Redocly recommends", async () => {
    const config = await createConfig({ extends: ["recommended"] });
    const problems = await lintFromString({ source: await document(), config });
    expect(problems.map(({ ruleId, message }) => `${ruleId}: ${message}`)).toEqual([]);
  });

  // What differs: write it anew with `node_modules/.bin/openapi-typescript <url> -o rest-api.generated.ts`.
  test("makes the types that the requests below are checked with", async () => {
    const made = astToString(await openapiTS(await document()));
    const kept = await readFile(new URL("rest-api.generated.ts", import.meta.url), "utf8");
    expect(kept.slice(kept.indexOf("export interface paths"))).toBe(made);
  });
});

describe("openapi-fetch with these types", () => {
  const client = async (header: "bearer" | "x-auth-token" = "bearer") => {
    const token = await strata.token("acme");
    const headers: Record<string, string> =
      header === "bearer" ? { authorization: `Bearer ${token}` } : { "x-auth-token": token };
    return createClient<paths>({ baseUrl: restUrl(), headers });
  };

  test.each(["bearer", "x-auth-token"] as const)("writes settings of any type, with %s", async (header) => {
    const api = await client(header);
    const patched = await api.PATCH("/accounts/{account_id}/configs/{config_id}", {
      params: ACME,
      body: {
        data: {
          pin_timeout: 4_321,
          support_name_announcement: null,
          profiles: { own: { "max-members": 7 } },
        },
      },
    });
    expect(patched.error).toBeUndefined();
    expect(patched.data?.status).toBe("success");
    expect(patched.data?.data.pin_timeout).toBe(4_321);
  });

  test("asks for provenance with a boolean, and reads it by pointer", async () => {
    const api = await client();
    const { data } = await api.GET("/accounts/{account_id}/configs/{config_id}", {
      params: { ...ACME, query: { provenance: true } },
    });
    expect(data?.provenance?.["/number_timeout"]?.source).toBe("SYSTEM");
    const plain = await api.GET("/accounts/{account_id}/configs/{config_id}", {
      params: { ...ACME, query: { provenance: false } },
    });
    expect(plain.data).not.toHaveProperty("provenance");
  });

  test("tells refusals apart from answers by their types", async () => {
    const api = createClient<paths>({ baseUrl: restUrl() });
    const { data, error, response } = await api.GET("/accounts/{account_id}/configs/{config_id}", {
      params: ACME,
    });
    expect(response.status).toBe(401);
    expect(data).toBeUndefined();
    expect(error?.status).toBe("error");
    expect(error?.message).toEqual(expect.any(String));
  });
});
