import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { GraphqlClient } from "../graphql-client.js";
import {
  ConfigDocument,
  CreateAccountDocument,
  CreateThenReadDocument,
  PatchConfigDocument,
  PatchSystemConfigDocument,
  PatchTwiceDocument,
  ResetConfigDocument,
  ResetSystemConfigDocument,
  SetConfigDocument,
  type SetConfigMutation,
  SetSystemConfigDocument,
  SystemConfigDocument,
} from "../operations.generated.js";
import { TestApp } from "../test-app.js";

type WriteResult = SetConfigMutation["setConfig"];
type Written = Extract<WriteResult, { __typename: "ConfigWritten" }>;

/** The written result, or a failed test. */
function written(result: WriteResult): Written {
  if (result?.__typename !== "ConfigWritten") throw new Error(`not written: ${JSON.stringify(result)}`);
  return result;
}

async function open(): Promise<GraphqlClient> {
  return (await TestApp.forTest()).client;
}

const GLOBEX = { accountId: "globex", configId: "conferences" };
const etagOf = async (client: GraphqlClient, target = GLOBEX) =>
  (await client.run(ConfigDocument, target)).config?.etag;

describe("an account's config", () => {
  test("set stores the difference and answers with what is in force", async () => {
    const client = await open();
    const values = { pin_timeout: 7_500, number_timeout: 1, profiles: { tiny: { "max-members": 3 } } };
    const { setConfig } = await client.run(SetConfigDocument, { input: { ...GLOBEX, values } });
    const result = written(setConfig);
    // 7500 is what the reseller has; support_name_announcement, stored before, was not given again.
    expect(result).toMatchObject({
      document: { number_timeout: 1, profiles: { tiny: { "max-members": 3 } } },
      revision: 2,
      dryRun: false,
    });
    expect(result.changes).toEqual([
      { pointer: "/number_timeout", before: 8_000, after: 1, sourceBefore: "SYSTEM", sourceAfter: "ACCOUNT" },
      {
        pointer: "/support_name_announcement",
        before: false,
        after: true,
        sourceBefore: "ACCOUNT",
        sourceAfter: "SCHEMA",
      },
      {
        pointer: "/profiles/tiny/max-members",
        before: null,
        after: 3,
        sourceBefore: null,
        sourceAfter: "ACCOUNT",
      },
    ]);
    expect(result.config).toEqual((await client.run(ConfigDocument, GLOBEX)).config);
  });

  test("patch touches what it names, and nothing else", async () => {
    const client = await open();
    const patch = { pin_timeout: 1, support_name_announcement: null };
    const { patchConfig } = await client.run(PatchConfigDocument, { input: { ...GLOBEX, patch } });
    expect(written(patchConfig).document).toEqual({ pin_timeout: 1 });
    const again = await client.run(PatchConfigDocument, { input: { ...GLOBEX, patch } });
    expect(written(again.patchConfig)).toMatchObject({
      revision: null,
      changes: [],
      document: { pin_timeout: 1 },
    });
  });

  test("reset drops the overrides at the pointers, or all of them", async () => {
    const client = await open();
    const acme = { accountId: "acme", configId: "conferences" };
    const some = await client.run(ResetConfigDocument, { input: { ...acme, pointers: ["/profiles"] } });
    expect(written(some.resetConfig).document).toEqual({ pin_timeout: 3_000 });
    const none = await client.run(ResetConfigDocument, { input: { ...acme, pointers: [] } });
    expect(written(none.resetConfig)).toMatchObject({ revision: null, document: { pin_timeout: 3_000 } });
    const all = await client.run(ResetConfigDocument, { input: { ...acme, pointers: null } });
    expect(written(all.resetConfig)).toMatchObject({ revision: 3, document: null });
    expect(written(all.resetConfig).config.layers[0]).toMatchObject({
      kind: "ACCOUNT",
      document: null,
      revision: null,
    });
  });

  test("a move of the source alone is a change", async () => {
    const client = await open();
    const system = {
      input: { configId: "conferences", patch: { entry_tone: "tone_stream://%(200,0,500,600)" } },
    };
    await client.run(PatchSystemConfigDocument, system);
    const summit = { accountId: "summit", configId: "conferences" };
    const { resetConfig } = await client.run(ResetConfigDocument, {
      input: { ...summit, pointers: ["/entry_tone"] },
    });
    expect(written(resetConfig).changes).toEqual([
      {
        pointer: "/entry_tone",
        before: "tone_stream://%(200,0,500,600)",
        after: "tone_stream://%(200,0,500,600)",
        sourceBefore: "ACCOUNT",
        sourceAfter: "SYSTEM",
      },
    ]);
  });

  test("a dry run answers what would be, under an id of its own, and writes nothing", async () => {
    const client = await open();
    const before = (await client.run(ConfigDocument, GLOBEX)).config;
    const input = { ...GLOBEX, patch: { pin_timeout: 1 }, dryRun: true };
    const dry = written((await client.run(PatchConfigDocument, { input })).patchConfig);
    expect(dry).toMatchObject({ dryRun: true, revision: null, document: { pin_timeout: 1 } });
    expect(dry.config.id).toBe(`globex/conferences?dryRun=${dry.config.etag}`);
    expect(dry.config.etag).not.toBe(before?.etag);
    expect((await client.run(ConfigDocument, GLOBEX)).config).toEqual(before);
    const wet = written(
      (await client.run(PatchConfigDocument, { input: { ...input, dryRun: false } })).patchConfig,
    );
    expect(wet.config).toMatchObject({ id: "globex/conferences", etag: dry.config.etag });
  });

  test("a system dry run has an id of its own, too", async () => {
    const client = await open();
    const input = { configId: "conferences", values: {}, dryRun: true };
    const { config } = written((await client.run(SetSystemConfigDocument, { input })).setSystemConfig);
    expect(config.id).toBe(`system:conferences?dryRun=${config.etag}`);
  });

  test("values that break the schema are ConfigInvalid with every problem, and nothing is written", async () => {
    const client = await open();
    const before = await etagOf(client);
    const values = { pin_timeout: "3000", nonsense: 1, review_name: true, controls: { x: 1 } };
    const { setConfig } = await client.run(SetConfigDocument, { input: { ...GLOBEX, values } });
    if (setConfig?.__typename !== "ConfigInvalid")
      throw new Error(`not refused: ${JSON.stringify(setConfig)}`);
    expect(setConfig.message).toMatch(/^Nothing was written: 4 problems/);
    expect(
      setConfig.problems.map(({ pointer, keyword, source }) => [pointer, keyword, source]).sort(),
    ).toEqual([
      ["/controls/x", "unknown", "ACCOUNT"],
      ["/nonsense", "unknown", "ACCOUNT"],
      ["/pin_timeout", "type", "ACCOUNT"],
      ["/review_name", "systemOnly", "ACCOUNT"],
    ]);
    expect(JSON.stringify(setConfig)).not.toContain("3000");
    expect(await etagOf(client)).toBe(before);
  });

  test("ifMatch: written on the state seen, or ConfigConflict with the one there is", async () => {
    const client = await open();
    const seen = (await etagOf(client)) ?? "";
    const input = { ...GLOBEX, patch: { pin_timeout: 1 }, ifMatch: seen };
    const first = written((await client.run(PatchConfigDocument, { input })).patchConfig);
    const { patchConfig } = await client.run(PatchConfigDocument, {
      input: { ...input, patch: { pin_timeout: 2 } },
    });
    expect(patchConfig).toEqual({
      __typename: "ConfigConflict",
      message: expect.stringMatching(/^Nothing was written/),
      current: { etag: first.config.etag },
    });
    expect(await etagOf(client)).toBe(first.config.etag);
    const again = { ...input, patch: { pin_timeout: 2 }, ifMatch: first.config.etag };
    expect(written((await client.run(PatchConfigDocument, { input: again })).patchConfig).revision).toBe(3);
  });

  test("configId is `default` unless given", async () => {
    const client = await open();
    const { setConfig } = await client.run(SetConfigDocument, { input: { accountId: "globex", values: {} } });
    expect(written(setConfig).config.id).toBe("globex/default");
  });
});

