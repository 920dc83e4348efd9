import { describe, expect, test } from "vitest";
import { OPEN_PRINCIPAL } from "../../../src/auth/principal.js";
import type { JsonObject } from "../../../src/domain/json/json.js";
import { LineageCache } from "../../../src/service/read/lineage-cache.js";
import { createRequestReader, type RequestReader } from "../../../src/service/read/request-reader.js";
import { StrayReads } from "../../../src/service/read/stray-reads.js";
import { VersionCheck } from "../../../src/service/read/version-check.js";
import type { Store } from "../../../src/store/store.js";
import { alteredStore } from "../../store/altered-store.js";
import { schemaFolder } from "../../temporary-folder.js";
import { OPEN_SCHEMAS, openServices, Services, written } from "../services.js";

const LEAF = { accountId: "leaf", configId: "open" };
const TREE = [["root"], ["reseller*", "root"], ["leaf", "reseller"]] as const;

async function openTree(): Promise<Services> {
  const services = await openServices(schemaFolder(OPEN_SCHEMAS));
  await services.tree(...TREE);
  return services;
}

/** The same data through another process's eyes, with something happening after each of its looks. */
function between(services: Services, happen: () => Promise<unknown>): { other: Services; calls: string[] } {
  const calls: string[] = [];
  const { store } = services;
  const other = new Services(
    alteredStore(store, {
      async layers(targets, bodies) {
        calls.push(`layers ${bodies}`);
        const found = await store.layers(targets, bodies);
        await happen();
        return found;
      },
      async versions(of) {
        calls.push("versions");
        const found = await store.versions(of);
        await happen();
        return found;
      },
    }),
    schemaFolder(OPEN_SCHEMAS),
  );
  return { other, calls };
}

