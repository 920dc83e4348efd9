import { describe, expect, test } from "vitest";
import { OPEN_PRINCIPAL } from "../../src/auth/principal.js";
import type { JsonObject } from "../../src/domain/json.js";
import { LayerMemory } from "../../src/service/layer-memory.js";
import { createRequestReader } from "../../src/service/layer-reader.js";
import { alteredStore } from "../store/altered-store.js";
import { schemaFolder } from "../temporary-folder.js";
import { OPEN_SCHEMAS, openServices, Services, written } from "./services.js";

const TREE = [["root"], ["reseller*", "root"], ["leaf", "reseller"]] as const;

async function openTree(): Promise<Services> {
  const services = await openServices(schemaFolder(OPEN_SCHEMAS));
  await services.tree(...TREE);
  return services;
}

/** The same data through another process's eyes, with something happening between its two looks. */
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
      async revisions(of) {
        calls.push("revisions");
        const found = await store.revisions(of);
        await happen();
        return found;
      },
      getMany(keys) {
        calls.push("getMany");
        return store.getMany(keys);
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
    expect(calls).toEqual(["layers own", "getMany", "layers all"]);
  });

  test("of what has not changed asks for versions alone", async () => {
    const services = await openTree();
    written(await services.set("leaf", "open", { v: 1 }));
    written(await services.set(undefined, "open", { s: 1 }));
    const { other, calls } = between(services, async () => {});
    // What others inherit from is remembered at once, the rest when it comes again.
    for (const expected of [["layers own", "getMany"], ["layers own"]]) {
      await other.read("leaf", "open");
      expect(calls.splice(0)).toEqual(expected);
    }
    await services.tree(["sibling", "reseller"]);
    written(await services.set("sibling", "open", { v: 3 }));
    expect((await other.read("sibling", "open")).config.values).toEqual({ v: 3, s: 1 });
    expect(calls.splice(0)).toEqual(["layers own"]);
    for (let n = 0; n < 3; n++)
      expect((await other.read("leaf", "open")).config.values).toEqual({ v: 1, s: 1 });
    expect(calls.splice(0)).toEqual(["revisions", "revisions", "revisions"]);
    written(await services.set("leaf", "open", { v: 2 }));
    expect((await other.read("leaf", "open")).config.values).toEqual({ v: 2, s: 1 });
    expect(calls).toEqual(["revisions", "getMany"]);
  });

  test.each([
    ["leaf", { v: 2, s: 1 }],
    ["reseller", { v: 1, s: 1, r: 1 }],
    [undefined, { v: 1, s: 2 }],
  ] as const)(
    "sees every change of the layer of %s at once, whatever is remembered",
    async (account, values) => {
      const services = await openTree();
      written(await services.set("leaf", "open", { v: 1 }));
      written(await services.set(undefined, "open", { s: 1 }));
      const { other } = between(services, async () => {});
      await other.read("leaf", "open");
      const patch = { leaf: { v: 2 }, reseller: { r: 1 }, system: { s: 2 } }[
        account ?? "system"
      ] as JsonObject;
      written(await services.patch(account, "open", patch));
      expect((await other.read("leaf", "open")).config.values).toEqual(values);
    },
  );

  test("finds an account from the moment that it is there", async () => {
    const services = await openTree();
    const reader = () => createRequestReader(services.store, OPEN_PRINCIPAL, memory);
    const memory = new LayerMemory(2 ** 20);
    const target = { accountId: "late", configId: "open" };
    expect(await reader().layers(target)).toBeUndefined();
    await services.tree(["late", "leaf"]);
    expect((await reader().layers(target))?.keys).toHaveLength(3);
  });

  test("does not take a remembered lineage for one that holds", async () => {
    const services = await openTree();
    const memory = new LayerMemory(2 ** 20);
    const target = { accountId: "leaf", configId: "open" };
    const [lineage] = (await services.store.lineages(["leaf"])).lineages;
    const [leaf, reseller] = lineage ?? [];
    if (leaf === undefined || reseller === undefined) throw new Error("no tree");
    const version = { ...reseller.version, nonce: "before" };
    const older = { ...reseller, version, name: "An older name", isReseller: false };
    // Once is not enough to be remembered.
    for (const account of [...(lineage ?? []), ...(lineage ?? []), older]) memory.keepAccount(account);
    expect(memory.account("reseller")).toBe(older);
    const layers = await createRequestReader(services.store, OPEN_PRINCIPAL, memory).layers(target);
    expect(layers?.ancestry?.lineage).toEqual(lineage);
    expect(layers?.keys.map(({ accountId }) => accountId)).toEqual(["leaf", "reseller", undefined]);
  });

  test("that had to look again stays with what it saw then", async () => {
    const services = await openTree();
    const reader = createRequestReader(services.store, OPEN_PRINCIPAL);
    const target = { accountId: "leaf", configId: "open" };
    await reader.layers(target);
    written(await services.set("leaf", "open", { v: 1 }));
    const loaded = await reader.loaded(target);
    expect(loaded?.documents[0]?.override).toEqual({ v: 1 });
    expect(await reader.layers(target)).toBe(loaded);
  });

  test("forgets what it has read when it is told to", async () => {
    const services = await openTree();
    const reader = createRequestReader(services.store, OPEN_PRINCIPAL);
    const target = { accountId: "leaf", configId: "open" };
    const before = await reader.layers(target);
    written(await services.set("leaf", "open", { v: 1 }));
    expect(await reader.layers(target)).toBe(before);
    reader.clear();
    expect((await reader.layers(target))?.versions[0]?.revision).toBe(1);
  });
});

describe("what is remembered", () => {
  test("stays within its bytes", async () => {
    const memory = new LayerMemory(2 ** 20);
    const version = { revision: 1, sequence: 1, nonce: "n" };
    const text = "x".repeat(1_000);
    for (let n = 0; n < 2_000; n++) {
      const document = { version, override: { text }, updatedAt: "", updatedBy: "" };
      // Once is not enough: most of what is read once is not read again.
      for (let times = 0; times < 2; times++)
        memory.keepDocument({ accountId: `a${n}`, configId: "x" }, document, false);
    }
    const kept = Array.from({ length: 2_000 }, (_, n) =>
      memory.document({ accountId: `a${n}`, configId: "x" }, version),
    ).filter((document) => document !== undefined);
    expect(kept.length).toBeGreaterThan(5);
    expect(kept.length).toBeLessThan(1_049);
  });
});
