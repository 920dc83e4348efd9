import { describe, expect, onTestFinished, test } from "vitest";
import { OPEN_PRINCIPAL, type Principal } from "../../src/auth/principal.js";
import type { JsonObject } from "../../src/domain/json/json.js";
import type { Constraint } from "../../src/domain/merge/constraint.js";
import { FieldBlames } from "../../src/service/read/field-blames.js";
import { createRequestReader } from "../../src/service/read/request-reader.js";
import type { WriteResult } from "../../src/service/write/config-write.js";
import { observeStore } from "../../src/store/observed-store.js";
import { storedDocuments } from "../store/stored-documents.js";
import { openTestStore } from "../store/test-store.js";
import { schemaFolder } from "../temporary-folder.js";
import { OPEN_SCHEMAS, openServices, Services, written } from "./services.js";

const lock = (pointer: string, reason = "house rule"): Constraint => ({ pointer, kind: "LOCK", reason });
const bounds = (pointer: string, schema: JsonObject, reason = "house rule"): Constraint => ({
  pointer,
  kind: "BOUNDS",
  schema,
  reason,
});

async function openTree(schemas: Record<string, JsonObject> = OPEN_SCHEMAS): Promise<Services> {
  const services = await openServices(schemaFolder(schemas));
  await services.tree(
    ["root"],
    ["reseller*", "root"],
    ["leaf", "reseller"],
    ["sub*", "reseller"],
    ["deep", "sub"],
  );
  return services;
}

const constrain = (
  services: Services,
  accountId: string | undefined,
  set: Constraint[],
  remove: string[] = [],
) => services.write(accountId, "open", { kind: "CONSTRAIN", set, remove });
const blocking = (result: WriteResult) =>
  result.result === "invalid"
    ? result.problems.filter(({ inherited, existing }) => !inherited && !existing)
    : [];
const keywords = (result: WriteResult) => blocking(result).map(({ pointer, keyword }) => [pointer, keyword]);
const values = async (services: Services, accountId: string | undefined) =>
  (await services.read(accountId, "open")).config.values;
const dormant = async (services: Services, accountId: string) =>
  (await services.read(accountId, "open")).config.dormant.map(({ pointer, value }) => [pointer, value]);
const document = async ({ store }: Services, accountId: string | undefined) =>
  (await storedDocuments(store, [{ accountId, configId: "open" }]))[0];