describe("a read", () => {
  test("sees one moment, also when documents change between their versions and their bodies", async () => {
    const services = await openTree();
    let count = 0;
    const writeAll = async (): Promise<void> => {
      count++;
      for (const account of [undefined, "reseller", "leaf"])
        written(await services.patch(account, "open", { [account ?? "system"]: count }));
    };
    await writeAll();
    const { other, calls } = between(services, writeAll);
    const { config } = await other.read("leaf", "open");
    expect(config.values).toEqual({ system: 2, reseller: 2, leaf: 2 });
    expect(config.layers.map(({ revision }) => revision)).toEqual([2, 2, 2, undefined]);
    expect(calls).toEqual(["layers own", "layers all"]);
  });

  test("that moves to another reseller between its two looks has the layers of the second", async () => {
    const services = await openTree();
    await services.tree(["other*", "root"]);
    for (const account of ["reseller", "other"])
      written(await services.set(account, "open", { reseller: account }));
    let parentId = "other";
    const { other } = between(services, async () => {
      await services.accounts.update(OPEN_PRINCIPAL, { id: "leaf", parentId });
      parentId = "reseller";
    });
    const { config } = await other.read("leaf", "open");
    expect(config.values).toEqual({ reseller: "other" });
    expect(config.layers[1]).toMatchObject({ kind: "RESELLER", accountId: "other" });
  });

  test("of an account that is deleted between its two looks finds none", async () => {
    const services = await openTree();
    written(await services.set(undefined, "open", { s: 1 }));
    const { other } = between(services, () =>
      services.accounts.delete(OPEN_PRINCIPAL, "leaf").catch(() => {}),
    );
    await expect(other.read("leaf", "open")).rejects.toMatchObject({ code: "ACCOUNT_NOT_FOUND" });
  });

  test("asks for versions alone where nothing has changed, and for documents once where something has", async () => {
    const services = await openTree();
    written(await services.set("leaf", "open", { v: 1 }));
    written(await services.set(undefined, "open", { s: 1 }));
    const { other, calls } = between(services, async () => {});
    // What others inherit is cached at once, everything else on its second use.
    for (const expected of [["layers own", "layers all"], ["layers own"]]) {
      await other.read("leaf", "open");
      expect(calls.splice(0)).toEqual(expected);
    }
    await services.tree(["sibling", "reseller"]);
    written(await services.set("sibling", "open", { v: 3 }));
    expect((await other.read("sibling", "open")).config.values).toEqual({ v: 3, s: 1 });
    expect(calls.splice(0)).toEqual(["layers own"]);
    for (let n = 0; n < 3; n++)
      expect((await other.read("leaf", "open")).config.values).toEqual({ v: 1, s: 1 });
    expect(calls.splice(0)).toEqual(["versions", "versions", "versions"]);
    written(await services.set("leaf", "open", { v: 2 }));
    expect((await other.read("leaf", "open")).config.values).toEqual({ v: 2, s: 1 });
    expect(calls.splice(0)).toEqual(["versions", "layers all"]);
    written(await services.reset("leaf", "open"));
    written(await services.set("reseller", "open", { r: 1 }));
    expect((await other.read("leaf", "open")).config.values).toEqual({ r: 1, s: 1 });
    expect(calls.splice(0)).toEqual(["versions", "layers all"]);
  });

  test("reads no document where the account has none and what it inherits is cached", async () => {
    const services = await openTree();
    written(await services.set(undefined, "open", { s: 1 }));
    const { other, calls } = between(services, async () => {});
    for (let n = 0; n < 3; n++) await other.read("leaf", "open");
    await services.tree(["sibling", "reseller"]);
    calls.length = 0;
    expect((await other.read("sibling", "open")).config.values).toEqual({ s: 1 });
    expect(calls).toEqual(["layers own"]);
  });

  test.each([
    ["leaf", { v: 2, s: 1 }],
    ["reseller", { v: 1, s: 1, r: 1 }],
    [undefined, { v: 1, s: 2 }],
  ] as const)("sees every change of the layer of %s at once, whatever is cached", async (account, values) => {
    const services = await openTree();
    written(await services.set("leaf", "open", { v: 1 }));
    written(await services.set(undefined, "open", { s: 1 }));
    const { other } = between(services, async () => {});
    await other.read("leaf", "open");
    const patch = { leaf: { v: 2 }, reseller: { r: 1 }, system: { s: 2 } }[account ?? "system"] as JsonObject;
    written(await services.patch(account, "open", patch));
    expect((await other.read("leaf", "open")).config.values).toEqual(values);
  });

  test("finds an account from the moment that it is there", async () => {
    const services = await openTree();
    const lineages = new LineageCache(2 ** 20);
    const reader = () => createRequestReader(services.store, OPEN_PRINCIPAL, lineages);
    const target = { accountId: "late", configId: "open" };
    expect(await reader().layerVersions(target)).toBeUndefined();
    await services.tree(["late", "leaf"]);
    expect((await reader().layerVersions(target))?.keys).toHaveLength(3);
  });

  test("does not take a cached lineage for one that holds", async () => {
    const services = await openTree();
    const lineages = new LineageCache(2 ** 20);
    const [lineage] = (await services.store.lineages(["leaf"])).lineages;
    const [leaf, reseller] = lineage ?? [];
    if (leaf === undefined || reseller === undefined) throw new Error("no tree");
    const version = { ...reseller.version, nonce: "before" };
    const older = { ...reseller, version, name: "An older name", isReseller: false };
    // The first use is not cached.
    lineages.offer([...(lineage ?? []), ...(lineage ?? []), older]);
    expect(lineages.get("reseller")?.[0]).toBe(older);
    const reader = createRequestReader(services.store, OPEN_PRINCIPAL, lineages);
    const layers = await reader.layerVersions(LEAF);
    expect(layers?.ancestry?.lineage).toEqual(lineage);
    expect(layers?.keys.map(({ accountId }) => accountId)).toEqual(["leaf", "reseller", undefined]);
    expect(lineages.get("reseller")?.[0]).toEqual(reseller);
  });

  test("that looked a second time stays with what it saw then", async () => {
    const services = await openTree();
    const reader = createRequestReader(services.store, OPEN_PRINCIPAL);
    await reader.layerVersions(LEAF);
    written(await services.set("leaf", "open", { v: 1 }));
    const whole = await reader.wholeLayers(LEAF);
    expect(whole?.documents[0]?.override).toEqual({ v: 1 });
    expect(await reader.layerVersions(LEAF)).toBe(whole);
  });

  test("forgets what it has read when it is told to", async () => {
    const services = await openTree();
    const reader = createRequestReader(services.store, OPEN_PRINCIPAL);
    const before = await reader.layerVersions(LEAF);
    written(await services.set("leaf", "open", { v: 1 }));
    expect(await reader.layerVersions(LEAF)).toBe(before);
    reader.clear();
    expect((await reader.layerVersions(LEAF))?.versions[0]?.revision).toBe(1);
  });
});

