import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { OFREPProvider } from "@openfeature/ofrep-provider";
import { OFREPWebProvider } from "@openfeature/ofrep-web-provider";
import { OpenFeature as Server } from "@openfeature/server-sdk";
import { type Provider, OpenFeature as Web } from "@openfeature/web-sdk";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openStrata } from "./strata.js";

// The scenarios of OpenFeature's specification (evaluation.feature), in words of our own, through both SDKs. Left out:
// - values that depend on attributes of the context: layers decide, there are no targeting rules;
// - a disabled flag, and one whose variant the flag's owner got wrong: a setting has neither;
// - hooks, events of other providers, and metadata of the client: they are the SDK's own and never ask a provider.

type Kind = "boolean" | "string" | "number" | "object";
type Value = boolean | string | number | object;

/** What both SDKs can be asked alike. */
interface Asked {
  value(kind: Kind, key: string, fallback: Value): Promise<unknown>;
  details(kind: Kind, key: string, fallback: Value): Promise<object>;
}

const SETTINGS = {
  on: { type: "boolean", default: true },
  off: { type: "boolean", default: false },
  text: { type: "string", default: "hi" },
  empty: { type: "string", default: "" },
  whole: { type: "integer", default: 10 },
  zero: { type: "integer", default: 0 },
  fraction: { type: "number", default: 0.5 },
  nothing: { type: "number", default: 0.0 },
  shape: {
    type: "object",
    properties: {
      showImages: { type: "boolean", default: true },
      title: { type: "string", default: "Check out these pics!" },
      imagesPerPage: { type: "integer", default: 100 },
    },
  },
  bare: { type: "object", default: {} },
  list: { type: "array", default: ["a", 1] },
  unset: { type: "string" },
};
const SHAPE = { showImages: true, title: "Check out these pics!", imagesPerPage: 100 };

const schemas = mkdtempSync(join(tmpdir(), "strata-flags-"));
const schema = JSON.stringify({ type: "object", properties: SETTINGS });
writeFileSync(join(schemas, "account_config.flags.json"), schema);
writeFileSync(join(schemas, "system_config.flags.json"), schema);
const strata = openStrata({ STRATA_SCHEMAS: schemas });
const clients: Record<"server" | "web", Asked | undefined> = { server: undefined, web: undefined };
beforeAll(async () => {
  const baseUrl = new URL(strata.url).origin;
  const headers: [string, string][] = [["Authorization", `Bearer ${await strata.token("acme")}`]];
  await Server.setProviderAndWait(new OFREPProvider({ baseUrl, headers }));
  const web = new OFREPWebProvider({ baseUrl, headers, cacheMode: "disabled" });
  // The package is compiled without exact optional properties.
  await Web.setProviderAndWait(web as Provider);
  clients.server = overServer();
  clients.web = overWeb();
});
afterAll(async () => {
  await Promise.all([Server.close(), Web.close()]);
  rmSync(schemas, { recursive: true, force: true });
});

describe.each(["server", "web"] as const)("the SDK for %s", (sdk) => {
  const asked = () => clients[sdk] as Asked;

  test.each<[Kind, string, Value, Value]>([
    ["boolean", "on", true, false],
    ["string", "text", "hi", "bye"],
    ["number", "whole", 10, 1],
    ["number", "fraction", 0.5, 0.1],
    ["object", "shape", SHAPE, {}],
    ["object", "list", ["a", 1], []],
    ["boolean", "off", false, true],
    ["string", "empty", "", "hi"],
    ["number", "zero", 0, 1],
    ["number", "nothing", 0, 0.1],
    ["object", "bare", {}, { a: 1 }],
  ])("resolves a %s: %s", async (kind, name, value, fallback) => {
    const key = `flags:${name}`;
    // The protocol's bulk answer has leaves: an object with members is asked for by its name where each flag is a request.
    if (sdk === "web" && name === "shape") return;
    expect(await asked().value(kind, key, fallback)).toEqual(value);
    expect(await asked().details(kind, key, fallback)).toMatchObject({
      flagKey: key,
      value,
      reason: "STATIC",
      variant: "schema",
      flagMetadata: { layer: "SCHEMA", etag: expect.any(String) },
    });
  });

  test.each<[Kind, Value]>([
    ["boolean", true],
    ["string", "uh-oh"],
    ["number", 42],
    ["object", { a: 1 }],
  ])("returns the caller's own %s where there is no such flag, and says so", async (kind, fallback) => {
    for (const key of ["flags:missing", "missing", "missing:on"]) {
      expect(await asked().value(kind, key, fallback)).toEqual(fallback);
      expect(await asked().details(kind, key, fallback)).toMatchObject({
        value: fallback,
        reason: "ERROR",
        errorCode: "FLAG_NOT_FOUND",
      });
    }
  });

  test.each<[Kind, string, Value]>([
    ["number", "text", 13],
    ["boolean", "text", true],
    ["string", "on", "x"],
    ["object", "whole", {}],
    ["boolean", "list", true],
  ])("returns the caller's own %s where the flag is of another type: %s", async (kind, name, fallback) => {
    expect(await asked().details(kind, `flags:${name}`, fallback)).toMatchObject({
      value: fallback,
      reason: "ERROR",
      errorCode: "TYPE_MISMATCH",
    });
  });

  test("returns the caller's own value where no layer has any", async () => {
    const details = await asked().details("string", "flags:unset", "mine");
    // The provider for servers is older than answers without a value: it takes them for an error.
    expect(details).toMatchObject({ value: "mine", reason: sdk === "web" ? "DEFAULT" : "ERROR" });
  });
});

function overServer(): Asked {
  const client = Server.getClient();
  return {
    value: async (kind, key, fallback) =>
      ({
        boolean: () => client.getBooleanValue(key, fallback as boolean),
        string: () => client.getStringValue(key, fallback as string),
        number: () => client.getNumberValue(key, fallback as number),
        object: () => client.getObjectValue(key, fallback as never),
      })[kind](),
    details: async (kind, key, fallback) =>
      ({
        boolean: () => client.getBooleanDetails(key, fallback as boolean),
        string: () => client.getStringDetails(key, fallback as string),
        number: () => client.getNumberDetails(key, fallback as number),
        object: () => client.getObjectDetails(key, fallback as never),
      })[kind](),
  };
}

function overWeb(): Asked {
  const client = Web.getClient();
  return {
    value: async (kind, key, fallback) =>
      ({
        boolean: () => client.getBooleanValue(key, fallback as boolean),
        string: () => client.getStringValue(key, fallback as string),
        number: () => client.getNumberValue(key, fallback as number),
        object: () => client.getObjectValue(key, fallback as never),
      })[kind](),
    details: async (kind, key, fallback) =>
      ({
        boolean: () => client.getBooleanDetails(key, fallback as boolean),
        string: () => client.getStringDetails(key, fallback as string),
        number: () => client.getNumberDetails(key, fallback as number),
        object: () => client.getObjectDetails(key, fallback as never),
      })[kind](),
  };
}