describe("R17: constraints", () => {
  test("A lock of the reseller keeps an override of its account out of force until the lock goes", async () => {
    const services = await openTree();
    await services.set("reseller", "open", { a: 1, b: 1 });
    await services.set("leaf", "open", { a: 2, b: 2 });
    const before = await services.read("leaf", "open");
    written(await constrain(services, "reseller", [lock("/a")]));
    expect(await values(services, "leaf")).toEqual({ a: 1, b: 2 });
    expect(await dormant(services, "leaf")).toEqual([["/a", 2]]);
    expect(await values(services, "reseller")).toEqual({ a: 1, b: 1 });
    written(await constrain(services, "reseller", [], ["/a"]));
    const after = await services.read("leaf", "open");
    expect(after.config.values).toEqual({ a: 2, b: 2 });
    expect(after.etag).toBe(before.etag);
  });

  test("Constraints bind one hop: nobody below the next reseller", async () => {
    const services = await openTree();
    await services.set("sub", "open", { a: 2 });
    await services.set("deep", "open", { a: 3, b: 3 });
    await constrain(services, "reseller", [lock("/a")]);
    expect(await values(services, "sub")).toEqual({});
    expect(await values(services, "deep")).toEqual({ a: 3, b: 3 });
    await constrain(services, undefined, [lock("/b")]);
    expect(await values(services, "deep")).toEqual({ a: 3 });
  });

  test("A new or changed override that a lock excludes is refused, with the reason, whichever way it is sent", async () => {
    const services = await openTree();
    await services.set("reseller", "open", { a: 1 });
    await constrain(services, "reseller", [lock("/a", "the law says so")]);
    for (const result of [
      await services.set("leaf", "open", { a: 2 }),
      await services.patch("leaf", "open", { a: 2 }),
      await services.write("leaf", "open", { kind: "PATCH", patch: { a: { deeper: 1 } } }, { dryRun: true }),
    ])
      expect(blocking(result)).toMatchObject([
        { keyword: "locked", source: "RESELLER", message: expect.stringContaining("the law says so") },
      ]);
    expect(await document(services, "leaf")).toBeUndefined();
  });

  test("A value that equals the inherited one is not stored, so a lock does not refuse it", async () => {
    const services = await openTree();
    await services.set("reseller", "open", { a: 1 });
    await constrain(services, "reseller", [lock("/a")]);
    written(await services.set("leaf", "open", { a: 1, b: 2 }));
    expect((await document(services, "leaf"))?.override).toEqual({ b: 2 });
  });

  test("A dormant override is no problem where it is sent again unchanged or not named", async () => {
    const services = await openTree();
    await services.set("leaf", "open", { a: 2 });
    await constrain(services, "reseller", [lock("/a")]);
    expect(written(await services.patch("leaf", "open", { b: 1 })).document).toEqual({ a: 2, b: 1 });
    written(await services.set("leaf", "open", { a: 2, c: 1 }));
    expect(await dormant(services, "leaf")).toEqual([["/a", 2]]);
    expect(keywords(await services.set("leaf", "open", { a: 3 }))).toEqual([["/a", "locked"]]);
    written(await services.reset("leaf", "open", ["/a"]));
    expect(await dormant(services, "leaf")).toEqual([]);
  });

  test("Bounds judge what the one document says, never clamp it, and name the schema", async () => {
    const services = await openTree();
    await services.set("leaf", "open", { n: 11, o: { x: 1, y: 2 } });
    await constrain(services, "reseller", [
      bounds("/n", { type: "integer", maximum: 10 }),
      bounds("/o", { maxProperties: 1 }),
    ]);
    expect(await values(services, "leaf")).toEqual({});
    expect(await dormant(services, "leaf")).toEqual([
      ["/n", 11],
      ["/o/x", 1],
      ["/o/y", 2],
    ]);
    expect(blocking(await services.patch("leaf", "open", { n: 12 }))).toMatchObject([
      { pointer: "/n", keyword: "bounds", expected: { type: "integer", maximum: 10 } },
    ]);
    written(await services.patch("leaf", "open", { n: 10, o: { y: null } }));
    expect(await values(services, "leaf")).toEqual({ n: 10, o: { x: 1 } });
  });

  test("A restore is bound: an override that is dormant by now does not come back as a new one", async () => {
    const services = await openTree();
    await services.set("leaf", "open", { a: 2, b: 1 });
    await services.set("leaf", "open", { b: 1 });
    await constrain(services, "reseller", [lock("/a")]);
    const restored = await services.write("leaf", "open", { kind: "RESTORE", revision: 1 } as never);
    expect(keywords(restored)).toEqual([["/a", "locked"]]);
  });

  test("A restore puts constraints and pins back", async () => {
    const services = await openTree();
    await services.write("reseller", "open", { kind: "SET", values: { a: 1 }, pin: ["/a"] });
    await constrain(services, "reseller", [lock("/a")]);
    await services.reset("reseller", "open");
    await constrain(services, "reseller", [], ["/a"]);
    expect((await document(services, "reseller"))?.override).toBeUndefined();
    const restored = written(
      await services.write("reseller", "open", { kind: "RESTORE", revision: 2 } as never),
    );
    expect(restored).toMatchObject({ constraints: [lock("/a")], pins: ["/a"], document: { a: 1 } });
  });

  test("A document with constraints alone is there, and gone with the last of them", async () => {
    const services = await openTree();
    const made = written(await constrain(services, "reseller", [lock("/a")]));
    expect(made).toMatchObject({ revision: 1, document: {}, constraints: [lock("/a")] });
    expect(written(await constrain(services, "reseller", [lock("/a")])).revision).toBeUndefined();
    written(await services.set("reseller", "open", { b: 1 }));
    expect(written(await services.reset("reseller", "open"))).toMatchObject({ document: {}, revision: 3 });
    const gone = written(await constrain(services, "reseller", [], ["/a"]));
    expect(gone).toMatchObject({ revision: 4, document: undefined });
    expect((await document(services, "reseller"))?.override).toBeUndefined();
  });

  test("The etag moves with what binds, is dormant or pinned, and with nothing hidden", async () => {
    const services = await openTree();
    await services.set("leaf", "open", { a: 2 });
    const etags = new Set<string>();
    const look = async (accountId = "leaf") => etags.add((await services.read(accountId, "open")).etag);
    await look();
    await constrain(services, "reseller", [bounds("/a", { type: "integer" })]);
    await look();
    await constrain(services, "reseller", [bounds("/a", { type: "integer" }, "another reason")]);
    await look();
    await constrain(services, "reseller", [lock("/a")]);
    await look();
    await services.write("leaf", "open", { kind: "PATCH", patch: { b: 1 }, pin: ["/b"] });
    await look();
    await constrain(services, "leaf", [lock("/c")]);
    await look();
    expect(etags.size).toBe(6);
  });

  test("A conflicting etag refuses a constraint that was decided on another state", async () => {
    const services = await openTree();
    const { etag } = await services.read("reseller", "open");
    const intent = { kind: "CONSTRAIN", set: [lock("/a")], remove: [] } as const;
    written(await services.write("reseller", "open", intent, { ifMatch: etag }));
    const late = { ...intent, set: [lock("/b")] };
    expect((await services.write("reseller", "open", late, { ifMatch: etag })).result).toBe("conflict");
  });

  test("The change of a value that a constraint made is attributed to who set the constraint", async () => {
    const services = await openTree();
    const { store } = services;
    await services.set("reseller", "open", { a: 1 });
    await services.set("leaf", "open", { a: 2 });
    const newest = async (accountId: string) =>
      (await store.history({ key: { accountId, configId: "open" }, limit: 1, bytes: 1 })).revisions[0];
    const moment = (await newest("leaf"))?.at ?? "";
    await constrain(services, "reseller", [lock("/other")]);
    await constrain(services, "reseller", [lock("/a")]);
    await services.patch("reseller", "open", { b: 1 });
    const reader = createRequestReader(store, OPEN_PRINCIPAL);
    const now = await services.read("leaf", "open");
    const changes = await services.configs.changesSince(OPEN_PRINCIPAL, now, moment, reader);
    expect(changes).toMatchObject([
      {
        pointer: "/a",
        before: 2,
        after: 1,
        sourceBefore: "ACCOUNT",
        sourceAfter: "RESELLER",
        by: { revision: 3 },
      },
      { pointer: "/b", by: { revision: 4 } },
    ]);
  });

  test("Past moments and histories know the constraints and pins of then", async () => {
    const services = await openTree();
    const { store, configs } = services;
    await services.set("leaf", "open", { a: 2 });
    await constrain(services, "reseller", [lock("/a")]);
    await services.write("leaf", "open", { kind: "PATCH", patch: { b: 1 }, pin: ["/b"] });
    await constrain(services, "reseller", [], ["/a"]);
    await services.reset("leaf", "open", ["/b"]);
    const { revisions } = await store.history({
      key: { accountId: "leaf", configId: "open" },
      limit: 9,
      bytes: 2 ** 20,
    });
    expect(revisions.map(({ kind, pins }) => [kind, pins])).toEqual([
      ["RESET", undefined],
      ["PATCH", ["/b"]],
      ["SET", undefined],
    ]);
    const target = { accountId: "leaf", configId: "open" };
    const reader = createRequestReader(store, OPEN_PRINCIPAL);
    const { config } = await configs.effective(OPEN_PRINCIPAL, target, reader, revisions[1]?.at);
    expect(config.values).toEqual({ b: 1 });
    expect(config.dormant.map(({ pointer }) => pointer)).toEqual(["/a"]);
    expect(config.isPinned("/b")).toBe(true);
  });

  test("A pinned value that a constraint keeps out of force keeps nothing, and does again when the constraint goes", async () => {
    const services = await openTree();
    await services.write("leaf", "open", { kind: "SET", values: { a: 1, b: 1 }, pin: ["/a", "/b"] });
    const pinned = async () => {
      const { config } = await services.read("leaf", "open");
      expect(config.layers[0]?.pins).toEqual(["/a", "/b"]);
      return config.fields.map(({ pointer, value }) => [pointer, value, config.isPinned(pointer)]);
    };
    expect(await pinned()).toEqual([
      ["/a", 1, true],
      ["/b", 1, true],
    ]);
    await services.set("reseller", "open", { a: 2, b: 1 });
    await constrain(services, "reseller", [lock("/a"), lock("/b")]);
    // The same value as the dormant one is another layer's all the same.
    expect(await pinned()).toEqual([
      ["/a", 2, false],
      ["/b", 1, false],
    ]);
    await constrain(services, "reseller", [], ["/a", "/b"]);
    expect(await pinned()).toEqual([
      ["/a", 1, true],
      ["/b", 1, true],
    ]);
  });

  test("A repeated operation is answered with the constraints and pins of then", async () => {
    const services = await openTree();
    const set = () =>
      services.write("leaf", "open", { kind: "SET", values: { a: 1 }, pin: ["/a"] }, { operationId: "one" });
    written(await set());
    await services.reset("leaf", "open");
    expect(written(await set())).toMatchObject({
      replayed: true,
      pins: ["/a"],
      document: { a: 1 },
      constraints: [],
    });
    const other = services.write("leaf", "open", { kind: "SET", values: { a: 1 } }, { operationId: "one" });
    await expect(other).rejects.toMatchObject({ code: "BAD_USER_INPUT" });
  });

  test("An override keeps its blame through constraints and pins", async () => {
    const services = await openTree();
    await services.set("reseller", "open", { a: 1 });
    await constrain(services, "reseller", [lock("/b")]);
    await services.write("reseller", "open", { kind: "PATCH", patch: {}, pin: ["/a"] });
    const snapshot = await services.read("reseller", "open");
    const blames = await FieldBlames.of(snapshot, createRequestReader(services.store, OPEN_PRINCIPAL));
    const [field] = snapshot.config.fields;
    expect(field && blames.at(field)?.revision).toBe(1);
  });
});

