import fc from "fast-check";
import { SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseGlobalId } from "../../../src/graphql/api/global-id.js";
import { cases, SEED } from "../../cases.js";
import { SECRET, TOKEN_ACCESS } from "../../http/token-access.js";
import { TestApp } from "../test-app.js";

/** Everybody may do everything in the one; in the other a token says who may do what. */
let open: TestApp;
let guarded: TestApp;
beforeAll(async () => {
  open = await TestApp.open();
  guarded = await TestApp.open(undefined, { access: TOKEN_ACCESS });
});
afterAll(() => Promise.all([open.close(), guarded.close()]));

const NODE = `query ($id: ID!) { node(id: $id) { __typename id
  ... on Account { name } ... on EffectiveConfig { configId etag } ... on ConfigSchema { configId title } } }`;
const NODES = NODE.replace("($id: ID!)", "($ids: [ID!]!)").replace("node(id: $id)", "nodes(ids: $ids)");

async function bearer(claims: Record<string, unknown>): Promise<Record<string, string>> {
  const now = Math.floor(Date.now() / 1_000) + 2;
  const token = await new SignJWT({ sub: "ada", iat: now, exp: now + 600, ...claims })
    .setProtectedHeader({ alg: "HS256" })
    .sign(new TextEncoder().encode(SECRET));
  return { authorization: `Bearer ${token}` };
}
const OWN = { account_id: "acme", scope: "config:read" };

interface Identified {
  readonly id: string;
  readonly etag?: string;
  readonly schema?: { readonly id: string };
}

const find = async (id: string, app = open, headers: Record<string, string> = {}) => {
  const { data, errors } = await app.client.post({ query: NODE, variables: { id } }, headers);
  expect(errors).toBeUndefined();
  return data?.node;
};

/** Names of nothing, whoever asks. */
const NOTHING = [
  "",
  "/",
  ":",
  "acme/",
  "/conferences",
  "acme/conferences/",
  "acme/conferences/x",
  "acme//conferences",
  "acme/conferences?dryRun=abc",
  "system:conferences?dryRun=abc",
  "schema:conferences?dryRun=abc",
  "system",
  "system/conferences",
  "system:",
  "schema:",
  "schema:system",
  "schema:schema:conferences",
  "System:conferences",
  "account:acme",
  " acme",
  "acme\n",
  "acme/conferences\n",
  ".",
  "..",
  "../acme",
  "åcme",
  "a".repeat(65),
  `acme/${"a".repeat(65)}`,
];

