import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TestApp } from "../test-app.js";

let opened: TestApp;
beforeAll(async () => {
  opened = await TestApp.open();
});
afterAll(() => opened.close());

const ask = (query: string, variables: Record<string, unknown> = {}) =>
  opened.client.post({ query, variables });
const create = (id: string, parentId: string) =>
  ask(
    `mutation { createAccount(input: { id: "${id}", name: "${id}", parentId: "${parentId}" }) { account { id } } }`,
  );

interface Page {
  readonly edges: readonly { readonly cursor: string; readonly node: { readonly id: string } }[];
  readonly nodes: readonly { readonly id: string }[];
  readonly pageInfo: {
    readonly hasNextPage: boolean;
    readonly hasPreviousPage: boolean;
    readonly startCursor: string | null;
    readonly endCursor: string | null;
  };
  readonly totalCount: number;
}
const PAGE = `edges { cursor node { id } } nodes { id }
  pageInfo { hasNextPage hasPreviousPage startCursor endCursor } totalCount`;
/** A field of an answer that is there. */
const fieldOf = <T>(data: Record<string, unknown> | null | undefined, name: string): T => {
  if (!data?.[name]) throw new Error(`no ${name} in ${JSON.stringify(data)}`);
  return data[name] as T;
};
const pageOf = async (args: string): Promise<Page> => {
  const { data, errors } = await ask(`{ accounts${args} { ${PAGE} } }`);
  expect(errors).toBeUndefined();
  return fieldOf<Page>(data, "accounts");
};

describe("accounts", () => {
  test("come in pages as Relay has them", async () => {
    const whole = await pageOf("");
    const ids = whole.nodes.map(({ id }) => id);
    const { data } = await ask("{ accounts(first: 1) { nodes { id parent { id } } } }");
    expect(data?.accounts).toEqual({ nodes: [{ id: ids[0], parent: null }] });
    expect(whole).toMatchObject({
      totalCount: ids.length,
      pageInfo: { hasNextPage: false, hasPreviousPage: false },
    });
    expect(ids).toContain("acme");
    const found: string[] = [];
    for (let after: string | null = null; ; ) {
      const page: Page = await pageOf(`(first: 2${after === null ? "" : `, after: "${after}"`})`);
      expect(page.nodes).toEqual(page.edges.map(({ node }) => node));
      expect(page.pageInfo.startCursor).toBe(page.edges.at(0)?.cursor);
      expect(page.totalCount).toBe(ids.length);
      found.push(...page.nodes.map(({ id }) => id));
      after = page.pageInfo.endCursor;
      if (!page.pageInfo.hasNextPage) break;
    }
    expect(found).toEqual(ids);
    const backwards: string[] = [];
    for (let before: string | null = null; ; ) {
      const page: Page = await pageOf(`(last: 2${before === null ? "" : `, before: "${before}"`})`);
      expect(page.pageInfo.hasNextPage).toBe(before !== null);
      backwards.unshift(...page.nodes.map(({ id }) => id));
      before = page.pageInfo.startCursor;
      if (!page.pageInfo.hasPreviousPage) break;
    }
    expect(backwards).toEqual(ids);
    expect(await pageOf("(first: null, last: null, after: null, before: null)")).toEqual(whole);
    expect(await pageOf("(first: 0)")).toMatchObject({
      edges: [],
      pageInfo: { startCursor: null, endCursor: null },
    });
  });

  test("of one parent carry their configs, each with its own values", async () => {
    const { data } = await ask(
      `{ accounts(parentId: "summit") { nodes { id parent { id } config(configId: "conferences") { id values } } } }`,
    );
    const { nodes } = fieldOf<{ nodes: { id: string; parent: { id: string }; config: { id: string } }[] }>(
      data,
      "accounts",
    );
    expect(nodes.length).toBeGreaterThan(0);
    for (const { id, parent, config } of nodes)
      expect([parent.id, config.id]).toEqual(["summit", `${id}/conferences`]);
  });

  test.each([
    ["first: -1", "BAD_USER_INPUT"],
    ["first: 1001", "BAD_USER_INPUT"],
    ["first: 99999999", "BAD_USER_INPUT"],
    ["last: -1", "BAD_USER_INPUT"],
    ["last: 1001", "BAD_USER_INPUT"],
    ["last: 2147483647", "BAD_USER_INPUT"],
    ["first: 1, last: 1", "BAD_USER_INPUT"],
    [`before: "nonsense"`, "BAD_USER_INPUT"],
    [`last: 2, after: "nonsense"`, "BAD_USER_INPUT"],
    [`after: "nonsense"`, "BAD_USER_INPUT"],
    [`parentId: "nobody"`, "ACCOUNT_NOT_FOUND"],
    [`parentId: "a b"`, "BAD_USER_INPUT"],
  ])("with %s are %s", async (args, code) => {
    const { data, errors } = await ask(`{ accounts(${args}) { totalCount } }`);
    expect([data?.accounts, errors?.[0]?.extensions.code]).toEqual([null, code]);
  });

  test("in long pages count for what is asked of each", async () => {
    const heavy = "config { fields { pointer value contributions { value } } }";
    const { errors } = await ask(
      `{ accounts(first: 1000) { nodes { ${heavy} } edges { node { ${heavy} } } } }`,
    );
    expect(errors?.[0]?.extensions).toMatchObject({ code: "QUERY_TOO_COMPLEX", limit: "cost" });
    expect((await ask("{ accounts(first: 1000) { nodes { id name } totalCount } }")).errors).toBeUndefined();
    for (const size of ["first", "last"]) {
      const query = `query ($size: Int) { accounts(${size}: $size) { nodes { ${heavy} } edges { node { ${heavy} } } } }`;
      for (let round = 0; round < 4; round++) {
        expect((await ask(query, { size: 1 })).errors).toBeUndefined();
        expect((await ask(query, { size: 1_000 })).errors?.[0]?.extensions.code).toBe("QUERY_TOO_COMPLEX");
      }
    }
  });
});

