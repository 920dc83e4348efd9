import { describe, expect, test } from "vitest";
import { type JsonObject, withoutNulls } from "../../src/domain/json/json.js";
import { merge } from "../../src/domain/merge/merge.js";
import { diff } from "../../src/domain/write/diff.js";
import { functionCases, type Scenario, type Step, scenarios } from "../fixtures/layered-cases.js";
import { schemaFolder } from "../temporary-folder.js";
import { openServices, type Services, SHIPPED_SCHEMAS, written } from "./services.js";

describe("merge and diff", () => {
  test.each(functionCases)("$name", ({ merge: layers, diff: values, parent, expected }) => {
    if (layers !== undefined) expect(merge([...layers].reverse())).toEqual(expected);
    else expect(diff((withoutNulls(values ?? {}) ?? {}) as JsonObject, parent ?? {})).toEqual(expected);
  });
});

describe("requests", () => {
  test.each(scenarios)("$name", async (scenario) => {
    const schemas = scenario.schemas === undefined ? SHIPPED_SCHEMAS : schemaFolder(scenario.schemas);
    const services = await openServices(schemas);
    await services.tree(["root"], ["reseller*", "root"], ["leaf", "reseller"]);
    await prepare(services, scenario);
    for (const step of scenario.steps) await run(services, step);
  });
});

async function prepare(services: Services, { system = {}, documents = {} }: Scenario): Promise<void> {
  for (const [config, values] of Object.entries(system))
    written(await services.set(undefined, config, values));
  for (const [account, configs] of Object.entries(documents)) {
    for (const [config, values] of Object.entries(configs))
      written(await services.set(account, config, values));
  }
}

async function run(services: Services, step: Step): Promise<void> {
  const { account, config, values = {} } = step;
  if (step.do === "read") {
    expect((await services.read(account, config)).config.values).toEqual(step.effective);
  } else {
    const result = await (step.do === "set"
      ? services.set(account, config, values)
      : step.do === "patch"
        ? services.patch(account, config, values)
        : services.reset(account, config));
    if (step.problems === undefined) expect(written(result).snapshot.config.values).toEqual(step.effective);
    else
      expect(result).toMatchObject({
        result: "invalid",
        problems: expect.arrayContaining(step.problems.map((problem) => expect.objectContaining(problem))),
      });
  }
  expect((await services.stored(account, config)) ?? null).toEqual(step.document);
}
