import { join } from "node:path";
import { expect, test } from "vitest";
import type { JsonObject } from "../../../src/domain/json/json.js";
import { FAST_DISK, testStoreSettings } from "../../store/test-store.js";
import { temporaryFolder } from "../../temporary-folder.js";
import { ConfigDocument, PatchConfigDocument, SetConfigDocument } from "../operations.generated.js";
import { TestApp } from "../test-app.js";

const TARGET = { accountId: "globex", configId: "x" };
const OPEN = { additionalProperties: true };
const STRICT = { properties: { a: { type: "integer" }, b: { type: "integer" } } };

/** An app with a value in its store that its schema folder rejects. */
async function openWithOldValue(): Promise<TestApp> {
  const store = testStoreSettings(join(temporaryFolder(FAST_DISK), `existing-${crypto.randomUUID()}`));
  const before = await TestApp.open({ "account_config.x": OPEN }, { store });
  await before.client.run(SetConfigDocument, { input: { ...TARGET, values: { a: "old", b: 1 } } });
  await before.close();
  return TestApp.forTest({ "account_config.x": STRICT }, { store });
}

const rest = async (app: TestApp, method: "PATCH" | "POST", payload: string) => {
  const url = `/v2/accounts/${TARGET.accountId}/configs/${TARGET.configId}`;
  const headers = { host: "127.0.0.1", "content-type": "application/json" };
  const { statusCode, body } = await app.app.inject({ method, url, headers, payload });
  return { status: statusCode, body: JSON.parse(body) as { data: JsonObject } };
};

test("R12: GraphQL tells a problem that was there before, and does not refuse a write for it", async () => {
  const { client } = await openWithOldValue();
  const { config } = await client.run(ConfigDocument, TARGET);
  expect(config?.problems).toMatchObject([{ pointer: "/a", inherited: false, existing: false }]);
  const { patchConfig: done } = await client.run(PatchConfigDocument, {
    input: { ...TARGET, patch: { b: 2 } },
  });
  expect(done).toMatchObject({
    __typename: "ConfigWritten",
    document: { a: "old", b: 2 },
    config: { problems: [{ pointer: "/a", keyword: "type", inherited: false, existing: true }] },
  });
  const { setConfig: back } = await client.run(SetConfigDocument, {
    input: { ...TARGET, values: { a: "old", b: 2 } },
  });
  expect(back).toMatchObject({ __typename: "ConfigWritten", revision: null });
  const { patchConfig: refused } = await client.run(PatchConfigDocument, {
    input: { ...TARGET, patch: { b: "new" } },
  });
  expect(refused).toMatchObject({
    __typename: "ConfigInvalid",
    message: "Nothing was written: 1 problem to mend first.",
    problems: expect.arrayContaining([
      expect.objectContaining({ pointer: "/a", existing: true }),
      expect.objectContaining({ pointer: "/b", existing: false }),
    ]),
  });
});

test("R12: REST refuses a write for what it causes, and tells nothing else", async () => {
  const app = await openWithOldValue();
  const refused = await rest(app, "PATCH", '{"data": {"b": "new"}}');
  expect(refused.status).toBe(400);
  expect(Object.keys(refused.body.data)).toEqual(["b"]);
  const changed = await rest(app, "PATCH", '{"data": {"a": "new"}}');
  expect([changed.status, Object.keys(changed.body.data)]).toEqual([400, ["a"]]);
  expect(await rest(app, "PATCH", '{"data": {"b": 2}}')).toMatchObject({ status: 200 });
  expect(await rest(app, "POST", '{"data": {"a": "old", "b": 3}}')).toMatchObject({
    status: 200,
    body: { data: { a: "old", b: 3 } },
  });
});

test("of a member that a REST body gives twice, the last one counts", async () => {
  const app = await openWithOldValue();
  const { body } = await rest(app, "PATCH", '{"data": {"b": 4}, "data": {"b": "bad", "b": 5}}');
  expect(body.data).toMatchObject({ a: "old", b: 5 });
});

test("a decimal is the double nearest to it, on both faces", async () => {
  const app = await TestApp.forTest({ "account_config.x": OPEN });
  const { body } = await rest(
    app,
    "PATCH",
    '{"data": {"n": 0.1000000000000000055511151231257827021181583404541015625}}',
  );
  expect(body.data).toMatchObject({ n: 0.1 });
  const query = `mutation { patchConfig(input: { accountId: "globex", configId: "x", patch: { m: 2.00000000000000000001 } }) {
    ... on ConfigWritten { document } } }`;
  expect((await app.client.post({ query })).data).toEqual({ patchConfig: { document: { n: 0.1, m: 2 } } });
});
