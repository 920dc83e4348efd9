import type { Client } from "@urql/core";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createClient as createGraphcache } from "./docs/graphcache.js";
import { PatchConfig, ReadConfig } from "./docs/operations.js";
import { createClient } from "./docs/urql.js";
import { openStrata } from "./strata.js";

const strata = openStrata();
const of = (accountId: string) => ({ accountId, configId: "conferences" });

let warnings: unknown[][];
beforeEach(() => {
  warnings = [];
  vi.spyOn(console, "warn").mockImplementation((...said) => void warnings.push(said));
  vi.spyOn(console, "error").mockImplementation((...said) => void warnings.push(said));
});
afterEach(() => void vi.restoreAllMocks());

const CLIENTS: readonly (readonly [string, (url: string, token: () => string) => Client])[] = [
  ["urql", createClient],
  ["urql with graphcache", createGraphcache],
];

describe.each(CLIENTS)("%s", (_name, open) => {
  test("reads a config, writes it, and shows what was written, also below", async () => {
    const token = await strata.token("summit");
    const urql = open(strata.url, () => token);
    let shown: unknown;
    const { unsubscribe } = urql.query(ReadConfig, of("globex")).subscribe(({ data, error }) => {
      shown = error?.message ?? data?.config?.values.pin_timeout;
    });
    await expect.poll(() => shown, { timeout: 20_000 }).toEqual(expect.any(Number));
    const input = { ...of("summit"), patch: { pin_timeout: Number(shown) + 1 } };
    const { data, error } = await urql.mutation(PatchConfig, { input });
    expect([error, data?.patchConfig?.__typename]).toEqual([undefined, "ConfigWritten"]);
    await expect.poll(() => shown, { timeout: 20_000 }).toBe(input.patch.pin_timeout);
    unsubscribe();
    expect(warnings).toEqual([]);
  });

  test("tells a missing token by its code", async () => {
    const urql = open(strata.url, () => "stale");
    const { error } = await urql.query(ReadConfig, of("acme"));
    expect(error?.graphQLErrors[0]?.extensions.code).toBe("UNAUTHENTICATED");
  });
});
