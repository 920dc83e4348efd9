import { afterAll, beforeAll, expect, test } from "vitest";
import { TestApp } from "../test-app.js";

let opened: TestApp;
beforeAll(async () => {
  opened = await TestApp.open();
});
afterAll(() => opened.close());

const ask = (query: string, variables: Record<string, unknown> = {}) =>
  opened.client.post({ query, variables });

const WRITTEN = `__typename ... on ConfigWritten {
  replayed dryRun revision document changes { pointer before after sourceBefore sourceAfter } config { values } }`;
const write = (field: string, input: object) =>
  ask(
    `mutation ($input: ${field[0]?.toUpperCase()}${field.slice(1)}Input!) { ${field}(input: $input) { ${WRITTEN} } }`,
    {
      input,
    },
  );

test.each([
  ["setConfig", { accountId: "acme", configId: "conferences", values: { pin_timeout: 4_100 } }],
  ["patchConfig", { accountId: "acme", configId: "conferences", patch: { pin_timeout: 4_200 } }],
  ["resetConfig", { accountId: "acme", configId: "conferences", pointers: ["/pin_timeout"] }],
  ["setSystemConfig", { configId: "conferences", values: { pin_timeout: 4_400 } }],
  ["patchSystemConfig", { configId: "conferences", patch: { pin_timeout: 4_500 } }],
  ["resetSystemConfig", { configId: "conferences" }],
])("%s is done once under its operationId", async (field, given) => {
  const input = { ...given, operationId: `id of ${field}` };
  const first = await write(field, input);
  expect(first.errors).toBeUndefined();
  const written = first.data?.[field] as Record<string, unknown>;
  expect(written).toMatchObject({ __typename: "ConfigWritten", replayed: false });
  const again = await write(field, input);
  expect(again.data?.[field]).toEqual({ ...written, replayed: true });
  const other = await write(field, { ...input, ifMatch: "x" });
  expect(other.data?.[field]).toBeNull();
  expect(other.errors?.[0]?.extensions).toEqual({ code: "BAD_USER_INPUT", pointer: "/operationId" });
});

test("both faces know a write by the same name", async () => {
  const url = "/v2/accounts/acme/configs/conferences";
  const headers = { "idempotency-key": '"shared"' };
  const patch = { pin_timeout: 4_700 };
  const sent = await opened.app.inject({ method: "PATCH", url, headers, payload: { data: patch } });
  expect(sent.statusCode).toBe(200);
  const { data } = await write("patchConfig", {
    accountId: "acme",
    configId: "conferences",
    patch,
    operationId: "shared",
  });
  expect(data?.patchConfig).toMatchObject({ replayed: true });
});

test("writes to accounts are done once under their operationIds", async () => {
  const run = async (mutation: string) => {
    const first = await ask(`mutation { ${mutation} }`);
    expect(first.errors).toBeUndefined();
    const again = await ask(`mutation { ${mutation} }`);
    expect(again.errors).toBeUndefined();
    expect(again.data).toEqual(first.data);
    return Object.values(first.data ?? {})[0] as { account?: { id: string } };
  };
  const created = await run(
    'createAccount(input: { name: "New", parentId: "acme", operationId: "a1" }) { account { id name } }',
  );
  const id = created.account?.id;
  await run(
    `updateAccount(input: { id: "${id}", name: "Newer", operationId: "a2" }) { account { id name } }`,
  );
  await run(`deleteAccount(input: { id: "${id}", operationId: "a3" }) { deletedAccountId }`);
  const { errors } = await ask(
    `mutation { deleteAccount(input: { id: "acme", operationId: "a3" }) { deletedAccountId } }`,
  );
  expect(errors?.[0]?.extensions).toEqual({ code: "BAD_USER_INPUT", pointer: "/operationId" });
});

test("an operationId that is null is none", async () => {
  for (const replayed of [false, false]) {
    const input = { configId: "fax", patch: { x: null }, operationId: null };
    expect((await write("patchSystemConfig", input)).data?.patchSystemConfig).toMatchObject({ replayed });
  }
});
