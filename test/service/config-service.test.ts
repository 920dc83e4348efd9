import { existsSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, onTestFinished, test } from "vitest";
import { OPEN_PRINCIPAL } from "../../src/auth/principal.js";
import { equals, isEmpty, type JsonObject, withoutNulls } from "../../src/domain/json/json.js";
import { appendToken } from "../../src/domain/json/pointer.js";
import { merge } from "../../src/domain/merge/merge.js";
import { LineageCache } from "../../src/service/read/lineage-cache.js";
import { createRequestReader } from "../../src/service/read/request-reader.js";
import type { WriteIntent } from "../../src/service/write/write-decision.js";
import { observeStore } from "../../src/store/observed-store.js";
import type { Store } from "../../src/store/store.js";
import { cases, SEED } from "../cases.js";
import { documentsAndInput, paths } from "../domain/json-arbitrary.js";
import { alteredStore } from "../store/altered-store.js";
import { openTestStore } from "../store/test-store.js";
import { schemaFolder, temporaryFolder } from "../temporary-folder.js";
import { OPEN_SCHEMAS, openServices, Services, SHIPPED_SCHEMAS, written } from "./services.js";

/** Fast where there is a disk in memory; what is measured here is rules, not durability. */
const FAST_DISK = existsSync("/dev/shm") ? "/dev/shm" : undefined;

async function openTree(schemas: string = SHIPPED_SCHEMAS): Promise<Services> {
  const services = await openServices(schemas);
  await services.tree(
    ["root"],
    ["reseller*", "root"],
    ["leaf", "reseller"],
    ["deep", "leaf"],
    ["direct", "root"],
  );
  return services;
}

describe("what is in force", () => {
  test("R1: the layers of each account, highest precedence first", async () => {
    const services = await openTree();
    const layers = async (account: string | undefined) =>
      (await services.read(account, "conferences")).config.layers.map(({ kind, accountId }) => [
        kind,
        accountId,
      ]);
    expect(await layers("leaf")).toEqual([
      ["ACCOUNT", "leaf"],
      ["RESELLER", "reseller"],
      ["SYSTEM", undefined],
      ["SCHEMA", undefined],
    ]);
    expect(await layers("deep")).toEqual([
      ["ACCOUNT", "deep"],
      ["RESELLER", "reseller"],
      ["SYSTEM", undefined],
      ["SCHEMA", undefined],
    ]);
    expect(await layers("reseller")).toEqual([
      ["ACCOUNT", "reseller"],
      ["RESELLER", "root"],
      ["SYSTEM", undefined],
      ["SCHEMA", undefined],
    ]);
    expect(await layers("direct")).toEqual([
      ["ACCOUNT", "direct"],
      ["RESELLER", "root"],
      ["SYSTEM", undefined],
      ["SCHEMA", undefined],
    ]);
    expect(await layers("root")).toEqual([
      ["ACCOUNT", "root"],
      ["SYSTEM", undefined],
      ["SCHEMA", undefined],
    ]);
    expect(await layers(undefined)).toEqual([
      ["SYSTEM", undefined],
      ["SCHEMA", undefined],
    ]);
  });

  test("an account between the reseller and the account is no layer", async () => {
    const services = await openTree();
    written(await services.set("leaf", "conferences", { pin_timeout: 1 }));
    expect((await services.read("deep", "conferences")).config.values.pin_timeout).toBe(5_000);
  });

  test("R5: system-wide settings show nowhere in an account's view", async () => {
    const services = await openTree();
    const before = (await services.read("leaf", "conferences")).etag;
    written(await services.patch(undefined, "conferences", { bridge_password: "sesame" }));
    const after = await services.read("leaf", "conferences");
    expect(after.etag).toBe(before);
    expect(JSON.stringify(after.config)).not.toContain("sesame");
    expect(after.config.layers.find(({ kind }) => kind === "SYSTEM")).toEqual({
      kind: "SYSTEM",
      document: undefined,
    });
    expect((await services.read(undefined, "conferences")).config.values.bridge_password).toBe("sesame");
  });

  test("a config without an account schema is not found for accounts, and found for the system", async () => {
    const services = await openTree(
      schemaFolder({ "system_config.only": { properties: { a: { default: 1 } } } }),
    );
    await expect(services.read("leaf", "only")).rejects.toMatchObject({ code: "CONFIG_NOT_FOUND" });
    expect((await services.read(undefined, "only")).config.values).toEqual({ a: 1 });
  });

  test.each([
    ["nobody", "conferences", "ACCOUNT_NOT_FOUND"],
    ["leaf", "nothing", "CONFIG_NOT_FOUND"],
    ["", "conferences", "BAD_USER_INPUT"],
    ["a/b", "conferences", "BAD_USER_INPUT"],
    ["system", "conferences", "BAD_USER_INPUT"],
    ["..", "conferences", "BAD_USER_INPUT"],
    ["leaf", "conf/erences", "BAD_USER_INPUT"],
    ["le\u200baf", "conferences", "BAD_USER_INPUT"],
  ])("account %j, config %j: %s", async (account, config, code) => {
    const services = await openTree();
    await expect(services.read(account, config)).rejects.toMatchObject({ code });
    await expect(services.set(account, config, {})).rejects.toMatchObject({ code });
  });
});