describe("node", () => {
  test("finds an account, a config, the system's config and a schema by the id that each has", async () => {
    const query = `{ account(id: "acme") { id } config(accountId: "acme", configId: "conferences") { id etag schema { id } }
      systemConfig(configId: "conferences") { id etag } }`;
    const { data } = await open.client.post<Record<string, Identified>>({ query });
    const { account, config, systemConfig } = data ?? {};
    expect(config?.etag).toEqual(expect.any(String));
    expect(await find(account?.id ?? "")).toEqual({
      __typename: "Account",
      id: "acme",
      name: "Acme Industries",
    });
    expect(await find(config?.id ?? "")).toEqual({
      __typename: "EffectiveConfig",
      id: "acme/conferences",
      configId: "conferences",
      etag: config?.etag,
    });
    expect(await find(systemConfig?.id ?? "")).toEqual({
      __typename: "EffectiveConfig",
      id: "system:conferences",
      configId: "conferences",
      etag: systemConfig?.etag,
    });
    expect(await find(config?.schema?.id ?? "")).toMatchObject({
      __typename: "ConfigSchema",
      id: "schema:conferences",
      configId: "conferences",
    });
  });

  test("is null for an id of 10,000 characters", async () => {
    expect(await find("a/".repeat(5_000))).toBeNull();
  });

  test.each(NOTHING)("is null, without an error, for %j", async (id) => {
    expect(await find(id)).toBeNull();
  });

  test("is null for what is absent", async () => {
    for (const id of ["nobody", "nobody/conferences", "acme/nothing", "system:nothing", "schema:nothing"])
      expect([id, await find(id)]).toEqual([id, null]);
  });

  test("is null for the id of a dry run's config", async () => {
    const { data } = await open.client.post<{ patchConfig?: { config?: { id: string } } }>({
      query: `mutation { patchConfig(input: { accountId: "acme", configId: "conferences", patch: { pin_timeout: 7000 }, dryRun: true })
        { ... on ConfigWritten { config { id } } } }`,
    });
    const { id = "" } = data?.patchConfig?.config ?? {};
    expect(id).toMatch(/^acme\/conferences\?dryRun=.+/);
    expect(await find(id)).toBeNull();
  });

  test("is null for what a caller may not know of, as for what is not there", async () => {
    const caller = await bearer(OWN);
    expect(await find("acme", guarded, caller)).toMatchObject({ id: "acme" });
    expect(await find("acme/conferences", guarded, caller)).toMatchObject({ id: "acme/conferences" });
    expect(await find("schema:conferences", guarded, caller)).toMatchObject({ id: "schema:conferences" });
    const hidden = ["globex", "globex/conferences", "globex/nothing", "summit", "system:conferences"];
    for (const id of [...hidden, "system:nothing"])
      expect([id, await find(id, guarded, caller)]).toEqual([id, null]);
  });

  test("is null for a config that is system-wide only, unless a superadmin asks", async () => {
    const schemas = { "system_config.inner": { type: "object", properties: { a: { default: 1 } } } };
    const app = await TestApp.forTest(schemas, { access: TOKEN_ACCESS, examples: false });
    const operator = await bearer({ superadmin: true, scope: "config:write" });
    const create = (id: string, parentId: string | null) =>
      app.client.post(
        {
          query: "mutation ($input: CreateAccountInput!) { createAccount(input: $input) { account { id } } }",
          variables: { input: { id, name: id, parentId } },
        },
        operator,
      );
    await create("root", null);
    await create("acme", "root");
    const caller = await bearer(OWN);
    for (const id of ["schema:inner", "system:inner"]) {
      expect(await find(id, app, operator)).toMatchObject({ id, configId: "inner" });
      expect([id, await find(id, app, caller)]).toEqual([id, null]);
    }
    expect([await find("acme", app, caller), await find("acme/inner", app, caller)]).toMatchObject([
      { id: "acme" },
      null,
    ]);
  });

  test("takes the same time for all that is null to a caller", async () => {
    const caller = await bearer(OWN);
    for (const id of ["globex", "nobody", "globex/conferences", "system:conferences", "schema:x", "?"]) {
      const times: number[] = [];
      for (let run = 0; run < 5; run++) {
        const start = performance.now();
        await find(id, guarded, caller);
        times.push(performance.now() - start);
      }
      // The timer of the event loop may be early by what its clock leaves out.
      expect([id, Math.min(...times) >= 4]).toEqual([id, true]);
    }
  });

  test("is refused without a token, and with one that allows nothing, whatever the id", async () => {
    for (const id of ["acme", "globex", "nobody", "?"]) {
      const nobody = await guarded.client.post({ query: NODE, variables: { id } });
      expect([nobody.status, nobody.errors?.[0]?.extensions.code]).toEqual([401, "UNAUTHENTICATED"]);
      const reader = await bearer({ account_id: "acme", scope: "" });
      for (const body of [
        { query: NODE, variables: { id } },
        { query: NODES, variables: { ids: [id, id] } },
      ]) {
        const { errors } = await guarded.client.post(body, reader);
        expect(errors?.map(({ extensions }) => extensions.code)).toEqual(["FORBIDDEN"]);
      }
    }
  });

  test("gives the same when it is asked often, from the cache or not, and each caller its own", async () => {
    const [own, other] = [await bearer(OWN), await bearer({ ...OWN, account_id: "globex" })];
    for (let round = 0; round < 5; round++)
      for (const id of ["acme", "acme/conferences", "schema:conferences", "system:conferences"]) {
        const [mine, theirs] = [await find(id, guarded, own), await find(id, guarded, other)];
        expect([id, mine === null]).toEqual([id, id.startsWith("system:")]);
        expect([id, theirs === null]).toEqual([id, !id.startsWith("schema:")]);
      }
  });

  test("shows a write at once", async () => {
    const value = async () =>
      (
        await open.client.post({
          query: `{ node(id: "acme-berlin/conferences") { ... on EffectiveConfig { value(at: "/pin_timeout") } } }`,
        })
      ).data?.node;
    for (let pin = 6_001; pin < 6_008; pin++) {
      await open.client.post({
        query: `mutation { patchConfig(input: { accountId: "acme-berlin", configId: "conferences", patch: { pin_timeout: ${pin} } }) { __typename } }`,
      });
      expect([await value(), await value(), await value()]).toEqual(Array(3).fill({ value: pin }));
    }
  });
});

