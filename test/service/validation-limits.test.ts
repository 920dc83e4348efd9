import { expect, test } from "vitest";
import type { Json, JsonObject } from "../../src/domain/json/json.js";
import { processorTimeOf } from "../fair-time.js";
import { schemaFolder } from "../temporary-folder.js";
import { openServices, type Services } from "./services.js";

const members = (count: number, value: Json): JsonObject =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, value]));
const patterns = Object.fromEntries(
  Array.from({ length: 300 }, (_, i) => [`^p${i}_|z${i}$`, { type: "null" }]),
);
const ACCOUNT = {
  properties: {
    numbers: { additionalProperties: { type: "integer" } },
    matched: { patternProperties: patterns, additionalProperties: true },
  },
};

/** What the account schema takes long to judge, the system schema takes as it is. */
async function open(): Promise<Services> {
  const folder = schemaFolder({
    "account_config.x": ACCOUNT,
    "system_config.x": { properties: { numbers: {}, matched: {} } },
  });
  const services = (await openServices(folder)).patient();
  await services.tree(["root"], ["leaf", "root"]);
  return services;
}

test("a write that takes too many steps to judge is refused by the limit's name, before anything is done with it", async () => {
  const services = await open();
  const time = await processorTimeOf(() =>
    expect(services.set("leaf", "x", { matched: members(9_000, 1) })).rejects.toMatchObject({
      code: "BAD_USER_INPUT",
      limit: "validationSteps",
      pointer: "",
      message: expect.stringContaining("more than 250000 steps"),
    }),
  );
  expect(time).toBeLessThan(1_000);
  expect((await services.read("leaf", "x")).config.layers[0]?.document).toBeUndefined();
});

test("a write that brings the whole config over the limit is refused, and one that resets is not", async () => {
  const services = await open();
  expect(await services.set(undefined, "x", { matched: members(9_000, 1) })).toMatchObject({
    result: "written",
  });
  await expect(services.patch("leaf", "x", { numbers: { a: 1 } })).rejects.toMatchObject({
    limit: "validationSteps",
  });
  expect(await services.write("leaf", "x", { kind: "RESET", pointers: undefined })).toMatchObject({
    result: "written",
  });
});

test("a read says that its values could not be judged, and answers everything else", async () => {
  const services = await open();
  await services.set(undefined, "x", { matched: members(9_000, 1), numbers: { a: 1 } });
  const snapshot = await services.read("leaf", "x");
  expect(snapshot.problems).toEqual([
    {
      pointer: "",
      keyword: "validationSteps",
      message: expect.any(String),
      source: "SYSTEM",
      inherited: true,
      existing: false,
    },
  ]);
  expect((snapshot.config.values as { numbers: Json }).numbers).toEqual({ a: 1 });
});

test("of many problems 500 are listed, those that block first, and how many more there are is said", async () => {
  const services = await open();
  await services.set(undefined, "x", { numbers: members(2_000, "inherited") });
  const read = (await services.read("leaf", "x")).problems;
  expect(read).toHaveLength(501);
  expect(read.at(-1)).toMatchObject({
    keyword: "problems",
    message: "1500 more problems are not listed",
    inherited: true,
  });
  const answer = await services.patch("leaf", "x", { numbers: { zz: "own" } });
  expect(answer).toMatchObject({ result: "invalid" });
  const problems = answer.result === "invalid" ? answer.problems : [];
  expect(problems[0]).toMatchObject({ pointer: "/numbers/zz", inherited: false });
  expect(problems.filter(({ inherited }) => !inherited)).toHaveLength(1);
  expect(await services.patch("leaf", "x", { numbers: { zz: 1 } })).toMatchObject({ result: "written" });
});
