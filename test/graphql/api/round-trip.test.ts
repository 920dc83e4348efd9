import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { equals, type JsonObject } from "../../../src/domain/json/json.js";
import { appendToken } from "../../../src/domain/json/pointer.js";
import { merge } from "../../../src/domain/merge/merge.js";
import { cases, SEED } from "../../cases.js";
import { documentsAndInput, paths } from "../../domain/json-arbitrary.js";
import {
  ConfigDocument,
  PatchConfigDocument,
  ResetConfigDocument,
  SetConfigDocument,
  SetSystemConfigDocument,
} from "../operations.generated.js";
import { TestApp } from "../test-app.js";

const RUNS = cases(300);
const OPEN = { type: "object", additionalProperties: true };
const CONFIG = { configId: "open" };
const ACCOUNTS = ["acme", "summit", "northstar"] as const;

let app: TestApp;
beforeAll(async () => {
  app = await TestApp.open({ "account_config.open": OPEN, "system_config.open": OPEN });
});
afterAll(() => app.close());

test("whatever is written through GraphQL reads back equal through GraphQL", async () => {
  console.log(`${RUNS} cases of five writes, LAW_SEED=${SEED}`);
  const law = fc.asyncProperty(
    documentsAndInput(3),
    fc.constantFrom(...ACCOUNTS),
    async ({ documents, input }, accountId) => {
      const [system = {}, reseller = {}, own = {}] = documents;
      await app.client.run(SetSystemConfigDocument, { input: { ...CONFIG, values: system } });
      for (const [id, values] of [
        ["summit", reseller],
        [accountId, own],
      ] as const) {
        const { setConfig } = await app.client.run(SetConfigDocument, {
          input: { ...CONFIG, accountId: id, values: values },
        });
        await expectReadBack(id, setConfig);
      }
      const { patchConfig } = await app.client.run(PatchConfigDocument, {
        input: { ...CONFIG, accountId, patch: input },
      });
      await expectReadBack(accountId, patchConfig);
      const pointers = paths(input)
        .slice(0, 3)
        .map((path) => path.reduce(appendToken, ""));
      const { resetConfig } = await app.client.run(ResetConfigDocument, {
        input: { ...CONFIG, accountId, pointers },
      });
      await expectReadBack(accountId, resetConfig);
    },
  );
  await fc.assert(law, { numRuns: RUNS, seed: SEED });
}, 600_000);

/** What the write answers is what a read finds, and every part of that says the same. */
async function expectReadBack(
  accountId: string,
  result: { __typename: string; config?: unknown; document?: unknown } | null,
): Promise<void> {
  if (result?.__typename !== "ConfigWritten") throw new Error(`not written: ${JSON.stringify(result)}`);
  const { config } = await app.client.run(ConfigDocument, { ...CONFIG, accountId });
  expect(config).toEqual(result.config);
  const documents =
    config?.layers.map(({ document }) => (document ?? undefined) as JsonObject | undefined) ?? [];
  expect(documents[0] ?? null).toEqual(result.document);
  const values = (config?.values ?? {}) as JsonObject;
  expect(equals(values, merge(documents))).toBe(true);
  for (const { pointer, value, source, contributions } of config?.fields ?? []) {
    expect(contributions[0]).toEqual({ pointer, value, layer: source });
  }
}
