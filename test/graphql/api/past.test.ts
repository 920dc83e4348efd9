import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TestApp } from "../test-app.js";

const FIELDS = "id asOf schemaChanged cursor etag values account { id } fields { pointer source { kind } }";
const CONFIG = `query ($account: ID!, $asOf: DateTime) { config(accountId: $account, configId: "open", asOf: $asOf) { ${FIELDS} } }`;
const CHANGES = `query ($since: DateTime!, $asOf: DateTime) {
  config(accountId: "leaf", configId: "open", asOf: $asOf) {
    changesSince(time: $since) { pointer before after sourceBefore sourceAfter by { actor at revision note } }
  }
}`;

type Config = Readonly<Record<string, unknown>> & { readonly id: string; readonly cursor: string };

/** Commit times are milliseconds: so long until the next one. */
const pause = () => new Promise((resolve) => setTimeout(resolve, 5));
const moment = async (): Promise<string> => {
  await pause();
  const now = new Date().toISOString();
  await pause();
  return now;
};

describe("R20 over GraphQL", () => {
  let app: TestApp;
  let [before, between, created] = ["", "", ""];
  let read: Config;
  const ask = async (query: string, variables: Record<string, unknown> = {}) => {
    const { data, errors } = await app.client.post({ query, variables });
    return { data: data as Record<string, Config & Record<string, unknown>> | null, errors };
  };
  const write = async (mutation: string) => {
    const { errors } = await ask(`mutation { ${mutation} }`);
    expect(errors).toBeUndefined();
  };
  beforeAll(async () => {
    app = await TestApp.open({ "account_config.open": { additionalProperties: true } }, { examples: false });
    await write(`createAccount(input: { name: "Root", id: "root" }) { account { id } }`);
    before = await moment();
    await write(`createAccount(input: { name: "Leaf", id: "leaf", parentId: "root" }) { account { id } }`);
    created = await moment();
    await write(
      `setConfig(input: { accountId: "root", configId: "open", values: { a: 1, b: 1 } }) { __typename }`,
    );
    await write(`setConfig(input: { accountId: "leaf", configId: "open", values: { a: 2 } }) { __typename }`);
    read = (await ask(CONFIG, { account: "leaf" })).data?.config as Config;
    between = await moment();
    await write(
      `patchConfig(input: { accountId: "root", configId: "open", patch: { b: 3 } }) { __typename }`,
    );
    await write(
      `resetConfig(input: { accountId: "leaf", configId: "open", pointers: ["/a"], note: "back to the reseller's" }) { __typename }`,
    );
  });
  afterAll(() => app.close());

  test("a config as of a moment is the config that was read then, under an id of its own", async () => {
    const { data } = await ask(CONFIG, { account: "leaf", asOf: between });
    expect(data?.config).toEqual({ ...read, id: `leaf/open?asOf=${between}`, asOf: between });
    const now = (await ask(CONFIG, { account: "leaf" })).data?.config;
    expect(now).toMatchObject({ id: "leaf/open", asOf: null, schemaChanged: false, values: { a: 1, b: 3 } });
  });

  test("its id finds it again, also a node of it; the same moment with an offset is the same", async () => {
    const { data } = await ask(CONFIG, { account: "leaf", asOf: between.replace("Z", "123+00:00") });
    expect(data?.config?.asOf).toBe(between);
    const node = await ask(`query ($id: ID!) { node(id: $id) { id ... on EffectiveConfig { values } } }`, {
      id: data?.config?.id,
    });
    expect(node.data?.node).toEqual({ id: `leaf/open?asOf=${between}`, values: { a: 2, b: 1 } });
    const future = await ask(`{ node(id: "leaf/open?asOf=2999-01-01T00:00:00.000Z") { id } }`);
    expect(future).toEqual({ data: { node: null }, errors: undefined });
  });

  test("what is no moment is told with the variable that it came by", async () => {
    const { errors } = await ask(CONFIG, { account: "leaf", asOf: "yesterday" });
    expect(errors?.map(({ message }) => message)).toEqual([
      "Variable $asOf: A moment is RFC 3339 text with its offset, such as 2026-11-22T09:30:00Z.",
    ]);
  });

  test("before the account, after now and what is no moment are refused", async () => {
    const code = async (asOf: string) =>
      (await ask(CONFIG, { account: "leaf", asOf })).errors?.[0]?.extensions;
    expect(await code(before)).toEqual({ code: "ACCOUNT_NOT_FOUND" });
    expect(await code("2999-01-01T00:00:00Z")).toEqual({ code: "BAD_USER_INPUT", pointer: "/asOf" });
    for (const asOf of ["yesterday", "2026-02-30T00:00:00Z", "2026-01-01", "2026-01-01T00:00:00", ""])
      expect(await code(asOf)).toMatchObject({ code: "BAD_USER_INPUT" });
  });

  test("changesSince says what differs and who did it, of now and of then", async () => {
    const { data } = await ask(CHANGES, { since: between });
    expect(data?.config?.changesSince).toMatchObject([
      {
        pointer: "/a",
        before: 2,
        after: 1,
        sourceBefore: "ACCOUNT",
        sourceAfter: "RESELLER",
        by: { revision: 2 },
      },
      {
        pointer: "/b",
        before: 1,
        after: 3,
        sourceBefore: "RESELLER",
        sourceAfter: "RESELLER",
        by: { revision: 2 },
      },
    ]);
    expect(data?.config?.changesSince).toMatchObject([
      { by: { note: "back to the reseller's" } },
      { by: { note: null } },
    ]);
    const past = await ask(CHANGES, { since: created, asOf: between });
    expect(past.data?.config?.changesSince).toMatchObject([
      { pointer: "/a", before: null, after: 2, sourceBefore: null, by: { revision: 1 } },
      { pointer: "/b", before: null, after: 1 },
    ]);
    const later = await ask(CHANGES, { since: between, asOf: created });
    expect(later.errors?.[0]?.extensions).toEqual({ code: "BAD_USER_INPUT", pointer: "/time" });
  });

  test("what was asked twice is not answered from before: a deleted account's past is gone", async () => {
    await write(`createAccount(input: { name: "Gone", id: "gone", parentId: "root" }) { account { id } }`);
    const asOf = await moment();
    for (let times = 0; times < 3; times++)
      expect((await ask(CONFIG, { account: "gone", asOf })).data?.config?.id).toBe(`gone/open?asOf=${asOf}`);
    await write(`deleteAccount(input: { id: "gone" }) { deletedAccountId }`);
    expect((await ask(CONFIG, { account: "gone", asOf })).errors?.[0]?.extensions.code).toBe(
      "ACCOUNT_NOT_FOUND",
    );
    await write(`createAccount(input: { name: "Gone", id: "gone", parentId: "root" }) { account { id } }`);
    expect((await ask(CONFIG, { account: "gone", asOf })).errors?.[0]?.extensions.code).toBe(
      "ACCOUNT_NOT_FOUND",
    );
  });
});