test("A constraint takes one commit, however many accounts it binds, and every gateway sees it with its next read", async () => {
  let commits = 0;
  const store = observeStore(await openTestStore(), ({ operation }) => {
    if (operation === "commit") commits++;
  });
  onTestFinished(() => store.close());
  const schemas = schemaFolder(OPEN_SCHEMAS);
  const gateways = [new Services(store, schemas), new Services(store, schemas)] as const;
  const [first] = gateways;
  const accounts = Array.from(
    { length: process.env.STRATA_TEST_LONG === "1" ? 1_000 : 50 },
    (_, n) => `a${n}`,
  );
  await first.tree(["root"], ["reseller*", "root"]);
  for (const id of accounts) {
    await first.tree([id, "reseller"]);
    await first.set(id, "open", { a: id, b: id });
  }
  for (const gateway of gateways) for (const id of accounts) await values(gateway, id);
  const before = commits;
  written(await constrain(first, "reseller", [lock("/a")]));
  expect(commits - before).toBe(1);
  for (const gateway of gateways)
    for (const id of accounts) expect(await values(gateway, id)).toEqual({ b: id });
});

describe("R15: what a caller may know of a layer above it", () => {
  test("It can read a constraint's reason, not who set it or when", async () => {
    const services = await openTree();
    await constrain(services, "reseller", [lock("/a", "because")]);
    const leaf: Principal = {
      ...OPEN_PRINCIPAL,
      isSuperadmin: false,
      accountId: "leaf",
      subject: "leaf",
      issuedAt: Number.MAX_SAFE_INTEGER,
    };
    const target = { accountId: "leaf", configId: "open" };
    const read = createRequestReader(services.store, leaf);
    const { config } = await services.configs.effective(leaf, target, read);
    expect(config.constraints.map(({ constraint: { reason } }) => reason)).toEqual(["because"]);
    expect(config.layers[1]).toMatchObject({ kind: "RESELLER", revision: undefined, updatedBy: undefined });
    for (const accountId of ["reseller", "root", "sub"]) {
      const intent = { kind: "CONSTRAIN", set: [lock("/b")], remove: [] } as const;
      const writing = services.configs.write(leaf, { target: { accountId, configId: "open" }, intent });
      await expect(writing).rejects.toMatchObject({ code: "ACCOUNT_NOT_FOUND" });
    }
    const system = {
      target: { accountId: undefined, configId: "open" },
      intent: { kind: "CONSTRAIN", set: [], remove: [""] },
    } as const;
    await expect(services.configs.write(leaf, system)).rejects.toMatchObject({ code: "FORBIDDEN" });
  });
});

