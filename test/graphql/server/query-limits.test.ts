import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { times } from "../../attack/attack.js";
import { heapMebibytes } from "../../heap.js";
import { testStoreSettings } from "../../store/test-store.js";
import type { GraphqlAnswer } from "../graphql-client.js";
import { ConfigDocument, SetSystemConfigDocument } from "../operations.generated.js";
import { TestApp } from "../test-app.js";
import { ANSWERED, numbered, OF_10_000_FIELDS, REFUSED } from "./heavy-queries.js";

const isRedis = testStoreSettings("unused").kind === "redis";
const OPEN = { type: "object", additionalProperties: true };
/** Those of its account, next to `open`. */
const CONFIGS = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];

let app: TestApp;
beforeAll(async () => {
  const schemas = [...CONFIGS, "open"].map((id) => [`account_config.${id}`, OPEN]);
  app = await TestApp.open({ ...Object.fromEntries(schemas), "system_config.open": OPEN });
});
afterAll(() => app.close());

function ask(
  query: string,
  variables: Record<string, unknown> = {},
): Promise<GraphqlAnswer<Record<string, unknown>>> {
  return app.client.post({ query, variables });
}

describe("queries that ask too much are refused", () => {
  test.each(REFUSED)("$name", async ({ query, variables, reason }) => {
    const { status, errors } = await ask(query, variables);
    expect(status).toBe(400);
    expect([errors?.[0]?.extensions.limit, errors?.[0]?.extensions.code]).toContain(reason);
  });
});

describe("queries under the limits are answered", () => {
  test.each(ANSWERED)("$name", async ({ query }) => {
    const answer = await ask(query);
    expect(answer).toMatchObject({ status: 200, data: {} });
    expect(answer.errors).toBeUndefined();
  });

  test("what explorers ask first", async () => {
    const { getIntrospectionQuery } = await import("graphql");
    const options = {
      inputValueDeprecation: true,
      specifiedByUrl: true,
      schemaDescription: true,
      directiveIsRepeatable: true,
    };
    expect((await ask(getIntrospectionQuery(options))).errors).toBeUndefined();
  });

  test("100 accounts with 10 configs each take two reads of the store", async () => {
    const configIds = CONFIGS.map((id) => `"${id}"`).join(", ");
    const query = `{ ${times(100, (i) => `a${i}: account(id: "acme") { configs(configIds: [${configIds}]) { id values } }`)} }`;
    const before = await storeReads();
    const answer = await ask(query);
    expect(answer.errors).toBeUndefined();
    expect(answer.data).toHaveProperty("a99.configs.9.id", "acme/j");
    expect((await storeReads()) - before).toBe(2);
  });

  test("different accounts and configs of one request are read together, too", async () => {
    const query = `{ a: config(accountId: "acme", configId: "a") { id }
      b: config(accountId: "globex", configId: "b") { account { parent { name } } layers { account { name } } }
      c: account(id: "summit") { name parent { name } } }`;
    // What is read twice is remembered; a query of another text is not answered from the cache.
    for (let i = 0; i < 2; i++) await ask(`${query} #${i}`);
    const before = await storeReads();
    const answer = await ask(query);
    expect(answer.errors).toBeUndefined();
    expect((await storeReads()) - before).toBe(2);
  });

  test("an answer that is kept takes one look at what it was made of, and at LMDB none until something is written", async () => {
    const query = `{ a: config(accountId: "acme", configId: "a") { id etag } c: account(id: "summit") { name } }`;
    await app.app.listen({ host: "127.0.0.1", port: 0 });
    const askOverHttp = async () => {
      const headers = { "content-type": "application/json" };
      const body = JSON.stringify({ query });
      return (await fetch(`${app.app.listeningOrigin}/graphql`, { method: "POST", headers, body })).text();
    };
    const first = await askOverHttp();
    const reads: number[] = [];
    for (let i = 0; i < 4; i++) {
      const before = await storeReads();
      expect(await askOverHttp()).toBe(first);
      reads.push((await storeReads()) - before);
    }
    expect(reads.slice(1, 3)).toEqual(isRedis ? [1, 1] : [1, 0]);
  });
});