describe("the system layer", () => {
  test("set, patch and reset reach every account that does not override", async () => {
    const client = await open();
    const seenBy = async (accountId: string) =>
      (await client.run(ConfigDocument, { accountId, configId: "conferences" })).config?.values
        .number_timeout;
    const target = { configId: "conferences" };
    const set = await client.run(SetSystemConfigDocument, {
      input: { ...target, values: { number_timeout: 9 } },
    });
    expect(written(set.setSystemConfig)).toMatchObject({ document: { number_timeout: 9 }, revision: 2 });
    expect([await seenBy("acme"), await seenBy("northstar")]).toEqual([9, 9]);
    const patch = { number_timeout: 10, review_name: true };
    const patched = written(
      (await client.run(PatchSystemConfigDocument, { input: { ...target, patch } })).patchSystemConfig,
    );
    expect(patched.document).toEqual(patch);
    expect(patched.changes.map(({ pointer, sourceAfter }) => [pointer, sourceAfter])).toEqual([
      ["/number_timeout", "SYSTEM"],
      ["/review_name", "SYSTEM"],
    ]);
    expect(await seenBy("acme")).toBe(10);
    const reset = await client.run(ResetSystemConfigDocument, {
      input: { ...target, pointers: ["/number_timeout"] },
    });
    expect(written(reset.resetSystemConfig).document).toEqual({ review_name: true });
    expect(await seenBy("acme")).toBe(5_000);
  });

  test("takes what accounts may not set, and refuses what nobody declares", async () => {
    const client = await open();
    const values = { bridge_password: "sesame", nonsense: 1 };
    const { setSystemConfig } = await client.run(SetSystemConfigDocument, {
      input: { configId: "conferences", values },
    });
    expect(setSystemConfig).toMatchObject({
      __typename: "ConfigInvalid",
      problems: [{ pointer: "/nonsense", keyword: "unknown", source: "SYSTEM", inherited: false }],
    });
  });

  test("ifMatch holds there as well", async () => {
    const client = await open();
    const input = { configId: "conferences", values: {}, ifMatch: "stale" };
    const { setSystemConfig } = await client.run(SetSystemConfigDocument, { input });
    const { systemConfig } = await client.run(SystemConfigDocument, { configId: "conferences" });
    expect(setSystemConfig).toMatchObject({
      __typename: "ConfigConflict",
      current: { etag: systemConfig?.etag },
    });
  });
});