describe("R5, R17: what an account does not see does not exist for it", () => {
  const HALF: Record<string, JsonObject> = {
    "account_config.open": { type: "object", properties: { seen: {}, part: { properties: { seen: {} } } } },
    "system_config.open": {
      type: "object",
      properties: { seen: {}, hidden: {}, part: { properties: { seen: {}, hidden: {} } } },
    },
  };

  test("A constraint at a hidden setting is refused as unknown, system-wide or not", async () => {
    const services = await openTree(HALF);
    for (const accountId of ["reseller", undefined])
      expect(
        keywords(
          await constrain(services, accountId, [lock("/hidden"), lock("/part/hidden"), lock("/seen")]),
        ),
      ).toEqual([
        ["/hidden", "unknown"],
        ["/part/hidden", "unknown"],
      ]);
  });

  test("A constraint at a setting that was hidden later tells the account nothing", async () => {
    const open = await openServices(schemaFolder(OPEN_SCHEMAS));
    await open.tree(["root"], ["leaf", "root"]);
    await open.set("leaf", "open", { seen: 1 });
    const before = await new Services(open.store, schemaFolder(HALF)).read("leaf", "open");
    written(
      await constrain(open, undefined, [lock("/hidden", "SECRET"), bounds("/part/hidden", {}, "SECRET")]),
    );
    const after = await new Services(open.store, schemaFolder(HALF)).read("leaf", "open");
    expect(after.etag).toBe(before.etag);
    expect(after.config.constraints).toEqual([]);
    expect(JSON.stringify(after.config.layers)).not.toContain("SECRET");
    expect(after.config.layers[1]?.document).toBeUndefined();
  });

  test("Bounds judge the visible part alone, so that they tell nothing of hidden values", async () => {
    const open = await openServices(schemaFolder(OPEN_SCHEMAS));
    await open.tree(["root"], ["leaf", "root"]);
    await open.set("leaf", "open", { part: { seen: 1, hidden: 2 } });
    written(await constrain(open, undefined, [bounds("/part", { maxProperties: 1 })]));
    const { config } = await new Services(open.store, schemaFolder(HALF)).read("leaf", "open");
    expect(config.values).toEqual({ part: { seen: 1 } });
    expect(config.dormant).toEqual([]);
  });
});