/** Calls that read the store, as the metrics count them. */
async function storeReads(): Promise<number> {
  const { body } = await app.app.inject({ url: "/metrics", headers: { host: "127.0.0.1" } });
  const counts = body.matchAll(/^strata_store_call_duration_seconds_count\{operation="(\w+)".*\} (\d+)$/gm);
  return [...counts].reduce(
    (sum, [, operation, count]) => (operation === "commit" ? sum : sum + Number(count)),
    0,
  );
}

describe("answers", () => {
  const big = { accountId: "acme", configId: "open" };
  const set = async (input: Record<string, unknown>) => {
    const query = "mutation ($input: SetConfigInput!) { setConfig(input: $input) { __typename } }";
    expect((await ask(query, { input })).data).toEqual({ setConfig: { __typename: "ConfigWritten" } });
  };

  test("10,000 fields are answered in slices, so that others have their turn", async () => {
    await set({ ...big, values: numbered(1) });
    const answers: string[] = [];
    const long = ask(OF_10_000_FIELDS.sliced).finally(() => answers.push("10,000 fields"));
    await new Promise((resolve) => setImmediate(resolve));
    for (let i = 0; i < 3; i++) {
      await ask(`{ n${i}: __typename }`);
      answers.push("another");
    }
    const { data } = await long;
    expect(answers).toEqual(["another", "another", "another", "10,000 fields"]);
    expect(data).toHaveProperty("config.fields.length", 9_999);
    expect(data).toHaveProperty("config.fields.9998", {
      pointer: "/k9998",
      value: 1,
      source: { kind: "ACCOUNT" },
    });
  });

  test("a list too long for all that is asked of each item is refused", async () => {
    const { data, errors } = await ask(OF_10_000_FIELDS.tooLong);
    expect(data).toEqual({ config: null });
    expect(errors).toMatchObject([
      { path: ["config", "fields"], extensions: { code: "QUERY_TOO_COMPLEX", limit: "response" } },
    ]);
  });

  test("an array that covers 10,000 fields does not make gigabytes", async () => {
    const items = { covered: Array.from({ length: 20_000 }, (_, i) => `item ${i}`) };
    await app.client.run(SetSystemConfigDocument, { input: { configId: "open", values: items } });
    await set({ ...big, values: { covered: numbered(1) } });
    const heap = process.memoryUsage().heapUsed;
    const answer = await ask(
      `{ config(accountId: "acme", configId: "open") { fields { contributions { value } } } }`,
    );
    expect(answer).toMatchObject({
      status: 200,
      data: null,
      errors: [{ extensions: { code: "QUERY_TOO_COMPLEX", limit: "response" } }],
    });
    expect(process.memoryUsage().heapUsed - heap).toBeLessThan(512 * 1024 * 1024);
    const { config } = await app.client.run(ConfigDocument, { accountId: "summit", configId: "open" });
    expect(config?.fields).toHaveLength(1);
  });

  test("many aliases of one big value do not make gigabytes either", async () => {
    const { errors } = await ask(OF_10_000_FIELDS.manyTimes);
    expect(errors).toMatchObject([{ extensions: { code: "QUERY_TOO_COMPLEX", limit: "response" } }]);
  });

  test("texts that nobody sends twice do not fill the memory", async () => {
    const before = heapMebibytes();
    for (let i = 0; i < 160; i++)
      expect((await ask(`{ __typename } #${i}${"€".repeat(261_000)}`)).status).toBe(200);
    expect(heapMebibytes() - before).toBeLessThan(48);
    expect((await ask("{ __typename }")).status).toBe(200);
  });

  test("a write whose answer is too large says that it was done", async () => {
    const query = `mutation ($input: PatchConfigInput!) { patchConfig(input: $input) {
      ... on ConfigWritten { config { ${times(500, (i) => `a${i}: values`)} } } } }`;
    const { data, errors } = await ask(query, {
      input: { accountId: "summit", configId: "open", patch: { done: true } },
    });
    expect(data).toBeNull();
    expect(errors).toMatchObject([
      {
        message: expect.stringContaining("All writes of the request have had their outcome"),
        extensions: { limit: "response" },
      },
    ]);
    const { config } = await app.client.run(ConfigDocument, { accountId: "summit", configId: "open" });
    expect(config?.values).toHaveProperty("done", true);
  });
});