describe("writes", () => {
  test.each<[string, JsonObject, string, string]>([
    ["a wrong type", { pin_timeout: "3000" }, "/pin_timeout", "type"],
    ["an unknown setting", { nonsense: 1 }, "/nonsense", "unknown"],
    ["a system-wide setting", { bridge_password: "x" }, "/bridge_password", "systemOnly"],
    ["a system-wide setting equal to its default", { review_name: false }, "/review_name", "systemOnly"],
    ["a nested unknown", { controls: { nonsense: [] } }, "/controls/nonsense", "unknown"],
    ["a private key", { _rev: "1-a" }, "/_rev", "unknown"],
    ["another private key", { pvt_type: "x" }, "/pvt_type", "unknown"],
  ])("R12: %s is a problem with its pointer, and nothing is stored", async (_, values, pointer, keyword) => {
    const services = await openTree();
    for (const intent of [
      { kind: "SET", values },
      { kind: "PATCH", patch: values },
    ] as const) {
      const result = await services.write("leaf", "conferences", intent);
      expect(result).toMatchObject({ result: "invalid", problems: [{ pointer, keyword, inherited: false }] });
    }
    expect(await services.revision("leaf", "conferences")).toBe(0);
  });

  test("R12: every problem is reported, not only the first", async () => {
    const services = await openTree();
    const result = await services.set("leaf", "conferences", {
      pin_timeout: "a",
      number_timeout: "b",
      nonsense: 1,
    });
    expect(result.result === "invalid" && result.problems.map(({ pointer }) => pointer).sort()).toEqual([
      "/nonsense",
      "/number_timeout",
      "/pin_timeout",
    ]);
  });

  test("R12: a problem of the parent is reported with its layer and does not block", async () => {
    const services = await openTree(
      schemaFolder({
        "account_config.x": {
          properties: { a: { type: "integer" }, b: { type: "integer" } },
          required: ["c"],
        },
        "system_config.x": { properties: { a: {}, b: {}, c: {} } },
      }),
    );
    written(await services.set(undefined, "x", { a: "bad" }));
    const result = written(await services.set("leaf", "x", { b: 1 }));
    expect(result.snapshot.problems).toEqual([
      {
        pointer: "/c",
        keyword: "required",
        message: expect.any(String),
        source: undefined,
        inherited: true,
        existing: true,
      },
      {
        pointer: "/a",
        keyword: "type",
        expected: "integer",
        message: expect.any(String),
        source: "SYSTEM",
        inherited: true,
        existing: true,
      },
    ]);
    expect(await services.set("leaf", "x", { a: "worse" })).toMatchObject({ result: "invalid" });
  });

  test("R12: nulls at settings nobody declares are no problem; `id` is passed over", async () => {
    const services = await openTree();
    const result = written(
      await services.set("leaf", "conferences", {
        id: "configs_conferences",
        nonsense: null,
        bridge_password: null,
        _rev: null,
        pin_timeout: 1,
      }),
    );
    expect(result.document).toEqual({ pin_timeout: 1 });
  });

  test("R9: a reset is never refused, and pointers that are none are BAD_USER_INPUT", async () => {
    const services = await openTree();
    written(await services.set("leaf", "conferences", { pin_timeout: 1, controls: { page: [] } }));
    expect(
      written(await services.reset("leaf", "conferences", ["/pin_timeout", "/no/such", "/entry_tone/below"]))
        .document,
    ).toEqual({ controls: { page: [] } });
    await expect(services.reset("leaf", "conferences", ["pin_timeout"])).rejects.toMatchObject({
      code: "BAD_USER_INPUT",
    });
    expect(written(await services.reset("leaf", "conferences", [])).revision).toBeUndefined();
    expect(written(await services.reset("leaf", "conferences")).revision).toBe(3);
    expect(written(await services.reset("leaf", "conferences")).revision).toBeUndefined();
  });

  test("R10: after a reset nothing is stored, and the next write has a higher revision", async () => {
    const services = await openTree();
    expect(written(await services.set("leaf", "conferences", { pin_timeout: 1 })).revision).toBe(1);
    expect(written(await services.reset("leaf", "conferences"))).toMatchObject({
      revision: 2,
      document: undefined,
    });
    expect(await services.stored("leaf", "conferences")).toBeUndefined();
    expect((await services.read("leaf", "conferences")).config.layers[0]).toEqual({
      kind: "ACCOUNT",
      accountId: "leaf",
      document: undefined,
    });
    expect(written(await services.set("leaf", "conferences", { pin_timeout: 2 })).revision).toBe(3);
  });

  test("a dry run answers what would be and writes nothing", async () => {
    const services = await openTree();
    const result = written(
      await services.write(
        "leaf",
        "conferences",
        { kind: "SET", values: { pin_timeout: 1 } },
        { dryRun: true },
      ),
    );
    expect(result).toMatchObject({ dryRun: true, revision: undefined, document: { pin_timeout: 1 } });
    expect(result.changes).toEqual([
      { pointer: "/pin_timeout", before: 5_000, after: 1, sourceBefore: "SCHEMA", sourceAfter: "ACCOUNT" },
    ]);
    expect(await services.revision("leaf", "conferences")).toBe(0);
    written(await services.set("leaf", "conferences", { pin_timeout: 1 }));
    expect(result.snapshot.etag).toBe((await services.read("leaf", "conferences")).etag);
  });

  test("ifMatch: the write happens on the state seen, or not at all", async () => {
    const services = await openTree();
    const seen = (await services.read("leaf", "conferences")).etag;
    written(await services.set("reseller", "conferences", { pin_timeout: 7 }));
    const intent: WriteIntent = { kind: "PATCH", patch: { number_timeout: 1 } };
    const refused = await services.write("leaf", "conferences", intent, { ifMatch: seen });
    expect(refused).toMatchObject({ result: "conflict" });
    const current = refused.result === "conflict" ? refused.current.etag : "";
    written(await services.write("leaf", "conferences", intent, { ifMatch: current }));
  });

  test("a write that leaves nothing says so, for the system too", async () => {
    const services = await openTree();
    written(await services.set(undefined, "conferences", { pin_timeout: 1 }));
    for (const target of [undefined, "leaf"]) {
      const result = written(await services.reset(target, "conferences"));
      expect(result.document).toBeUndefined();
      expect(result.snapshot.config.layers[0]?.revision).toBeUndefined();
      expect(result.snapshot.config.layers[0]?.document).toBeUndefined();
      expect(written(await services.patch(target, "conferences", {})).document).toBeUndefined();
    }
  });

  test("a dry run that changes nothing shows the document as it is stored", async () => {
    const services = await openTree();
    written(await services.set("leaf", "conferences", { pin_timeout: 1 }));
    const dry = written(
      await services.write("leaf", "conferences", { kind: "PATCH", patch: {} }, { dryRun: true }),
    );
    expect(dry.snapshot.config.layers[0]).toMatchObject({ document: { pin_timeout: 1 }, revision: 1 });
    expect(dry.snapshot.dryRun).toBe(true);
  });

  test("R8, R9: a patch of nulls is refused as little as a reset, whatever the schema says by now", async () => {
    const folder = temporaryFolder();
    const before = await openServices(
      schemaFolder({ "account_config.x": { properties: { a: {}, b: {} } } }),
      folder,
    );
    await before.tree(["root"]);
    written(await before.set("root", "x", { a: "text", b: 1 }));
    const after = new Services(
      before.store,
      schemaFolder({ "account_config.x": { properties: { a: { type: "integer" }, b: {} } } }),
    );
    expect((await after.read("root", "x")).problems).toMatchObject([
      { pointer: "/a", keyword: "type", inherited: false },
    ]);
    expect(await after.patch("root", "x", { a: "other" })).toMatchObject({ result: "invalid" });
    expect(written(await after.patch("root", "x", { b: null })).document).toEqual({ a: "text" });
    expect(written(await after.patch("root", "x", {})).revision).toBeUndefined();
    expect(written(await after.patch("root", "x", { a: null })).document).toBeUndefined();
  });

  test("R12: the system may set what the account schema alone declares, though its own allows nothing else", async () => {
    const services = await openTree(
      schemaFolder({
        "account_config.x": { properties: { y: { type: "integer" } } },
        "system_config.x": { properties: { z: {} }, additionalProperties: false },
      }),
    );
    expect(written(await services.set(undefined, "x", { y: 1, z: 2 })).document).toEqual({ y: 1, z: 2 });
    expect(await services.set(undefined, "x", { u: 1 })).toMatchObject({
      result: "invalid",
      problems: [{ pointer: "/u", keyword: "unknown" }],
    });
  });

  test("the answer to a write is what a read says right after it", async () => {
    const services = await openTree();
    const { snapshot } = written(await services.set("leaf", "conferences", { pin_timeout: 1 }));
    const read = await services.read("leaf", "conferences");
    expect(snapshot.etag).toBe(read.etag);
    expect(snapshot.config.layers).toEqual(read.config.layers);
  });

  test("a document at the limits is written and read; one over any limit is refused by the limit's name", async () => {
    const services = (await openTree(schemaFolder(OPEN_SCHEMAS))).patient();
    const full = Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`k${i}`, i]));
    expect(written(await services.set("leaf", "open", full)).changes).toHaveLength(10_000);
    expect((await services.read("leaf", "open")).config.fields).toHaveLength(10_000);
    await expect(services.patch("leaf", "open", { more: 1 })).rejects.toMatchObject({ limit: "fields" });
    await expect(services.set("leaf", "open", { text: "x".repeat(262_144) })).rejects.toMatchObject({
      limit: "document",
    });
    written(await services.set("leaf", "open", { text: "x".repeat(262_144 - 11) }));
    expect(await services.revision("leaf", "open")).toBe(2);
  });
});