describe("R18: pins", () => {
  test("A pinned value stays when it equals the parent's, through sets and patches that name it", async () => {
    const services = await openTree();
    await services.set("reseller", "open", { a: 1, b: 1 });
    const pinned = written(await services.write("leaf", "open", { kind: "PATCH", patch: {}, pin: ["/a"] }));
    expect(pinned).toMatchObject({ document: { a: 1 }, pins: ["/a"], revision: 1 });
    expect(pinned.changes).toMatchObject([
      { pointer: "/a", sourceBefore: "RESELLER", sourceAfter: "ACCOUNT" },
    ]);
    expect(written(await services.set("leaf", "open", { a: 1, b: 1 })).revision).toBeUndefined();
    expect(written(await services.patch("leaf", "open", { a: 1, c: 1 })).pins).toEqual(["/a"]);
    await services.set("reseller", "open", { a: 9 });
    expect(await values(services, "leaf")).toEqual({ a: 1, c: 1 });
    expect((await services.read("leaf", "open")).config.redundant()).toEqual([]);
  });

  test.each<[string, JsonObject | null]>([
    ["a set that does not name it", null],
    ["null at it", { o: { a: null } }],
    ["null above it", { o: null }],
    ["a value above it", { o: 1 }],
  ])("A pin goes with %s", async (_, patch) => {
    const services = await openTree();
    await services.write("leaf", "open", { kind: "SET", values: { o: { a: 1 }, b: 1 }, pin: ["/o"] });
    const result =
      patch === null ? services.set("leaf", "open", { b: 1 }) : services.patch("leaf", "open", patch);
    expect(written(await result).pins).toEqual([]);
  });

  test("A pointer where nothing is in force cannot be pinned", async () => {
    const services = await openTree();
    const pin = (pointer: string) =>
      services.write("leaf", "open", { kind: "PATCH", patch: { a: [1] }, pin: [pointer] });
    for (const pointer of ["/x", "/a/0", "/a/x"])
      await expect(pin(pointer)).rejects.toMatchObject({ code: "BAD_USER_INPUT", pointer });
    await expect(pin("x")).rejects.toMatchObject({ code: "BAD_USER_INPUT" });
    expect(written(await pin("")).pins).toEqual(["/a"]);
  });

  test("What a lock excludes cannot be pinned", async () => {
    const services = await openTree();
    await services.set("reseller", "open", { a: 1 });
    await constrain(services, "reseller", [lock("/a")]);
    const result = await services.write("leaf", "open", { kind: "PATCH", patch: {}, pin: ["/a"] });
    expect(keywords(result)).toEqual([["/a", "locked"]]);
  });

  test("Who sends back what is in force is not refused for a pinned value that a lock made dormant", async () => {
    const services = await openTree();
    await services.write("leaf", "open", { kind: "SET", values: { a: 1 }, pin: ["/a"] });
    await services.set("reseller", "open", { a: 7 });
    await constrain(services, "reseller", [lock("/a")]);
    expect(await values(services, "leaf")).toEqual({ a: 7 });
    expect(written(await services.set("leaf", "open", { a: 7, b: 1 }))).toMatchObject({
      pins: [],
      document: { b: 1 },
    });
  });
});

