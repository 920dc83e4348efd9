import { expect, test } from "vitest";
import type { Constraint } from "../../src/domain/merge/constraint.js";
import { OPEN_SCHEMAS } from "../service/services.js";
import { schemaFolder } from "../temporary-folder.js";
import { configUrl, openRestApp } from "./rest-app.js";

const OPEN = configUrl("leaf", "open");
const RULES: Constraint[] = [
  { pointer: "/record.call", kind: "LOCK", reason: "Recording is regulated." },
  { pointer: "/pin_timeout", kind: "BOUNDS", schema: { maximum: 60 }, reason: "Fraud rules." },
];

async function openConstrained() {
  const rest = await openRestApp(schemaFolder(OPEN_SCHEMAS));
  await rest.services.set("leaf", "open", { pin_timeout: 90, free: 1 });
  const plain = await rest.app.inject({ url: `${OPEN}?provenance=true` });
  await rest.services.write("reseller", "open", { kind: "CONSTRAIN", set: RULES, remove: [] });
  return { ...rest, plain };
}

test("A locked or bounded setting is KAZOO's validation error, with the reason", async () => {
  const { app, commits } = await openConstrained();
  const before = commits();
  for (const method of ["PUT", "POST", "PATCH"] as const) {
    const payload = { data: { "record.call": true, pin_timeout: 61, free: 2 } };
    const response = await app.inject({ method, url: OPEN, payload });
    expect(response.statusCode).toBe(400);
    expect(response.json()).toMatchObject({
      error: "400",
      message: "validation error",
      data: {
        "record%2Ecall": {
          locked: { message: "is locked by the reseller: Recording is regulated.", value: true },
        },
        pin_timeout: {
          bounds: {
            message: "is outside the bounds that are set by the reseller: Fraud rules.",
            target: { maximum: 60 },
            value: 61,
          },
        },
      },
    });
  }
  expect(commits()).toBe(before);
});

test("Provenance tells what binds and what is dormant, and neither where there is nothing to tell", async () => {
  const { app, plain } = await openConstrained();
  expect(Object.keys(plain.json())).not.toContain("constraints");
  expect(Object.keys(plain.json())).not.toContain("dormant");
  const body = (await app.inject({ url: `${OPEN}?provenance=true` })).json();
  const source = { source: "RESELLER", account: "reseller" };
  expect(body.constraints).toEqual([RULES[1], RULES[0]].map((rule) => ({ ...source, ...rule })));
  expect(body.dormant).toEqual([
    {
      source: "ACCOUNT",
      account: "leaf",
      pointer: "/pin_timeout",
      value: 90,
      constraint: { ...source, ...RULES[1] },
    },
  ]);
  expect(body.data).toEqual({ free: 1, id: "configs_open" });
  expect(Object.keys((await app.inject({ url: OPEN })).json())).not.toContain("dormant");
});

test("What a client was answered with can be sent back under a lock", async () => {
  const { app } = await openConstrained();
  const { data } = (await app.inject({ url: OPEN })).json();
  expect((await app.inject({ method: "POST", url: OPEN, payload: { data } })).statusCode).toBe(200);
});
