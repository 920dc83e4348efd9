import { type GraphQLFieldConfig, type GraphQLFieldResolver, GraphQLInt, GraphQLObjectType } from "graphql";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { OPEN_PRINCIPAL, type Principal } from "../../../src/auth/principal.js";
import type { RequestContext } from "../../../src/graphql/api/context.js";
import { createGraphqlSchema } from "../../../src/graphql/api/schema.js";
import { ResponseCache } from "../../../src/graphql/server/response/response-cache.js";
import { AccountService } from "../../../src/service/account-service.js";
import type { RequestReader } from "../../../src/service/read/request-reader.js";
import { createRequestReader } from "../../../src/service/read/request-reader.js";
import { StrayReads } from "../../../src/service/read/stray-reads.js";
import type { Store } from "../../../src/store/store.js";
import { Services, SHIPPED_SCHEMAS } from "../../service/services.js";
import { openTestStore } from "../../store/test-store.js";
import { GraphqlClient } from "../graphql-client.js";
import { TestApp } from "../test-app.js";
import { openEndpoint } from "./open-endpoint.js";

/** A resolver as a developer might add one, who has never heard of the response cache. */
type Planted = (context: RequestContext, store: Store) => unknown;

const callers: Readonly<Record<string, Principal>> = {
  ada: { ...OPEN_PRINCIPAL, subject: "ada", accountId: "acme" },
  bob: { ...OPEN_PRINCIPAL, subject: "bob", accountId: "acme" },
};

class Counting extends ResponseCache {
  kept = 0;
  protected override keep(...given: Parameters<ResponseCache["keep"]>): void {
    this.kept++;
    super.keep(...given);
  }
}

/** The endpoint over a small tree, with one more field in a type. */
async function openWith(type: "Query" | "Account" | "EffectiveConfig", planted: Planted) {
  const store = await openTestStore();
  onTestFinished(() => store.close());
  await new Services(store, SHIPPED_SCHEMAS).tree(["root"], ["acme", "root"]);
  const strayReads = new StrayReads();
  const watched = strayReads.watch(store);
  const services = new Services(watched, SHIPPED_SCHEMAS);
  const resolve: GraphQLFieldResolver<unknown, RequestContext> = (_source, _args, context) =>
    planted(context, watched);
  const cache = new Counting({ bytes: 2 ** 22, store, schemaDigest: () => services.configs.schemaDigest });
  const app = await openEndpoint({
    store,
    schema: await schemaWith(type, { type: GraphQLInt, resolve }),
    identify: async ({ headers }) => callers[String(headers["x-caller"])] ?? OPEN_PRINCIPAL,
    openContext: (principal) => ({
      accounts: services.accounts,
      configs: services.configs,
      reader: createRequestReader(store, principal, undefined, strayReads),
    }),
    cache,
  });
  onTestFinished(() => app.close());
  const client = new GraphqlClient(app);
  const ask = async (query: string, caller = "ada") =>
    (await client.post({ query }, { "x-caller": caller })).text;
  return { ask, cache };
}

async function schemaWith(name: string, field: GraphQLFieldConfig<unknown, RequestContext>) {
  const schema = await createGraphqlSchema();
  const type = schema.getType(name);
  if (!(type instanceof GraphQLObjectType)) throw new Error(`there is no type ${name}`);
  const made = new GraphQLObjectType({ name: "Planted", fields: { planted: field } });
  const { planted } = made.getFields();
  if (planted === undefined) throw new Error("nothing is planted");
  type.getFields().planted = planted;
  return schema;
}

const CONFIG = `config(accountId: "acme", configId: "conferences")`;
const TIMES = 6;

