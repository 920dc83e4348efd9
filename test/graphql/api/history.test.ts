import { beforeEach, describe, expect, it } from "vitest";
import type { JsonObject } from "../../../src/domain/json/json.js";
import { TestApp } from "../test-app.js";

const SCHEMAS = {
  "account_config.mail": {
    type: "object",
    properties: {
      limit: { type: "integer", maximum: 100 },
      name: { type: "string" },
      nested: { type: "object", properties: { a: {}, b: {} } },
    },
  },
  "system_config.mail": {
    type: "object",
    properties: { limit: { type: "integer", default: 5 }, password: { type: "string" } },
  },
};
const MAIL = { accountId: "shop", configId: "mail" };
const SYSTEM = { configId: "mail" };
const REVISION = "revision kind actor note restoredFrom document changes { pointer before after }";

describe("the history of a config", () => {
  let app: TestApp;
  beforeEach(async () => {
    app = await TestApp.forTest(SCHEMAS, { examples: false });
    await mutate("createAccount", { id: "root", name: "Root" }, "account { id }");
    await mutate("createAccount", { id: "shop", name: "Shop", parentId: "root" }, "account { id }");
  });

  type Answer = Record<string, unknown>;
  async function ask(query: string, variables: object = {}) {
    return app.client.post<Record<string, never>>({ query, variables });
  }
  async function mutate(name: string, input: object, selection = WRITTEN): Promise<Answer> {
    const type = `${name[0]?.toUpperCase()}${name.slice(1)}Input!`;
    const { data, errors } = await ask(
      `mutation ($input: ${type}) { ${name}(input: $input) { ${selection} } }`,
      {
        input,
      },
    );
    expect(errors).toBeUndefined();
    return data?.[name] as unknown as Answer;
  }
  async function refused(name: string, input: object) {
    const type = `${name[0]?.toUpperCase()}${name.slice(1)}Input!`;
    const { errors } = await ask(`mutation ($input: ${type}) { ${name}(input: $input) { __typename } }`, {
      input,
    });
    return errors?.[0];
  }
  async function config(selection: string): Promise<Answer> {
    const { data, errors } = await ask(`{ config(accountId: "shop", configId: "mail") { ${selection} } }`);
    expect(errors).toBeUndefined();
    return data?.config as unknown as Answer;
  }
  const WRITTEN =
    "__typename ... on ConfigWritten { revision document changes { pointer before after } config { values } } ... on ConfigInvalid { problems { pointer keyword } }";
  const set = (values: JsonObject, note?: string) => mutate("setConfig", { ...MAIL, values, note });
  const patch = (values: JsonObject, note?: string) =>
    mutate("patchConfig", { ...MAIL, patch: values, note });
  const history = async (args = "") =>
    ((await config(`history${args} { nodes { ${REVISION} } }`)).history as { nodes: Answer[] }).nodes;

  it("tells of each write who, how and why, what became and what changed, newest first", async () => {
    await set({ limit: 7, nested: { a: 1 } }, "ticket 1");
    await patch({ nested: { a: null, b: [1] } });
    await mutate("resetConfig", { ...MAIL, pointers: ["/limit", "/nested"], note: 'why "so" é' });
    expect(await history()).toEqual([
      {
        revision: 3,
        kind: "RESET",
        actor: "anonymous",
        note: 'why "so" é',
        restoredFrom: null,
        document: null,
        changes: [
          { pointer: "/limit", before: 7, after: null },
          { pointer: "/nested/b", before: [1], after: null },
        ],
      },
      {
        revision: 2,
        kind: "PATCH",
        actor: "anonymous",
        note: null,
        restoredFrom: null,
        document: { limit: 7, nested: { b: [1] } },
        changes: [
          { pointer: "/nested/b", before: null, after: [1] },
          { pointer: "/nested/a", before: 1, after: null },
        ],
      },
      {
        revision: 1,
        kind: "SET",
        actor: "anonymous",
        note: "ticket 1",
        restoredFrom: null,
        document: { limit: 7, nested: { a: 1 } },
        changes: [
          { pointer: "/limit", before: null, after: 7 },
          { pointer: "/nested/a", before: null, after: 1 },
        ],
      },
    ]);
  });

  it("is paged by cursors, of which those of other documents are refused", async () => {
    for (let limit = 10; limit < 15; limit++) await set({ limit });
    const page = async (args: string) => {
      const found = (await config(
        `history${args} { edges { cursor node { id revision changes { before } } } pageInfo { hasNextPage hasPreviousPage endCursor } }`,
      )) as { history: { edges: { cursor: string; node: Answer }[]; pageInfo: Answer } };
      return found.history;
    };
    const first = await page("(first: 2)");
    expect(first.edges.map(({ node }) => node)).toEqual([
      { id: "shop/mail@5", revision: 5, changes: [{ before: 13 }] },
      { id: "shop/mail@4", revision: 4, changes: [{ before: 12 }] },
    ]);
    expect(first.pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: false });
    const second = await page(`(first: 10, after: "${first.pageInfo.endCursor}")`);
    expect(second.edges.map(({ node }) => node.revision)).toEqual([3, 2, 1]);
    expect(second.pageInfo).toMatchObject({ hasNextPage: false, hasPreviousPage: true });
    expect((await page("(first: 0)")).edges).toEqual([]);
    const bad = async (args: string, configOf = 'config(accountId: "shop", configId: "mail")') =>
      (await ask(`{ ${configOf} { history(${args}) { nodes { id } } } }`)).errors?.[0]?.extensions;
    const foreign = `after: "${first.edges[0]?.cursor}"`;
    expect(await bad(foreign, 'config(accountId: "root", configId: "mail")')).toMatchObject({
      code: "BAD_USER_INPUT",
      pointer: "/after",
    });
    expect(await bad(foreign, 'systemConfig(configId: "mail")')).toMatchObject({ code: "BAD_USER_INPUT" });
    expect(await bad('after: "nonsense"')).toMatchObject({ code: "BAD_USER_INPUT", pointer: "/after" });
    expect(await bad("first: -1")).toMatchObject({ code: "BAD_USER_INPUT", limit: "pageSize" });
    expect(await bad("first: 1001")).toMatchObject({ code: "BAD_USER_INPUT", limit: "pageSize" });
  });

  it("is never answered from before a write, however often it was asked for", async () => {
    for (let revision = 1; revision <= 6; revision++) {
      await set({ limit: 10 + revision }, `note ${revision}`);
      for (let times = 0; times < 4; times++) {
        const found = await config(
          `history(first: 1) { nodes { revision note } } field(at: "/limit") { lastChange { revision note } }`,
        );
        const change = { revision, note: `note ${revision}` };
        expect(found).toEqual({ history: { nodes: [change] }, field: { lastChange: change } });
      }
    }
  });

  it("shows neither in documents nor in changes what the account does not see today", async () => {
    await mutate("setSystemConfig", {
      ...SYSTEM,
      values: { limit: 6, password: "secret" },
      note: "note of the system",
    });
    await mutate("patchSystemConfig", { ...SYSTEM, patch: { password: "secret2" } });
    await set({ limit: 9 });
    const { text } = await ask(
      `{ config(accountId: "shop", configId: "mail") { values history { nodes { ${REVISION} } } fields { pointer lastChange { actor note revision } } } }`,
    );
    expect(text).not.toContain("secret");
    const { data } = await ask(`{ systemConfig(configId: "mail") { history { nodes { ${REVISION} } } } }`);
    expect(JSON.stringify(data)).toContain("secret2");
  });

  describe("by which a field's last change is told", () => {
    const lastChange = async (at: string) =>
      ((await config(`field(at: "${at}") { lastChange { actor revision note at } }`)).field as Answer)
        ?.lastChange as Answer | null;

    it("as the write that put or changed its value, whatever was written besides", async () => {
      await set({ limit: 7, name: "one", nested: { a: 1, b: 2 } }, "first");
      await patch({ nested: { b: 3 } }, "second");
      await patch({ limit: 7, name: "two" }, "third");
      expect(await lastChange("/limit")).toMatchObject({ revision: 1, note: "first", actor: "anonymous" });
      expect(await lastChange("/name")).toMatchObject({ revision: 3, note: "third" });
      expect(await lastChange("/nested/a")).toMatchObject({ revision: 1 });
      expect(await lastChange("/nested/b")).toMatchObject({ revision: 2, note: "second" });
      await patch({ limit: null });
      await patch({ limit: 7 }, "again");
      expect(await lastChange("/limit")).toMatchObject({ revision: 5, note: "again" });
    });

    it("in its source layer: the system's where that is in reach, and nobody's where the schema says it", async () => {
      await mutate("setSystemConfig", { ...SYSTEM, values: { limit: 6 }, note: "system-wide" });
      expect(await lastChange("/limit")).toMatchObject({ revision: 1, note: "system-wide" });
      await mutate("resetSystemConfig", SYSTEM);
      expect(await lastChange("/limit")).toBeNull();
      await set({ limit: 9 }, "own");
      expect(await lastChange("/limit")).toMatchObject({ note: "own" });
    });

    it("not of what a dry run would change", async () => {
      await set({ limit: 7, name: "one" }, "first");
      const { data } = await ask(
        `mutation ($input: PatchConfigInput!) { patchConfig(input: $input) { ... on ConfigWritten { config { fields { pointer lastChange { note } } history { nodes { revision } } } } } }`,
        { input: { ...MAIL, patch: { limit: 8 }, dryRun: true } },
      );
      expect(data?.patchConfig).toEqual({
        config: {
          fields: [
            { pointer: "/limit", lastChange: null },
            { pointer: "/name", lastChange: { note: "first" } },
          ],
          history: { nodes: [{ revision: 1 }] },
        },
      });
    });
  });

  describe("from which a revision is restored", () => {
    const restore = (revision: number, more = {}) => mutate("restoreConfig", { ...MAIL, revision, ...more });

    it("verbatim, as a new revision that says so, equal to what is inherited or not", async () => {
      await set({ limit: 7, nested: { a: 1 } });
      await set({ name: "other" });
      await mutate("setSystemConfig", { ...SYSTEM, values: { limit: 7 } });
      const dry = await restore(1, { dryRun: true });
      expect(dry).toMatchObject({
        revision: null,
        document: { limit: 7, nested: { a: 1 } },
        changes: [
          { pointer: "/limit", before: 7, after: 7 },
          { pointer: "/nested/a", before: null, after: 1 },
          { pointer: "/name", before: "other", after: null },
        ],
      });
      expect(await restore(1, { note: "put back" })).toMatchObject({ ...dry, revision: 3 });
      expect((await history("(first: 1)"))[0]).toMatchObject({
        revision: 3,
        kind: "RESTORE",
        restoredFrom: 1,
        note: "put back",
        document: { limit: 7, nested: { a: 1 } },
      });
    });

    it("not at all where it is what is stored now, and to nothing where it was removed then", async () => {
      await set({ limit: 7 });
      await mutate("resetConfig", MAIL);
      await set({ limit: 7 });
      expect(await restore(1)).toMatchObject({ revision: null, changes: [] });
      expect(await restore(3)).toMatchObject({ revision: null, changes: [] });
      expect(await restore(2)).toMatchObject({ revision: 4, document: null });
      expect(await restore(2)).toMatchObject({ revision: null, document: null });
      expect(await restore(3)).toMatchObject({ revision: 5, document: { limit: 7 } });
    });

    it("only on the state that ifMatch names", async () => {
      await set({ limit: 7 });
      await set({ limit: 8 });
      expect(await restore(1, { ifMatch: "another" })).toEqual({ __typename: "ConfigConflict" });
      const { etag } = await config("etag");
      expect(await restore(1, { ifMatch: etag })).toMatchObject({ revision: 3 });
    });

    it("of the system level as well", async () => {
      await mutate("setSystemConfig", { ...SYSTEM, values: { password: "a" } });
      await mutate("setSystemConfig", { ...SYSTEM, values: { password: "b" } });
      expect(await mutate("restoreSystemConfig", { ...SYSTEM, revision: 1, note: "back" })).toMatchObject({
        revision: 3,
        document: { password: "a" },
      });
    });

    it.each([0, -1, 3, 2_147_483_647])("but not revision %d, which nobody ever wrote", async (revision) => {
      expect(await refused("restoreConfig", { ...MAIL, revision })).toMatchObject({
        extensions: { code: "REVISION_NOT_FOUND", oldest: null },
      });
      await set({ limit: 7 });
      await set({ limit: 8 });
      expect(await refused("restoreConfig", { ...MAIL, revision })).toMatchObject({
        message: expect.stringContaining("revisions 1 to 2"),
        extensions: { code: "REVISION_NOT_FOUND", pointer: "/revision", oldest: 1 },
      });
    });
  });

  describe("takes notes", () => {
    it.each([
      ["longer than 500 characters", "x".repeat(501)],
      ["with a line break", "two\nlines"],
      ["with half a character", "\ud800"],
      ["with a line separator", "two\u2028lines"],
      ["with a paragraph separator", "two\u2029lines"],
      ["that overrides the writing direction", "safe\u202eelif"],
      ["that isolates a writing direction", "a\u2067b"],
      ["with a mark of the writing direction", "a\u200fb"],
      ["with a space without a width", "a\u200bb"],
      ["with a byte order mark", "\ufeffa"],
      ["with a tag", "a\u{e0041}"],
    ])("but none %s", async (_what, note) => {
      for (const [name, input] of [
        ["setConfig", { ...MAIL, values: { limit: 9 }, note }],
        ["resetConfig", { ...MAIL, note }],
        ["restoreConfig", { ...MAIL, revision: 1, note }],
        ["patchSystemConfig", { ...SYSTEM, patch: { limit: 9 }, note }],
        ["createAccount", { name: "Other", parentId: "root", note }],
        ["updateAccount", { id: "shop", name: "Other", note }],
        ["deleteAccount", { id: "shop", note }],
      ] as const)
        expect((await refused(name, input))?.extensions).toMatchObject({
          code: "BAD_USER_INPUT",
          limit: "note",
          pointer: "/note",
        });
      expect(await history()).toEqual([]);
    });

    it("in any script, joined letters and emoji included", async () => {
      for (const note of ["می\u200cخواهم", "👩\u200d💻 naïve café", "日本語"]) {
        await set({ name: note }, note);
        expect((await history())[0]?.note).toBe(note);
      }
    });

    it("of 500 characters, whatever they are", async () => {
      await set({ limit: 9 }, "😀".repeat(500));
      expect((await history())[0]?.note).toBe("😀".repeat(500));
      await mutate("updateAccount", { id: "shop", name: "Other", note: "x".repeat(500) }, "account { id }");
      await mutate("deleteAccount", { id: "shop", note: "closed" }, "deletedAccountId");
    });
  });
});