describe("several writes in one request", () => {
  test("run one after the other, and each selection sees the state after its own", async () => {
    const client = await open();
    const first = { ...GLOBEX, patch: { pin_timeout: 1 } };
    const second = { ...GLOBEX, patch: { pin_timeout: 2 } };
    const seen = await client.run(PatchTwiceDocument, { first, second });
    for (const [result, pin_timeout] of [
      [seen.first, 1],
      [seen.second, 2],
    ] as const) {
      expect(result).toMatchObject({
        config: { values: { pin_timeout }, account: { configs: [{ values: { pin_timeout } }] } },
      });
    }
  });

  test("one that is refused does not keep the next from being done", async () => {
    const client = await open();
    const answer = await client.ask(PatchTwiceDocument, {
      first: { accountId: "nobody", configId: "conferences", patch: {} },
      second: { ...GLOBEX, patch: { pin_timeout: 2 } },
    });
    expect(answer.errors).toMatchObject([{ path: ["first"], extensions: { code: "ACCOUNT_NOT_FOUND" } }]);
    expect(answer.data).toMatchObject({ first: null, second: { config: { values: { pin_timeout: 2 } } } });
  });
});

describe("accounts", () => {
  let app: TestApp;
  let client: GraphqlClient;
  const create = (input: { id?: string; name: string; parentId?: string; isReseller?: boolean }) =>
    client.ask(CreateAccountDocument, { input });
  beforeAll(async () => {
    app = await TestApp.open();
    client = app.client;
  });
  afterAll(() => app.close());

  test("a new one is answered with its place in the tree and inherits at once", async () => {
    const { createAccount } = await client.run(CreateThenReadDocument, {
      input: { id: "new-1", name: "New", parentId: "acme-berlin" },
      configId: "conferences",
    });
    expect(createAccount?.account).toMatchObject({
      parent: { id: "acme-berlin", config: { etag: expect.any(String) } },
      config: {
        values: { pin_timeout: 7_500 },
        layers: [
          { kind: "ACCOUNT", account: { id: "new-1" } },
          { kind: "RESELLER", account: { id: "summit" } },
          { kind: "SYSTEM", account: null },
          { kind: "SCHEMA", account: null },
        ],
      },
    });
  });

  test("a new reseller is the RESELLER layer of those below it", async () => {
    await create({ id: "new-reseller", name: "R", parentId: "summit", isReseller: true });
    await create({ id: "below", name: "B", parentId: "new-reseller" });
    const { config } = await client.run(ConfigDocument, { accountId: "below", configId: "conferences" });
    expect(config?.layers[1]).toMatchObject({ kind: "RESELLER", account: { id: "new-reseller" } });
  });

  test("without an id, one is made", async () => {
    const { data } = await create({ name: "Somebody", parentId: "northstar" });
    expect(data?.createAccount?.account.id).toMatch(/^[0-9a-f]{32}$/);
  });

  test.each<[string, { id?: string; name: string; parentId?: string }, Record<string, string>]>([
    ["an id that is taken", { id: "acme", name: "A", parentId: "northstar" }, { code: "ACCOUNT_EXISTS" }],
    ["a parent that is not there", { id: "x", name: "A", parentId: "nobody" }, { code: "ACCOUNT_NOT_FOUND" }],
    ["a second root", { id: "x", name: "A" }, { code: "BAD_USER_INPUT" }],
    ["no id at all", { id: "", name: "A", parentId: "northstar" }, { code: "BAD_USER_INPUT" }],
    ["an id with a slash", { id: "a/b", name: "A", parentId: "northstar" }, { code: "BAD_USER_INPUT" }],
    ["an id with a line feed", { id: "a\nb", name: "A", parentId: "northstar" }, { code: "BAD_USER_INPUT" }],
    ["the reserved id", { id: "system", name: "A", parentId: "northstar" }, { code: "BAD_USER_INPUT" }],
    [
      "an empty name",
      { id: "x", name: " ", parentId: "northstar" },
      { code: "BAD_USER_INPUT", pointer: "/name" },
    ],
    [
      "a name with ANSI codes",
      { id: "x", name: "\u001b[31mred", parentId: "northstar" },
      { code: "BAD_USER_INPUT", pointer: "/name" },
    ],
  ])("%s is refused", async (_, input, extensions) => {
    const { status, data, errors } = await create(input);
    expect(status).toBe(200);
    expect(data).toEqual({ createAccount: null });
    expect(errors).toMatchObject([{ path: ["createAccount"], extensions }]);
  });

  test("the tree ends at 32 levels", async () => {
    let parentId = "acme-berlin";
    for (let level = 5; level <= 32; level++) {
      const id = `level-${level}`;
      expect((await create({ id, name: id, parentId })).errors).toBeUndefined();
      parentId = id;
    }
    expect((await create({ id: "level-33", name: "x", parentId })).errors).toMatchObject([
      { extensions: { code: "BAD_USER_INPUT", limit: "accountDepth" } },
    ]);
  });
});
