import { describe, expect, test } from "vitest";
import { countRows, filterRows } from "../../../web/console/src/config/filters.js";
import { rowsOf } from "../../../web/console/src/config/row.js";
import { declaredSettings, schemaAt } from "../../../web/console/src/edit/setting-schema.js";
import { accountHref, configHref, parseRoute } from "../../../web/console/src/route/route.js";
import { ago } from "../../../web/console/src/ui/ago.js";

describe("An address", () => {
  test.each([
    ["acme", "conferences"],
    ["a.b-c_d", "crossbar.auth"],
    ["with space", "ä/ö?#%"],
  ])("of the account %j and the config %j leads there", (accountId, configId) => {
    expect(parseRoute(accountHref(accountId))).toEqual({ screen: "account", accountId });
    const place = { accountId, configId };
    for (const tab of ["fields", "history", "compare"] as const)
      expect(parseRoute(configHref(place, tab))).toEqual({ screen: "config", place, tab });
  });

  test("of the system level leads there", () => {
    expect(parseRoute("/console/system/")).toEqual({ screen: "system" });
    const place = { accountId: null, configId: "fax" };
    expect(parseRoute("/console/system/configs/fax")).toEqual({ screen: "config", place, tab: "fields" });
  });

  test.each([
    "/console/nowhere",
    "/console/accounts",
    "/console/accounts/a/configs",
    "/console/%",
    "/console/accounts/a/configs/b/c/d",
  ])("%s leads nowhere", (path) => {
    expect(parseRoute(path)).toEqual({ screen: "unknown" });
  });

  test("shows a pointer as it is", () => {
    const href = configHref({ accountId: "acme", configId: "conferences" }, "fields", { at: "/a/b c" });
    expect(href).toBe("/console/accounts/acme/configs/conferences?at=/a/b%20c");
  });
});

const field = (pointer: string, kind: "ACCOUNT" | "RESELLER" | "SYSTEM" | "SCHEMA", value: unknown) => ({
  pointer,
  value,
  title: `Title of ${pointer}`,
  source: { kind },
  lastChange: null,
  pinned: false,
  constraint: null,
});
const problem = (pointer: string) => ({
  pointer,
  keyword: "type",
  message: "must be integer",
  expected: null,
  source: null,
  inherited: false,
  existing: false,
});

describe("The rows of a config", () => {
  const view = {
    id: "acme/x",
    configId: "x",
    etag: "e",
    cursor: "c",
    asOf: null,
    schemaChanged: false,
    schema: { id: "schema:x", configId: "x", title: null, description: null },
    layers: [],
    constraints: [],
    dormant: [],
    redundant: [],
    fields: [field("/list", "ACCOUNT", [1]), field("/own", "ACCOUNT", 5), field("/low", "SCHEMA", "deep")],
    problems: [problem("/list/0"), problem("/missing/here")],
    own: [
      {
        pointer: "/own",
        contributions: [
          { pointer: "/own", value: 5, layer: { kind: "ACCOUNT" as const } },
          { pointer: "/own", value: 4, layer: { kind: "SYSTEM" as const } },
        ],
      },
      {
        pointer: "/list",
        contributions: [{ pointer: "/list", value: [1], layer: { kind: "ACCOUNT" as const } }],
      },
    ],
  };
  const rows = rowsOf(view, ["/edited"]);

  test("are the fields, then what is missing, then what is edited and not there yet", () => {
    expect(rows.map(({ pointer }) => pointer)).toEqual(["/list", "/own", "/low", "/missing/here", "/edited"]);
  });

  test("have the problems within their arrays", () => {
    expect(rows[0]?.problems).toEqual([problem("/list/0")]);
  });

  test("tell what comes back with the override gone", () => {
    expect(rows[1]?.inherited).toEqual({ value: 4, source: "SYSTEM" });
    expect(rows[0]?.inherited).toBeNull();
    expect(rows[2]?.inherited).toBeUndefined();
  });

  test.each([
    ["all", "", 5],
    ["own", "", 2],
    ["SCHEMA", "", 1],
    ["problems", "", 2],
    ["changed", "", 1],
    ["all", "DEEP", 1],
    ["all", "title own", 1],
    ["all", "/missing", 1],
    ["all", "nothing of it", 0],
  ] as const)("shown by %s and the words %j are %i", (show, words, count) => {
    expect(filterRows(rows, { show, words }, "ACCOUNT", new Set(["/low"]))).toHaveLength(count);
  });

  test("are counted by their layers", () => {
    expect(Object.fromEntries(countRows(rows))).toEqual({ ACCOUNT: 2, SCHEMA: 1, problems: 2 });
  });
});

describe("The settings that a schema declares", () => {
  const root = {
    properties: {
      a: { title: "A", type: "integer" },
      deep: { $ref: "#/definitions/deep~1er" },
      open: { additionalProperties: { type: "string", maxLength: 3 } },
    },
    definitions: {
      "deep/er": {
        allOf: [{ properties: { b: { type: "boolean" } } }],
        properties: { self: { $ref: "#/definitions/deep~1er" } },
      },
    },
  };

  test("are found through references, and end where they turn in a circle", () => {
    const pointers = declaredSettings(root).map(({ pointer }) => pointer);
    expect(pointers).toEqual(expect.arrayContaining(["/a", "/deep/b", "/deep/self/b", "/open"]));
    expect(pointers.length).toBeLessThan(2_000);
  });

  test.each([
    ["/a", { type: "integer" }],
    ["/deep/b", { type: "boolean" }],
    ["/open/anything", { type: "string", maxLength: 3 }],
  ])("have their schema at %s", (pointer, schema) => {
    expect(schemaAt(root, pointer)).toMatchObject(schema);
  });

  test.each(["/nowhere", "/a/below", "/__proto__", "/constructor"])("have none at %s", (pointer) => {
    expect(schemaAt(root, pointer)).toBeNull();
  });
});

test.each([
  ["2026-01-01T00:00:00Z", "just now"],
  ["2025-12-31T23:58:00Z", "2 min. ago"],
  ["2025-12-31T00:00:00Z", "yesterday"],
])("A moment, %s, is told from now: %s", (at, text) => {
  expect(ago(at, Date.parse("2026-01-01T00:00:00Z"))).toBe(text);
});