describe("the trace of a request", () => {
  const vectorAfter = async (
    services: Services,
    work: (reader: RequestReader, watched: Store) => Promise<unknown>,
  ) => {
    const strayReads = new StrayReads();
    const lineages = new LineageCache(2 ** 20);
    const reader = createRequestReader(services.store, OPEN_PRINCIPAL, lineages, strayReads);
    await work(reader, strayReads.watch(services.store));
    return reader.trace.vector;
  };

  test("has the version of everything that was read, and tells whether it still holds", async () => {
    const services = await openTree();
    written(await services.set("leaf", "open", { v: 1 }));
    const vector = await vectorAfter(services, async (reader) => {
      await reader.layerVersions(LEAF);
      await reader.wholeLayers(LEAF);
      await reader.ancestry("leaf");
    });
    if (vector === undefined) throw new Error("no vector");
    expect(vector.of).toEqual({
      accounts: ["leaf", "reseller", "root"],
      documents: ["leaf", "reseller", undefined].map((accountId) => ({ accountId, configId: "open" })),
    });
    const check = new VersionCheck(services.store);
    const sequence = await check.holdsAt(vector, undefined);
    expect(sequence).toBeGreaterThan(0);
    expect(await check.holdsAt(vector, sequence)).toBe(sequence);
    written(await services.set("reseller", "open", { v: 1 }));
    expect(await check.holdsAt(vector, sequence)).toBeUndefined();
  });

  test.each<[string, (reader: RequestReader, services: Services, watched: Store) => Promise<unknown>]>([
    ["an absent account", (reader) => reader.ancestry("nobody")],
    ["a config of an absent account", (reader) => reader.layerVersions({ ...LEAF, accountId: "nobody" })],
    ["a list of accounts", (reader) => reader.descendants({ accountId: "root", limit: 1 })],
    ["the id of the root", (reader) => reader.rootId()],
    ["something before a write of the same request", async (reader) => reader.clear()],
    [
      "a document that changed in between",
      async (reader, services) => {
        written(await services.set("leaf", "open", { v: 1 }));
        await reader.wholeLayers(LEAF);
      },
    ],
    ["layers past the reader", (_, __, watched) => watched.layers([LEAF], "all")],
    ["lineages past the reader", (_, __, watched) => watched.lineages(["leaf"])],
    ["versions past the reader", (_, __, watched) => watched.versions({ accounts: [], documents: [LEAF] })],
    ["the root's id past the reader", (_, __, watched) => watched.rootId()],
    ["the feed past the reader", (_, __, watched) => watched.changes(0, 1)],
    ["accounts past the reader", (_, __, watched) => watched.descendants({ accountId: "root", limit: 1 })],
    ["the position past the reader", async (_, __, watched) => watched.isStillAt(1)],
  ])("has no versions where the answer is also made of %s", async (_, read) => {
    const services = await openTree();
    const vector = await vectorAfter(services, async (reader, watched) => {
      await reader.layerVersions(LEAF);
      expect(reader.trace.vector).toBeDefined();
      await read(reader, services, watched);
    });
    expect(vector).toBeUndefined();
  });

  test("is not touched by stray reads of the time before it", async () => {
    const services = await openTree();
    const strayReads = new StrayReads();
    await strayReads.watch(services.store).rootId();
    const lineages = new LineageCache(2 ** 20);
    const reader = createRequestReader(services.store, OPEN_PRINCIPAL, lineages, strayReads);
    await reader.layerVersions(LEAF);
    expect(reader.trace.vector).toBeDefined();
  });
});