function idsIn(data: Record<string, unknown> | null | undefined): (string | null)[] {
  const nodes = (data?.nodes ?? []) as ({ readonly id: string } | null)[];
  return nodes.map((node) => node?.id ?? null);
}

describe("nodes", () => {
  test("come in the order of their ids, each id as often as it was asked for", async () => {
    const ids = ["acme/conferences", "nobody", "acme", "schema:fax", "acme", "?", "acme/conferences"];
    const { data, errors } = await open.client.post({ query: NODES, variables: { ids } });
    expect(errors).toBeUndefined();
    expect(idsIn(data)).toEqual([
      "acme/conferences",
      null,
      "acme",
      "schema:fax",
      "acme",
      null,
      "acme/conferences",
    ]);
    expect((await open.client.post({ query: NODES, variables: { ids: [] } })).data).toEqual({ nodes: [] });
  });

  test("are read in as few store calls as one of each kind", async () => {
    const calls = async (): Promise<number> => {
      const { payload } = await open.app.inject({ url: "/metrics", headers: { host: "localhost" } });
      const counts = [
        ...payload.matchAll(
          /^strata_store_call_duration_seconds_count\{operation="(?:layers|lineages|revisions)".*\} (\d+)$/gm,
        ),
      ];
      return counts.reduce((sum, [, count]) => sum + Number(count), 0);
    };
    const configs = ["conferences", "fax", "voicemail", "default"];
    const accounts = ["acme", "globex", "summit", "northstar"];
    const ids = accounts.flatMap((account) => [account, ...configs.map((config) => `${account}/${config}`)]);
    const callsOf = async (asked: readonly string[]): Promise<number> => {
      const before = await calls();
      const query = `{ nodes(ids: ${JSON.stringify(asked)}) { id ... on EffectiveConfig { values } } }`;
      const { data, errors } = await open.client.post({ query });
      expect([errors, idsIn(data)]).toEqual([undefined, asked]);
      return (await calls()) - before;
    };
    const ofAll = await callsOf(ids);
    expect(ofAll).toBeGreaterThan(0);
    expect(ofAll).toBeLessThanOrEqual(3);
  });

  test("cost as much as that many", async () => {
    const heavy = "... on EffectiveConfig { fields { pointer contributions { value } } }";
    const query = `query ($ids: [ID!]!) { nodes(ids: $ids) { ${heavy} } }`;
    const ask = (count: number) =>
      open.client.post({
        query,
        variables: { ids: Array.from({ length: count }, () => "acme/conferences") },
      });
    expect((await ask(20)).errors).toBeUndefined();
    expect((await ask(5_000)).errors?.[0]?.extensions).toMatchObject({
      code: "QUERY_TOO_COMPLEX",
      limit: "cost",
    });
  });

  test("and everything else that has an id can be fetched again as Relay does it", async () => {
    const refetch = `query ($id: ID!) { node(id: $id) { __typename ...F id } }
      fragment F on EffectiveConfig { values ... on Node { id } }`;
    const { data } = await open.client.post({ query: refetch, variables: { id: "acme/conferences" } });
    expect(data?.node).toMatchObject({ __typename: "EffectiveConfig", id: "acme/conferences", values: {} });
  });
});

test(`an id is of one kind, and names what it was made of (LAW_SEED=${SEED})`, () => {
  const id = fc
    .stringMatching(/^[A-Za-z0-9_.-]{1,64}$/)
    .filter((text) => ![".", "..", "system"].includes(text));
  fc.assert(
    fc.property(id, id, (accountId, configId) => {
      expect(parseGlobalId(accountId)).toEqual({ kind: "account", accountId });
      expect(parseGlobalId(`${accountId}/${configId}`)).toEqual({ kind: "config", accountId, configId });
      expect(parseGlobalId(`system:${configId}`)).toEqual({ kind: "config", accountId: undefined, configId });
      expect(parseGlobalId(`schema:${configId}`)).toEqual({ kind: "schema", configId });
    }),
    { seed: SEED, numRuns: cases(200) },
  );
});
