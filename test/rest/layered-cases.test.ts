import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../src/domain/json/json.js";
import { dottedPath } from "../../src/rest/validation-answer.js";
import { type Step, scenarios } from "../fixtures/layered-cases.js";
import { SHIPPED_SCHEMAS, written } from "../service/services.js";
import { schemaFolder } from "../temporary-folder.js";
import { configUrl, expectEnvelope, openRestApp, type RestApp } from "./rest-app.js";

test("there are cases", () => {
  expect(scenarios.length).toBeGreaterThanOrEqual(19);
  expect(new Set(scenarios.flatMap(({ steps }) => steps.map((step) => step.do)))).toEqual(
    new Set(["read", "set", "reset"]),
  );
});

describe.each(["PUT", "POST"] as const)("set by %s", (setMethod) => {
  test.each(scenarios)("$name", async ({ schemas, system = {}, documents = {}, steps }) => {
    const rest = await openRestApp(schemas === undefined ? SHIPPED_SCHEMAS : schemaFolder(schemas));
    for (const [config, values] of Object.entries(system)) {
      written(await rest.services.set(undefined, config, values));
    }
    for (const [account, configs] of Object.entries(documents)) {
      for (const [config, values] of Object.entries(configs)) {
        expect((await send(rest, setMethod, account, config, values)).statusCode).toBeLessThan(300);
      }
    }
    for (const step of steps) await run(rest, step, setMethod);
  });
});

type Method = "GET" | "PUT" | "POST" | "PATCH" | "DELETE";

function send({ app }: RestApp, method: Method, account: string, config: string, data?: JsonObject) {
  return app.inject({ method, url: configUrl(account, config), ...(data && { payload: { data } }) });
}

async function run(rest: RestApp, step: Step, setMethod: Method): Promise<void> {
  const { account, config } = step;
  const method = ({ read: "GET", set: setMethod, patch: "PATCH", reset: "DELETE" } as const)[step.do];
  const response = await send(rest, method, account, config, step.values);
  const body = response.json();
  expectEnvelope(body, response.statusCode);
  if (step.problems === undefined) {
    expect(body.data).toEqual({ ...step.effective, id: `configs_${config}` });
  } else {
    expect([response.statusCode, body.message]).toEqual([400, "validation error"]);
    for (const { pointer, keyword, expected } of step.problems) {
      expect(body.data[dottedPath(pointer)][keyword]).toMatchObject({ target: expected });
    }
  }
  expect((await rest.services.stored(account, config)) ?? null).toEqual(step.document);
}
