import { expect, test } from "vitest";
import { TestApp } from "../test-app.js";

const SCHEMAS = { "account_config.open": { additionalProperties: true } };

async function open() {
  const { client } = await TestApp.forTest(SCHEMAS, { examples: false });
  const ask = async (query: string) => {
    const { data, errors } = await client.post({ query });
    expect(errors).toBeUndefined();
    return data as Record<string, Record<string, unknown>>;
  };
  for (const [id, parent, isReseller] of [
    ["root", null, false],
    ["r", "root", true],
    ["a", "r", false],
    ["b", "r", false],
  ])
    await ask(
      `mutation { createAccount(input: { id: "${id}", name: "${id}", isReseller: ${isReseller}, parentId: ${JSON.stringify(parent)} }) { dryRun impact { total } } }`,
    );
  return ask;
}

test("impact, expectImpact and a dry run of a move have the contract's names", async () => {
  const ask = await open();
  const write = (options: string) =>
    ask(`mutation { patchConfig(input: { accountId: "r", configId: "open", patch: { v: 1 } ${options} }) {
      __typename
      ... on ConfigWritten { impact { total counts { outcome count } digest accounts(first: 1, outcomes: [CHANGED]) {
        edges { cursor node { account { id } outcome changes { pointer before after sourceBefore sourceAfter } problems { pointer } } }
        nodes { outcome } pageInfo { hasNextPage endCursor } } } }
      ... on ConfigConflict { message impact { total } conflicts { pointer } }
    } }`);
  const { patchConfig } = await write("dryRun: true");
  expect(patchConfig).toMatchObject({
    impact: {
      total: 2,
      counts: [
        { outcome: "BROKEN", count: 0 },
        { outcome: "HEALED", count: 0 },
        { outcome: "CHANGED", count: 2 },
        { outcome: "MOVED", count: 0 },
        { outcome: "SHIELDED", count: 0 },
        { outcome: "UNAFFECTED", count: 0 },
      ],
      accounts: {
        nodes: [{ outcome: "CHANGED" }],
        edges: [
          {
            node: {
              account: { id: "a" },
              changes: [
                { pointer: "/v", before: null, after: 1, sourceBefore: null, sourceAfter: "RESELLER" },
              ],
              problems: [],
            },
          },
        ],
        pageInfo: { hasNextPage: true },
      },
    },
  });
  const refused = await write(`expectImpact: "other"`);
  expect(refused.patchConfig).toMatchObject({
    __typename: "ConfigConflict",
    impact: { total: 2 },
    conflicts: [],
  });
  const { digest } = (patchConfig?.impact ?? {}) as { digest?: string };
  expect((await write(`expectImpact: "${digest}"`)).patchConfig).toMatchObject({
    __typename: "ConfigWritten",
  });
  const { updateAccount } = await ask(
    `mutation { updateAccount(input: { id: "a", parentId: "root", dryRun: true }) {
      dryRun account { parent { id } } impact(configIds: ["open"]) { total counts { outcome count } } } }`,
  );
  expect(updateAccount).toMatchObject({
    dryRun: true,
    account: { parent: { id: "root" } },
    impact: [{ total: 1 }],
  });
  expect(await ask(`{ account(id: "a") { parent { id } } }`)).toEqual({ account: { parent: { id: "r" } } });
});
