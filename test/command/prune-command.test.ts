import { join } from "node:path";
import { expect, test } from "vitest";
import { openLmdbStore } from "../../src/store/lmdb/lmdb-store.js";
import { strata } from "../archive/strata-process.js";
import { OPEN_SCHEMAS, Services, written } from "../service/services.js";
import { storedDocuments } from "../store/stored-documents.js";
import { schemaFolder, temporaryFolder } from "../temporary-folder.js";

test("strata prune lists what is redundant, and drops it without changing any value in force", async () => {
  const folder = join(temporaryFolder(), "store");
  const schemas = schemaFolder({ ...OPEN_SCHEMAS, "account_config.other": { additionalProperties: true } });
  const prune = (...args: string[]) =>
    strata(["prune", "--store", `lmdb:${folder}`, ...args], { STRATA_SCHEMAS: schemas });
  const opened = async <T>(work: (services: Services) => Promise<T>): Promise<T> => {
    const store = await openLmdbStore({ folder });
    try {
      return await work(new Services(store, schemas));
    } finally {
      await store.close();
    }
  };
  const state = () =>
    opened(async (services) => {
      const values = [];
      for (const id of ["top", "shop", "deep"]) values.push((await services.read(id, "open")).config.values);
      const keys = ["top", "shop", "deep"].map((accountId) => ({ accountId, configId: "open" }));
      const documents = await storedDocuments(services.store, keys);
      return { values, overrides: documents.map((document) => document?.override) };
    });
  await opened(async (services) => {
    await services.tree(["root"], ["top*", "root"], ["shop*", "top"], ["deep", "shop"]);
    // Each holds values before what it inherits becomes equal to them.
    await services.set("deep", "open", { a: 1, c: 3, own: 1 });
    await services.write("shop", "open", {
      kind: "SET",
      values: { a: 1, b: 2, p: 1, o: { x: 1, y: 1 } },
      pin: ["/p"],
    });
    await services.set("top", "open", { a: 1, b: 2, p: 1, o: { x: 1, z: 1 } });
    await services.set(undefined, "open", { b: 2 });
    written(
      await services.write("top", "open", {
        kind: "CONSTRAIN",
        set: [{ pointer: "/o", kind: "BOUNDS", schema: { required: ["x"] }, reason: "x is needed" }],
        remove: [],
      }),
    );
  });
  const before = await state();
  const listed = await prune("--account", "shop", "--below");
  expect(listed).toMatchObject({ code: 0, errors: "" });
  expect(listed.output).toContain('shop/open\n  "/b"\n');
  expect(listed.output).toContain('"/a"  kept: accounts below inherit it from here');
  expect(listed.output).toContain('deep/open\n  "/a"\n');
  expect(listed.output).not.toContain('"/p"');
  expect(listed.output).toContain("2 redundant overrides in 2 documents. Nothing was written");
  expect(await state()).toEqual(before);
  const json = async (...args: string[]) => JSON.parse((await prune(...args, "--json")).output);
  expect(await json("--account", "shop", "--below")).toEqual({
    applied: false,
    documents: [
      {
        ...{ accountId: "shop", configId: "open", dropped: ["/b"], revision: null },
        kept: expect.arrayContaining([{ pointer: "/a", because: "inherited" }]),
      },
      { accountId: "deep", configId: "open", dropped: ["/a"], kept: [], revision: null },
    ],
  });
  expect(await json("--account", "shop", "--config", "other", "--apply")).toEqual({
    applied: true,
    documents: [],
  });
  const applied = await prune("--account", "shop", "--below", "--apply");
  expect(applied.output).toContain("2 redundant overrides in 2 documents: dropped.");
  const after = await state();
  expect(after.values).toEqual(before.values);
  expect(after.overrides).toEqual([before.overrides[0], { a: 1, p: 1, o: { x: 1, y: 1 } }, { c: 3, own: 1 }]);
  expect((await prune("--account", "shop", "--config", "other")).output).toBe("Nothing to prune.\n");
  expect(await prune()).toMatchObject({ code: 2 });
  expect(await prune("--account", "nobody")).toMatchObject({ code: 1 });
});

test("strata prune keeps what bounds judge together with its neighbours", async () => {
  const folder = join(temporaryFolder(), "store");
  const schemas = schemaFolder(OPEN_SCHEMAS);
  const store = await openLmdbStore({ folder });
  try {
    const services = new Services(store, schemas);
    await services.tree(["root"], ["shop", "root"]);
    await services.set("shop", "open", { o: { x: 1, y: 1 }, z: 1 });
    await services.set("root", "open", { o: { x: 1 }, z: 1 });
    await services.write("root", "open", {
      kind: "CONSTRAIN",
      set: [{ pointer: "/o", kind: "BOUNDS", schema: { required: ["x"] }, reason: "x is needed" }],
      remove: [],
    });
  } finally {
    await store.close();
  }
  const { output } = await strata(["prune", "--store", `lmdb:${folder}`, "--account", "shop", "--apply"], {
    STRATA_SCHEMAS: schemas,
  });
  expect(output).toContain('"/z"\n');
  expect(output).toContain('"/o/x"  kept: bounds judge it together with its neighbours');
});