/** Lets another writer in between a write's reads and its commit, `times` times. */
function interfered(store: Store, interfere: (time: number) => Promise<unknown>, times: number): Store {
  let left = times;
  return alteredStore(store, {
    commit: async (commit) => {
      if (left-- > 0) await interfere(times - left);
      return store.commit(commit);
    },
  });
}

describe("R13: a write holds against everything it was decided on", () => {
  test.each([
    ["the own document", "leaf"],
    ["the reseller's document", "reseller"],
    ["the system's document", undefined],
  ])("a change of %s in between is decided on again", async (_, account) => {
    const services = await openTree();
    const racing = new Services(
      interfered(
        services.store,
        (time) => services.patch(account, "conferences", { number_timeout: 100 + time }),
        3,
      ),
      SHIPPED_SCHEMAS,
    );
    // The set asks for what the parent has by then, so it must not be stored.
    const result = written(await racing.set("leaf", "conferences", { number_timeout: 103, pin_timeout: 1 }));
    const expected = account === "leaf" ? { number_timeout: 103, pin_timeout: 1 } : { pin_timeout: 1 };
    expect(result.document).toEqual(expected);
    expect(await services.stored("leaf", "conferences")).toEqual(expected);
  });

  test("a writer that never gets through is told that nothing was written", async () => {
    const services = await openTree();
    const racing = new Services(
      interfered(
        services.store,
        (time) => services.patch("leaf", "conferences", { number_timeout: time }),
        1e9,
      ),
      SHIPPED_SCHEMAS,
    );
    await expect(racing.set("leaf", "conferences", { pin_timeout: 1 })).rejects.toMatchObject({
      code: "STORE_UNAVAILABLE",
    });
  });

  test("two hundred writers at once all get through", async () => {
    const services = (await openServices(schemaFolder(OPEN_SCHEMAS), temporaryFolder(FAST_DISK))).patient();
    await services.tree(["root"], ["leaf", "root"]);
    await Promise.all(
      Array.from({ length: 200 }, (_, i) => services.patch("leaf", "open", { [`w${i}`]: i })),
    );
    expect(Object.keys((await services.stored("leaf", "open")) ?? {})).toHaveLength(200);
    expect(await services.revision("leaf", "open")).toBe(200);
  });

  test("what was unknown first is not called failed when the second attempt is", async () => {
    const services = await openTree();
    let attempts = 0;
    const slow = alteredStore(services.store, {
      commit: async () => {
        attempts++;
        await new Promise((resolve) => setTimeout(resolve, 300));
        const cause = new Error("no answer");
        return attempts === 1 ? { outcome: "unknown", cause } : { outcome: "notApplied", cause };
      },
    });
    await expect(
      new Services(slow, SHIPPED_SCHEMAS).set("leaf", "conferences", { pin_timeout: 1 }),
    ).rejects.toMatchObject({ code: "WRITE_OUTCOME_UNKNOWN" });
    expect(attempts).toBeGreaterThan(1);
  });

  test("an unknown outcome is asked for again under the same operation id", async () => {
    const services = await openTree();
    const sent: string[] = [];
    const forgetful = alteredStore(services.store, {
      commit: async (commit) => {
        sent.push(commit.operation.id);
        const outcome = await services.store.commit(commit);
        return sent.length < 3 ? { outcome: "unknown", cause: new Error("the answer was lost") } : outcome;
      },
    });
    const result = written(
      await new Services(forgetful, SHIPPED_SCHEMAS).set("leaf", "conferences", { pin_timeout: 1 }),
    );
    expect(new Set(sent).size).toBe(1);
    expect(result.revision).toBe(1);
    expect(await services.revision("leaf", "conferences")).toBe(1);
  });

  test("one whose outcome is unknown is not asked for so often that nobody else has a turn", async () => {
    const services = await openTree();
    let attempts = 0;
    const helpless = alteredStore(services.store, {
      commit: async () => {
        attempts++;
        return { outcome: attempts === 1 ? "unknown" : "notApplied", cause: new Error("no replica") };
      },
    });
    let turns = 0;
    const timer = setInterval(() => turns++, 5);
    onTestFinished(() => clearInterval(timer));
    await expect(
      new Services(helpless, SHIPPED_SCHEMAS).set("leaf", "conferences", { pin_timeout: 1 }),
    ).rejects.toMatchObject({ code: "WRITE_OUTCOME_UNKNOWN" });
    expect(attempts).toBeGreaterThan(2);
    expect(turns).toBeGreaterThan(attempts);
  });

  test("one that stays unknown is reported as unknown, never as failed", async () => {
    const services = await openTree();
    const silent = alteredStore(services.store, {
      commit: async () => {
        await new Promise((resolve) => setTimeout(resolve, 50));
        return { outcome: "unknown", cause: new Error("no answer") };
      },
    });
    await expect(
      new Services(silent, SHIPPED_SCHEMAS).set("leaf", "conferences", { pin_timeout: 1 }),
    ).rejects.toMatchObject({
      code: "WRITE_OUTCOME_UNKNOWN",
    });
  });

  test("concurrent patches of different fields all survive", async () => {
    const folder = temporaryFolder(FAST_DISK);
    const services = (await openServices(schemaFolder(OPEN_SCHEMAS), folder)).patient();
    await services.tree(["root"], ["leaf", "root"]);
    const rounds = cases(50);
    for (let round = 0; round < rounds; round++) {
      await Promise.all(
        Array.from({ length: 20 }, (_, writer) =>
          services.patch("leaf", "open", { [`w${writer}`]: { at: round } }),
        ),
      );
      const expected = Object.fromEntries(
        Array.from({ length: 20 }, (_, writer) => [`w${writer}`, { at: round }]),
      );
      expect(await services.stored("leaf", "open")).toEqual(expected);
    }
    expect(await services.revision("leaf", "open")).toBe(rounds * 20);
  });
});