describe("updateAccount", () => {
  test("renames, flags and moves; null leaves things as they are", async () => {
    await create("mover", "acme");
    const update = `mutation ($input: UpdateAccountInput!) { updateAccount(input: $input) {
      account { id name isReseller parent { id } reseller { id } } } }`;
    const run = async (input: Record<string, unknown>) =>
      (await ask(update, { input: { id: "mover", ...input } })).data?.updateAccount;
    const account = {
      id: "mover",
      name: "mover",
      isReseller: false,
      parent: { id: "acme" },
      reseller: { id: "summit" },
    };
    expect(await run({ name: null, parentId: null, isReseller: null })).toEqual({ account });
    expect(await run({ name: "Mover & Co." })).toEqual({ account: { ...account, name: "Mover & Co." } });
    expect(await run({ isReseller: true, parentId: "northstar" })).toMatchObject({
      account: { name: "Mover & Co.", isReseller: true, parent: { id: "northstar" } },
    });
  });

  test("and what is read after it in the same request is as it left it", async () => {
    await create("same", "acme");
    const { data } = await ask(`mutation {
      up: updateAccount(input: { id: "same", parentId: "northstar" }) { account { config(configId: "conferences") { etag } } }
      back: updateAccount(input: { id: "same", parentId: "acme" }) { account { config(configId: "conferences") { etag } } } }`);
    const { data: now } = await ask(`{ config(accountId: "same", configId: "conferences") { etag } }`);
    expect(data?.back).toEqual({ account: { config: now?.config } });
    expect(data?.up).not.toEqual(data?.back);
  });

  test("below itself is ACCOUNT_CYCLE", async () => {
    const { errors } = await ask(
      `mutation { updateAccount(input: { id: "summit", parentId: "acme" }) { account { id } } }`,
    );
    expect(errors?.[0]?.extensions).toEqual({ code: "ACCOUNT_CYCLE", pointer: "/parentId" });
  });
});

describe("deleteAccount", () => {
  test("ends an account and everything of it", async () => {
    await create("brief", "acme");
    await ask(`mutation { patchConfig(input: { accountId: "brief", configId: "conferences", patch: { pin_timeout: 7000 } })
      { __typename } }`);
    const { data } = await ask(`mutation { deleteAccount(input: { id: "brief" }) { deletedAccountId } }`);
    expect(data?.deleteAccount).toEqual({ deletedAccountId: "brief" });
    expect((await ask(`{ account(id: "brief") { id } }`)).data).toEqual({ account: null });
    await create("brief", "acme");
    const again = await ask(
      `{ config(accountId: "brief", configId: "conferences") { layers { kind document } } }`,
    );
    expect(again.data?.config).toMatchObject({ layers: [{ kind: "ACCOUNT", document: null }, {}, {}, {}] });
  });

  test("is refused while others hang below it", async () => {
    const { data, errors } = await ask(
      `mutation { deleteAccount(input: { id: "summit" }) { deletedAccountId } }`,
    );
    expect([data?.deleteAccount, errors?.[0]?.extensions.code]).toEqual([null, "ACCOUNT_HAS_CHILDREN"]);
  });
});