describe("what cannot be a constraint is refused by name", () => {
  const refused: [string, Constraint[], object][] = [
    [
      "201 of them",
      Array.from({ length: 201 }, (_, n) => lock(`/a${n}`)),
      { pointer: "/set", limit: "constraints" },
    ],
    ["two at one pointer", [lock("/a"), lock("/a")], { pointer: "/set/1/pointer" }],
    ["a lock with a schema", [{ ...lock("/a"), schema: {} }], { pointer: "/set/0/schema" }],
    [
      "bounds without a schema",
      [{ pointer: "/a", kind: "BOUNDS", reason: "r" }],
      { pointer: "/set/0/schema" },
    ],
    ["an empty reason", [lock("/a", " ")], { pointer: "/set/0/reason" }],
    ["a reason of 501 characters", [lock("/a", "x".repeat(501))], { pointer: "/set/0/reason" }],
    ["a malformed pointer", [lock("a")], { code: "BAD_USER_INPUT" }],
    ["a pointer of 1,025 characters", [lock(`/${"x".repeat(1024)}`)], { limit: "pointer" }],
    [
      "a schema of 5 KiB",
      [bounds("/a", { description: "x".repeat(5 * 1024) })],
      { limit: "constraintSchema", pointer: "/set/0/schema" },
    ],
    ["$ref", [bounds("/a", { $ref: "#/$defs/x", $defs: { x: {} } })], { pointer: "/set/0/schema/$ref" }],
    [
      "$ref inside",
      [bounds("/a", { items: { anyOf: [{ $ref: "#" }] } })],
      { pointer: "/set/0/schema/items/anyOf/0/$ref" },
    ],
    ["$dynamicRef", [bounds("/a", { $dynamicRef: "#" })], { pointer: "/set/0/schema/$dynamicRef" }],
    ["a look-ahead", [bounds("/a", { pattern: "^(?=a)" })], { pointer: "/set/0/schema/pattern" }],
    ["a backreference", [bounds("/a", { pattern: "(a)\\1" })], { pointer: "/set/0/schema/pattern" }],
    [
      "a pattern too large to run",
      [bounds("/a", { pattern: "((a{1000}){1000}){1000}" })],
      { pointer: "/set/0/schema", limit: "constraintPatterns" },
    ],
    [
      "a pattern that takes long to compile",
      [bounds("/a", { pattern: "(?:a{1000}b|c){3}" })],
      { pointer: "/set/0/schema", limit: "constraintPatterns" },
    ],
    [
      "patterns that take long together",
      Array.from({ length: 4 }, (_, n) => bounds(`/a${n}`, { pattern: `(?:a${n}{600}b|c)d` })),
      { pointer: "/set", limit: "constraintPatterns" },
    ],
    [
      "a pattern that is none",
      [bounds("/a", { patternProperties: { "(": {} } })],
      { pointer: "/set/0/schema/patternProperties/(" },
    ],
    ["no JSON Schema", [bounds("/a", { type: "text" })], { code: "BAD_USER_INPUT" }],
    [
      "an unknown draft",
      [bounds("/a", { $schema: "http://example.com/x" })],
      { pointer: "/set/0/schema/$schema" },
    ],
    ["an unknown format", [bounds("/a", { format: "no-such-format" })], { pointer: "/set/0/schema/format" }],
    [
      "__proto__ in a schema",
      [bounds("/a", JSON.parse('{"properties":{"__proto__":{}}}'))],
      { code: "BAD_USER_INPUT" },
    ],
  ];
  test.each(refused)("%s", async (_, set, error) => {
    const services = await openTree();
    await expect(constrain(services, "reseller", set)).rejects.toMatchObject({
      code: "BAD_USER_INPUT",
      ...error,
    });
    expect(await document(services, "reseller")).toBeUndefined();
  });

  test("The 201st constraint of a document, though it comes alone", async () => {
    const services = await openTree();
    written(
      await constrain(
        services,
        "reseller",
        Array.from({ length: 200 }, (_, n) => lock(`/a${n}`)),
      ),
    );
    await expect(constrain(services, "reseller", [lock("/b")])).rejects.toMatchObject({
      limit: "constraints",
    });
    written(await constrain(services, "reseller", [lock("/b")], ["/a0"]));
  });

  test("A property that is called $ref is no reference", async () => {
    const services = await openTree();
    written(
      await constrain(services, "reseller", [
        bounds("/a", { properties: { $ref: { type: "string" } }, const: 1 }),
      ]),
    );
  });
});