test("R1-R16 together: any sequence of writes leaves what a naive model says", async () => {
  const services = await openServices(schemaFolder(OPEN_SCHEMAS), temporaryFolder(FAST_DISK));
  await services.tree(["root"], ["reseller*", "root"], ["leaf", "reseller"]);
  const targets = [undefined, "root", "reseller", "leaf"] as const;
  const below: Record<string, readonly (string | undefined)[]> = {
    leaf: ["reseller", undefined],
    reseller: ["root", undefined],
    root: [undefined],
  };
  const model = new Map<string | undefined, JsonObject>();
  const revisions = new Map<string | undefined, number>();
  const parentOf = (target: string | undefined): JsonObject =>
    target === undefined ? {} : merge((below[target] ?? []).map((layer) => model.get(layer)));
  const step = fc.record({
    target: fc.constantFrom(...targets),
    kind: fc.constantFrom("SET", "PATCH", "RESET", "RESET_SOME"),
    given: documentsAndInput(0),
  });
  // Each of them is a write and a read of a real store.
  const writes = cases(1_000, 20_000);
  console.log(`random writes against a model: ${writes} writes, LAW_SEED=${SEED}`);
  for (const { target, kind, given } of fc.sample(step, { seed: SEED, numRuns: writes })) {
    const { id: _ignored, ...input } = given.input;
    const before = model.get(target) ?? {};
    const pointers = paths(input).map((path) => path.reduce(appendToken, ""));
    const intent: WriteIntent =
      kind === "SET"
        ? { kind, values: input }
        : kind === "PATCH"
          ? { kind, patch: input }
          : { kind: "RESET", pointers: kind === "RESET" ? undefined : pointers };
    const result = written(await services.write(target, "open", intent));
    const stored = (await services.stored(target, "open")) ?? {};
    const parent = parentOf(target);
    if (kind === "SET") {
      const wanted = (withoutNulls(input) ?? {}) as JsonObject;
      expect(merge([stored, parent])).toEqual(merge([wanted, parent]));
    }
    if (kind === "RESET") expect(stored).toEqual({});
    const changed = !equals(before, stored);
    const revision = (revisions.get(target) ?? 0) + (changed ? 1 : 0);
    expect(result.revision).toBe(changed ? revision : undefined);
    expect(await services.revision(target, "open")).toBe(revision);
    revisions.set(target, revision);
    if (isEmpty(stored)) model.delete(target);
    else model.set(target, stored);
    for (const reader of targets) {
      const { config } = await services.read(reader, "open");
      expect(config.values).toEqual(merge([model.get(reader), parentOf(reader)]));
    }
  }
});