describe("an answer is cached only if all of it came through the request's reader", () => {
  const readAll = async (reader: RequestReader) => {
    await reader.ancestry("acme");
    return 1;
  };

  test("one that did is cached, a planted field and all", async () => {
    const { ask, cache } = await openWith("Query", ({ reader }) => readAll(reader));
    for (let time = 0; time < TIMES; time++)
      expect(await ask("{ planted }")).toBe('{"data":{"planted":1}}\n');
    expect(cache.kept).toBe(1);
  });

  test.each<[string, "Query" | "Account" | "EffectiveConfig", string, Planted]>([
    [
      "a root field that reads the store itself, beside the reader",
      "Query",
      "{ planted }",
      async ({ reader }, store) => (await readAll(reader)) + ((await store.rootId()) === "root" ? 1 : 0),
    ],
    [
      "a root field beside one that is sound",
      "Query",
      `{ ${CONFIG} { etag } planted }`,
      async (_, store) => Object.keys(await store.changes(0, 100)).length,
    ],
    [
      "a root field that reads nothing, beside one that is sound",
      "Query",
      `{ ${CONFIG} { etag } planted }`,
      () => performance.now() % 1_000,
    ],
    [
      "a root field that lists accounts",
      "Query",
      "{ planted }",
      async ({ accounts, principal, reader }) =>
        (await accounts.list(principal, { first: 5 }, reader)).totalCount,
    ],
    [
      "a root field that reads nothing, such as the time",
      "Query",
      "{ planted }",
      () => performance.now() % 1_000,
    ],
    [
      "a root field that waits before it reads",
      "Query",
      "{ planted }",
      async (context, store) => {
        await new Promise((resolve) => setTimeout(resolve, 5));
        await readAll(context.reader);
        return (await store.rootId())?.length;
      },
    ],
    [
      "a field of an account",
      "Account",
      `{ account(id: "acme") { id planted } }`,
      async (_, store) => (await store.rootId())?.length,
    ],
    [
      "a field of a config, through a reader of its own",
      "EffectiveConfig",
      `{ ${CONFIG} { etag planted } }`,
      async ({ principal }, store) => readAll(createRequestReader(store, principal)),
    ],
    [
      "a field that shows who is calling",
      "EffectiveConfig",
      `{ ${CONFIG} { etag planted } }`,
      ({ principal }) => principal.subject.length,
    ],
  ])("not %s, which says nothing of it", async (_, type, query, planted) => {
    const { ask, cache } = await openWith(type, (context, store) => {
      const found = planted(context, store);
      return found instanceof Promise ? found : Math.floor(Number(found));
    });
    for (let time = 0; time < TIMES; time++) expect(await ask(query)).not.toContain("errors");
    expect(cache.kept).toBe(0);
  });

  test("callers of one account share answers, but for those that show the subject", async () => {
    const { ask, cache } = await openWith("Query", () => 1);
    const shown = "{ viewer { subject account { id } } }";
    for (let time = 0; time < TIMES; time++)
      for (const caller of ["ada", "bob"])
        expect(await ask(shown, caller)).toContain(`"subject":"${caller}"`);
    expect(cache.kept).toBe(0);
    const hidden = `{ ${CONFIG} { etag } }`;
    for (const caller of ["ada", "bob", "ada"]) await ask(hidden, caller);
    expect(cache.kept).toBe(1);
  });

  test("reads of other requests at the same time cost no more than a later offer", async () => {
    const { ask, cache } = await openWith("Query", ({ reader }) => readAll(reader));
    await Promise.all(
      Array.from({ length: 50 }, () => [
        ask("{ planted }"),
        ask("{ accounts(first: 1) { totalCount } }"),
      ]).flat(),
    );
    for (let time = 0; time < 2; time++) await ask("{ planted }");
    expect(cache.kept).toBeGreaterThan(0);
  });
});

test("in the whole service, what a service reads past the reader is noticed, whoever planted it", async () => {
  const { client, app } = await TestApp.forTest();
  const query = `{ account(id: "acme") { name } }`;
  const reads = async () => {
    const { body } = await app.inject({ url: "/metrics", headers: { host: "127.0.0.1" } });
    const count = /^strata_store_call_duration_seconds_count\{operation="lineages".*\} (\d+)$/m.exec(
      body,
    )?.[1];
    return Number(count ?? 0);
  };
  const find = AccountService.prototype.find;
  const planted = vi.spyOn(AccountService.prototype, "find").mockImplementation(async function (
    this: AccountService,
    ...given
  ) {
    // An update that changes nothing reads the account afresh, and writes nothing.
    const [principal, id] = given;
    await this.update(principal, { id });
    return find.apply(this, given);
  });
  onTestFinished(() => planted.mockRestore());
  const before = await reads();
  for (let time = 0; time < TIMES; time++)
    expect((await client.post({ query })).data).toEqual({ account: { name: expect.any(String) } });
  const after = await reads();
  expect(after - before).toBe(2 * TIMES);
  planted.mockRestore();
  for (let time = 0; time < TIMES; time++) await client.post({ query });
  expect((await reads()) - after).toBeLessThan(TIMES);
});
