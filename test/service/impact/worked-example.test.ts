import { expect, test } from "vitest";
import { schemaFolder } from "../../temporary-folder.js";
import { openServices, written } from "../services.js";

/** A long PIN timeout goes with short PINs alone. */
const SCHEMAS = {
  "account_config.conferences": {
    properties: { pin_timeout: { type: "integer" }, max_length: { type: "integer" } },
    anyOf: [
      { properties: { pin_timeout: { maximum: 8000 } } },
      { properties: { max_length: { maximum: 3 } } },
    ],
  },
};

test("the example of docs/impact.md: the counts, the conflict, and the write once it is agreed to again", async () => {
  const services = await openServices(schemaFolder(SCHEMAS));
  await services.tree(
    ["root"],
    ["umbrella*", "root"],
    ["a", "umbrella"],
    ["b", "umbrella"],
    ["c", "umbrella"],
  );
  await services.set("b", "conferences", { pin_timeout: 4000 });
  await services.set("c", "conferences", { max_length: 5 });
  const intent = { kind: "PATCH", patch: { pin_timeout: 9000 } } as const;
  const dry = await written(
    await services.write("umbrella", "conferences", intent, { dryRun: true }),
  ).impact();
  expect(dry).toMatchObject({ total: 3, counts: { BROKEN: 1, CHANGED: 1, SHIELDED: 1 } });
  const { edges } = (await dry?.accounts({ first: 3 })) ?? { edges: [] };
  expect(edges.map(({ impact }) => [impact.account.id, impact.outcome])).toEqual([
    ["c", "BROKEN"],
    ["a", "CHANGED"],
    ["b", "SHIELDED"],
  ]);
  await services.reset("b", "conferences");
  const expectImpact = dry?.digest;
  const conflict = await services.write("umbrella", "conferences", intent, { expectImpact });
  if (conflict.result !== "conflict") expect.fail(conflict.result);
  expect(conflict.impact).toMatchObject({ total: 3, counts: { BROKEN: 1, CHANGED: 2, SHIELDED: 0 } });
  const again = { expectImpact: conflict.impact?.digest };
  expect(written(await services.write("umbrella", "conferences", intent, again)).revision).toBe(1);
});
