import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TestApp } from "../test-app.js";

let app: TestApp;
beforeAll(async () => {
  app = await TestApp.open();
});
afterAll(() => app.close());

async function extensionsOf(query: string): Promise<unknown> {
  const { errors } = await app.client.post({ query });
  return errors?.map(({ extensions }) => extensions);
}

const BAD = '"no id"';
const WRITES = [
  ["setConfig", "setSystemConfig", "values: {}"],
  ["patchConfig", "patchSystemConfig", "patch: {}"],
  ["resetConfig", "resetSystemConfig", "pointers: []"],
  ["restoreConfig", "restoreSystemConfig", "revision: 1"],
  ["constrainConfig", "constrainSystemConfig", "remove: []"],
] as const;

const MALFORMED: readonly (readonly [string, string])[] = [
  [`{ account(id: ${BAD}) { id } }`, "/id"],
  [`{ accounts(parentId: ${BAD}) { totalCount } }`, "/parentId"],
  [`{ config(accountId: ${BAD}) { id } }`, "/accountId"],
  [`{ config(accountId: "acme", configId: ${BAD}) { id } }`, "/configId"],
  [`{ config(accountId: "acme", configId: ${BAD}, asOf: "2026-01-01T00:00:00Z") { id } }`, "/configId"],
  [`{ systemConfig(configId: ${BAD}) { id } }`, "/configId"],
  [`{ configSchema(configId: ${BAD}) { id } }`, "/configId"],
  [`{ auditLog(accountId: ${BAD}) { nodes { actor } } }`, "/accountId"],
  [`{ auditLog(configId: ${BAD}) { nodes { actor } } }`, "/configId"],
  [`{ account(id: "acme") { config(configId: ${BAD}) { id } } }`, "/configId"],
  [`{ account(id: "acme") { configs(configIds: ["conferences", ${BAD}]) { id } } }`, "/configIds/1"],
  ...WRITES.flatMap(([account, system, more]): [string, string][] => [
    [`mutation { ${account}(input: { accountId: ${BAD}, ${more} }) { __typename } }`, "/accountId"],
    [
      `mutation { ${account}(input: { accountId: "acme", configId: ${BAD}, ${more} }) { __typename } }`,
      "/configId",
    ],
    [`mutation { ${system}(input: { configId: ${BAD}, ${more} }) { __typename } }`, "/configId"],
  ]),
  [`mutation { createAccount(input: { id: ${BAD}, name: "x", parentId: "acme" }) { dryRun } }`, "/id"],
  [`mutation { createAccount(input: { name: "x", parentId: ${BAD} }) { dryRun } }`, "/parentId"],
  [`mutation { updateAccount(input: { id: ${BAD}, name: "x" }) { dryRun } }`, "/id"],
  [`mutation { updateAccount(input: { id: "acme", parentId: ${BAD} }) { dryRun } }`, "/parentId"],
  [`mutation { deleteAccount(input: { id: ${BAD} }) { deletedAccountId } }`, "/id"],
];

describe("extensions.pointer says where in the arguments, or in the input,", () => {
  test.each(MALFORMED)("a malformed id stands: %s", async (query, pointer) => {
    expect(await extensionsOf(query)).toEqual([{ code: "BAD_USER_INPUT", pointer }]);
  });

  test("a malformed id stands in a list of an impact", async () => {
    const query = `mutation { updateAccount(input: { id: "acme", isReseller: true, dryRun: true }) {
      impact(configIds: ["conferences", ${BAD}]) { total } } }`;
    expect(await extensionsOf(query)).toEqual([{ code: "BAD_USER_INPUT", pointer: "/configIds/1" }]);
  });

  const ABSENT = "ACCOUNT_NOT_FOUND";
  test.each<[string, string, string]>([
    [`createAccount(input: { name: "x", parentId: "nobody" }) { dryRun }`, ABSENT, "/parentId"],
    [`updateAccount(input: { id: "acme", parentId: "nobody" }) { dryRun }`, ABSENT, "/parentId"],
    [`updateAccount(input: { id: "nobody", parentId: "acme" }) { dryRun }`, ABSENT, "/id"],
    [`updateAccount(input: { id: "nobody", name: "x", dryRun: true }) { dryRun }`, ABSENT, "/id"],
    [`deleteAccount(input: { id: "nobody" }) { deletedAccountId }`, ABSENT, "/id"],
    [
      `createAccount(input: { id: "acme", name: "x", parentId: "northstar" }) { dryRun }`,
      "ACCOUNT_EXISTS",
      "/id",
    ],
    [`createAccount(input: { name: "x" }) { dryRun }`, "BAD_USER_INPUT", "/parentId"],
    [`updateAccount(input: { id: "summit", parentId: "acme" }) { dryRun }`, "ACCOUNT_CYCLE", "/parentId"],
  ])("what an account's write names wrongly stands: %s", async (mutation, code, pointer) => {
    expect(await extensionsOf(`mutation { ${mutation} }`)).toEqual([{ code, pointer }]);
  });

  test("the parent of a list stands that is not there", async () => {
    expect(await extensionsOf(`{ accounts(parentId: "nobody") { totalCount } }`)).toEqual([
      { code: ABSENT, pointer: "/parentId" },
    ]);
  });
});