describe("one request", () => {
  test("sees each config as of one moment, also when others write in between", async () => {
    const services = await openServices(schemaFolder(OPEN_SCHEMAS));
    await services.tree(["root"], ["leaf", "root"]);
    const reader = createRequestReader(services.store, OPEN_PRINCIPAL);
    await services.configs.effective(OPEN_PRINCIPAL, { accountId: "leaf", configId: "open" }, reader);
    written(await services.set(undefined, "open", { system: "new" }));
    written(await services.set("root", "open", { basedOn: "new" }));
    const root = await services.configs.effective(
      OPEN_PRINCIPAL,
      { accountId: "root", configId: "open" },
      reader,
    );
    expect(root.config.values).toEqual({ system: "new", basedOn: "new" });
  });
});

describe("store calls", () => {
  async function counted(): Promise<{ services: Services; calls: string[] }> {
    const calls: string[] = [];
    const store = await openTestStore();
    onTestFinished(() => store.close());
    const services = new Services(
      observeStore(store, ({ operation }) => calls.push(operation)),
      SHIPPED_SCHEMAS,
    );
    await services.tree(
      ["root"],
      ...Array.from({ length: 100 }, (_, i): [string, string] => [`a${i}`, "root"]),
    );
    calls.length = 0;
    return { services, calls };
  }

  test("100 accounts x 10 configs in one request take one read, whether the accounts are known or not", async () => {
    const { services, calls } = await counted();
    const lineages = new LineageCache(2 ** 24);
    const ids = services.configs.accountConfigIds().slice(0, 10);
    const readAll = () => {
      const reader = createRequestReader(services.store, OPEN_PRINCIPAL, lineages);
      const all = Array.from({ length: 100 }, (_, i) =>
        ids.map((configId) =>
          services.configs.effective(OPEN_PRINCIPAL, { accountId: `a${i}`, configId }, reader),
        ),
      );
      return Promise.all(all.flat());
    };
    expect(await readAll()).toHaveLength(1_000);
    expect(calls).toEqual(["layers"]);
    // On their second use the lineages are cached.
    await readAll();
    calls.length = 0;
    expect(await readAll()).toHaveLength(1_000);
    expect(calls).toEqual(["versions"]);
    written(await services.set(undefined, ids[0] ?? "", {}));
    calls.length = 0;
    await readAll();
    expect(calls).toEqual(["versions"]);
  });

  test("a write of the system layer is one commit, however many accounts see it", async () => {
    const { services, calls } = await counted();
    written(await services.patch(undefined, "conferences", { pin_timeout: 1 }));
    expect(calls.filter((operation) => operation === "commit")).toHaveLength(1);
    expect((await services.read("a99", "conferences")).config.values.pin_timeout).toBe(1);
  });

  test("R13: a write reads everything it decides on anew", async () => {
    const { services, calls } = await counted();
    await services.read("a1", "conferences");
    calls.length = 0;
    written(await services.patch("a1", "conferences", { pin_timeout: 1 }));
    written(await services.patch("a1", "conferences", { pin_timeout: 2 }));
    expect(calls).toEqual(["layers", "commit", "layers", "commit"]);
  });
});

test("a store that cannot answer is STORE_UNAVAILABLE, and the caller does not learn where it is", async () => {
  const services = await openTree();
  await services.store.close();
  for (const call of [
    () => services.read("leaf", "conferences"),
    () => services.read(undefined, "conferences"),
    () => services.set("leaf", "conferences", { pin_timeout: 1 }),
    () => services.tree(["late"]),
  ]) {
    const error = await call().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: "STORE_UNAVAILABLE",
      message: "The store cannot answer now. Try again.",
    });
  }
});
