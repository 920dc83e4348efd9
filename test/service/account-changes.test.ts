import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { OPEN_PRINCIPAL, type Principal, SCOPES } from "../../src/auth/principal.js";
import type { JsonObject } from "../../src/domain/json/json.js";
import { createRequestReader } from "../../src/service/read/request-reader.js";
import type { Commit, DocumentKey, Store } from "../../src/store/store.js";
import { cases, SEED } from "../cases.js";
import { alteredStore } from "../store/altered-store.js";
import { accountCommit, versionOf } from "../store/store-contract.js";
import { openTestStore } from "../store/test-store.js";
import { schemaFolder } from "../temporary-folder.js";
import { OPEN_SCHEMAS, openServices, Services, written } from "./services.js";

const CONFIG = "open";
/** The second in which the clock of these services stands. */
const NOW = Date.UTC(2026, 0, 1) / 1_000;
const SHOP = { name: "Another", parentId: "west", isReseller: false };
const LATER = Math.floor(Date.UTC(2026, 0, 1) / 1_000) + 3_600;

function principal(accountId: string, issuedAt = LATER): Principal {
  return { subject: accountId, accountId, isSuperadmin: false, scopes: new Set(SCOPES), issuedAt };
}

/** Two resellers with an account each, and one below that. */
async function openTree(): Promise<Services> {
  const services = await openServices(schemaFolder(OPEN_SCHEMAS));
  await services.tree(
    ["root"],
    ["east*", "root"],
    ["west*", "root"],
    ["acme", "east"],
    ["shop", "acme"],
    ["other", "west"],
  );
  for (const id of [undefined, "root", "east", "west"])
    await services.set(id, CONFIG, { from: id ?? "system", [id ?? "system"]: 1 });
  return services;
}

const lineageOf = async ({ accounts, store }: Services, id: string, as: Principal = OPEN_PRINCIPAL) =>
  (await accounts.find(as, id, createRequestReader(store, as)))?.lineage.map((account) => account.id);
const sequenceOf = async ({ store }: Services) =>
  (await store.versions({ accounts: [], documents: [] })).sequence;
const valuesOf = async (services: Services, id: string) => (await services.read(id, CONFIG)).config.values;

describe("updating an account", () => {
  test("changes what is named and leaves the rest", async () => {
    const services = await openTree();
    const { lineage } = await services.accounts.update(OPEN_PRINCIPAL, { id: "acme", name: "Acme Ltd." });
    expect(lineage[0]).toMatchObject({ id: "acme", name: "Acme Ltd.", parentId: "east", isReseller: false });
    const again = await services.accounts.update(OPEN_PRINCIPAL, { id: "acme", isReseller: true });
    expect(again.lineage[0]).toMatchObject({ name: "Acme Ltd.", isReseller: true, version: { revision: 3 } });
    expect(again.lineage[0].createdAt).toBe(lineage[0].createdAt);
  });

  test("to what it is already writes nothing", async () => {
    const services = await openTree();
    const before = await sequenceOf(services);
    const same = { id: "acme", name: "acme", parentId: "east", isReseller: false };
    expect((await services.accounts.update(OPEN_PRINCIPAL, same)).lineage[0].version.revision).toBe(1);
    await services.accounts.update(OPEN_PRINCIPAL, { id: "acme" });
    expect(await sequenceOf(services)).toBe(before);
  });

  test("moves all that is below it, and what is inherited there follows at once, etags too", async () => {
    const services = await openTree();
    const before = await services.read("shop", CONFIG);
    expect(before.config.values).toEqual({ from: "east", east: 1, system: 1 });
    const moved = await services.accounts.update(OPEN_PRINCIPAL, { id: "acme", parentId: "other" });
    expect(moved.lineage.map(({ id }) => id)).toEqual(["acme", "other", "west", "root"]);
    expect(await lineageOf(services, "shop")).toEqual(["shop", "acme", "other", "west", "root"]);
    const after = await services.read("shop", CONFIG);
    expect(after.config.values).toEqual({ from: "west", west: 1, system: 1 });
    expect(after.etag).not.toBe(before.etag);
    await services.accounts.update(OPEN_PRINCIPAL, { id: "acme", parentId: "east" });
    expect((await services.read("shop", CONFIG)).etag).toBe(before.etag);
  });

  test("to a reseller or none changes what is inherited below it, not what it has itself", async () => {
    const services = await openTree();
    await services.set("acme", CONFIG, { acme: 1 });
    const own = await services.read("acme", CONFIG);
    const seen: JsonObject[] = [await valuesOf(services, "shop")];
    for (const isReseller of [true, false]) {
      await services.accounts.update(OPEN_PRINCIPAL, { id: "acme", isReseller });
      seen.push(await valuesOf(services, "shop"));
    }
    expect(seen[1]).toEqual({ from: "system", acme: 1, system: 1 });
    expect(seen[2]).toEqual(seen[0]);
    expect((await services.read("acme", CONFIG)).etag).toBe(own.etag);
  });

  test.each(["acme", "shop"])("below %s, itself or below itself, is ACCOUNT_CYCLE", async (parentId) => {
    const { accounts } = await openTree();
    const attempt = accounts.update(OPEN_PRINCIPAL, { id: "acme", parentId });
    await expect(attempt).rejects.toMatchObject({ code: "ACCOUNT_CYCLE", pointer: "/parentId" });
    const root = accounts.update(OPEN_PRINCIPAL, { id: "root", parentId });
    await expect(root).rejects.toMatchObject({ code: "ACCOUNT_CYCLE" });
  });

  test("is refused where the subtree would reach below the 32nd level", async () => {
    const services = await openTree();
    let last = "other";
    for (let level = 4; level <= 30; level++) {
      await services.tree([`deep${level}`, last]);
      last = `deep${level}`;
    }
    const move = (parentId: string) => services.accounts.update(OPEN_PRINCIPAL, { id: "acme", parentId });
    expect((await move("deep30")).lineage).toHaveLength(31);
    await move("east");
    await services.tree(["below", "shop"]);
    await expect(move("deep30")).rejects.toMatchObject({ code: "BAD_USER_INPUT", limit: "accountDepth" });
    expect(await lineageOf(services, "below")).toEqual(["below", "shop", "acme", "east", "root"]);
  });

  test.each([
    [{ id: "acme", name: " " }, "BAD_USER_INPUT", "/name"],
    [{ id: "..", name: "x" }, "BAD_USER_INPUT", "/id"],
    [{ id: "acme", parentId: "a/b" }, "BAD_USER_INPUT", "/parentId"],
    [{ id: "nobody", name: "x" }, "ACCOUNT_NOT_FOUND", "/id"],
    [{ id: "acme", parentId: "nobody" }, "ACCOUNT_NOT_FOUND", "/parentId"],
  ])("%j is %s", async (given, code, pointer) => {
    const services = await openTree();
    const before = await sequenceOf(services);
    const attempt = services.accounts.update(OPEN_PRINCIPAL, given);
    await expect(attempt).rejects.toMatchObject({ code, pointer });
    expect(await sequenceOf(services)).toBe(before);
  });

  test("needs the right to write where the account is and where it goes; a guess at a hidden parent is worth nothing", async () => {
    const { accounts } = await openTree();
    const update = (caller: string, id: string, parentId: string) =>
      accounts.update(principal(caller), { id, parentId });
    const absent = { code: "ACCOUNT_NOT_FOUND" };
    await expect(update("east", "shop", "west")).rejects.toMatchObject({ ...absent, pointer: "/parentId" });
    await expect(update("east", "shop", "nobody")).rejects.toMatchObject({ ...absent, pointer: "/parentId" });
    await expect(update("east", "other", "east")).rejects.toMatchObject({ ...absent, pointer: "/id" });
    await expect(update("east", "nobody", "east")).rejects.toMatchObject({ ...absent, pointer: "/id" });
    await expect(update("acme", "shop", "root")).rejects.toMatchObject(absent);
    expect((await update("east", "shop", "east")).lineage[0].parentId).toBe("east");
  });
});

describe("deleting an account", () => {
  test("takes its documents along, and the id begins anew", async () => {
    const services = await openTree();
    await services.set("shop", CONFIG, { secret: 1 });
    await services.accounts.delete(OPEN_PRINCIPAL, "shop");
    expect(await lineageOf(services, "shop")).toBeUndefined();
    await expect(services.read("shop", CONFIG)).rejects.toMatchObject({ code: "ACCOUNT_NOT_FOUND" });
    await services.tree(["shop", "other"]);
    const { config } = await services.read("shop", CONFIG);
    expect(config.values).toEqual({ from: "west", west: 1, system: 1 });
    expect(config.layers[0]).toEqual({ kind: "ACCOUNT", accountId: "shop", document: undefined });
    expect(written(await services.set("shop", CONFIG, { new: 1 })).revision).toBe(1);
  });

  test("is refused while it has others below it, and leaves everything", async () => {
    const services = await openTree();
    await services.set("acme", CONFIG, { acme: 1 });
    const before = await sequenceOf(services);
    for (const id of ["acme", "root"])
      await expect(services.accounts.delete(OPEN_PRINCIPAL, id)).rejects.toMatchObject({
        code: "ACCOUNT_HAS_CHILDREN",
      });
    expect(await sequenceOf(services)).toBe(before);
    await services.accounts.delete(OPEN_PRINCIPAL, "shop");
    await services.accounts.delete(OPEN_PRINCIPAL, "acme");
    expect(await services.stored("acme", CONFIG)).toBeUndefined();
    for (const id of ["acme", "nobody"])
      await expect(services.accounts.delete(OPEN_PRINCIPAL, id)).rejects.toMatchObject({
        code: "ACCOUNT_NOT_FOUND",
      });
  });

  test("ends the tokens of it, also those of an issuer whose clock is ahead, and not those of the account that gets its id", async () => {
    const services = await openTree();
    for (const issuedAt of [NOW, NOW + 5])
      expect(await lineageOf(services, "shop", principal("shop", issuedAt))).toBeDefined();
    await services.accounts.delete(OPEN_PRINCIPAL, "shop");
    await services.accounts.create(OPEN_PRINCIPAL, { ...SHOP, id: "shop" });
    for (const issuedAt of [NOW, NOW + 5, NOW + 6])
      expect(await lineageOf(services, "shop", principal("shop", issuedAt)), `${issuedAt}`).toBeUndefined();
    expect(await lineageOf(services, "shop", principal("shop", NOW + 7))).toBeDefined();
  });

  test("lets a token of the second in which an account is made open it, where the id is new", async () => {
    const services = await openTree();
    await services.accounts.delete(OPEN_PRINCIPAL, "shop");
    for (const id of ["fresh", undefined]) {
      const { lineage } = await services.accounts.create(OPEN_PRINCIPAL, { ...SHOP, id });
      const made = lineage[0].id;
      expect(await lineageOf(services, made, principal(made, NOW))).toBeDefined();
      expect(await lineageOf(services, made, principal(made, NOW - 1))).toBeUndefined();
    }
  });

  test(`never lets a token of the deleted account open the next one, whatever the clocks do (LAW_SEED=${SEED})`, async () => {
    const services = await openTree();
    // By how much the clock goes on or jumps between the steps, in milliseconds; the issuer's is ahead by some seconds.
    const step = fc.oneof(
      fc.integer({ min: -15_000, max: 15_000 }),
      fc.integer({ min: -7_200_000, max: 7_200_000 }),
    );
    let round = 0;
    const law = fc.asyncProperty(step, step, fc.integer({ min: 0, max: 5 }), async (gap, jump, ahead) => {
      const id = `account${round++}`;
      const commitAt = async (kind: "CREATE" | "DELETE", clock: number) => {
        const { write, ...commit } = accountCommit(id, "root");
        const at = new Date(clock).toISOString();
        versionOf(
          await services.store.commit({ ...commit, at, write: { ...write, kind } as Commit["write"] }),
        );
      };
      const deletedAt = Date.parse("2031-01-01T00:00:00Z") + gap;
      await commitAt("CREATE", deletedAt - 1_000);
      const last = Math.floor(deletedAt / 1_000) + ahead;
      await commitAt("DELETE", deletedAt);
      await commitAt("CREATE", deletedAt + jump);
      expect(await lineageOf(services, id, principal(id, last))).toBeUndefined();
    });
    await fc.assert(law, { seed: SEED, numRuns: cases(10) });
  });

  test("lets a token open a new account at once, although the store's time is ahead of the clock", async () => {
    const services = await openTree();
    versionOf(
      await services.store.commit({ ...accountCommit("ahead", "root"), at: "2040-01-01T00:00:00.000Z" }),
    );
    await services.accounts.create(OPEN_PRINCIPAL, { ...SHOP, id: "fresh" });
    const [own] = (await services.store.lineages(["fresh"])).lineages[0] ?? [];
    expect(own?.createdAt).toBe("2040-01-01T00:00:00.000Z");
    expect(await lineageOf(services, "fresh", principal("fresh", NOW))).toBeDefined();
    expect(await lineageOf(services, "fresh", principal("fresh", NOW - 1))).toBeUndefined();
  });

  test("frees the place of the root once it is alone", async () => {
    const services = await openServices(schemaFolder(OPEN_SCHEMAS));
    await services.tree(["root"]);
    await services.accounts.delete(OPEN_PRINCIPAL, "root");
    await services.tree(["other"]);
    expect(await services.store.rootId()).toBe("other");
  });
});

describe("what is decided while accounts change", () => {
  /** Something happens between the reads of a write and its commit, once. */
  async function racing(happen: (services: Services) => Promise<unknown>): Promise<Services> {
    const store = await openTestStore();
    let ready = false;
    const aside: { services?: Services } = {};
    const raced: Store = alteredStore(store, {
      commit: async (commit) => {
        if (ready) {
          ready = false;
          if (aside.services) await happen(aside.services);
        }
        return store.commit(commit);
      },
    });
    const services = new Services(raced, schemaFolder(OPEN_SCHEMAS));
    aside.services = new Services(store, schemaFolder(OPEN_SCHEMAS));
    await services.tree(["root"], ["east*", "root"], ["west*", "root"], ["acme", "east"], ["shop", "acme"]);
    for (const id of ["east", "west"]) await services.set(id, CONFIG, { from: id });
    ready = true;
    return services;
  }
  const shop: DocumentKey = { accountId: "shop", configId: CONFIG };

  test("is decided anew on the layers that an account has after its move", async () => {
    const services = await racing(({ accounts }) =>
      accounts.update(OPEN_PRINCIPAL, { id: "acme", parentId: "west" }),
    );
    // Equal to what east has, and therefore nothing to store, until the move.
    const result = written(await services.set("shop", CONFIG, { from: "east", x: 1 }));
    expect(result.document).toEqual({ from: "east", x: 1 });
    expect(await services.stored("shop", CONFIG)).toEqual({ from: "east", x: 1 });
  });

  test("is refused when the account has moved out of reach, and nothing is written", async () => {
    const services = await racing(({ accounts }) =>
      accounts.update(OPEN_PRINCIPAL, { id: "acme", parentId: "west" }),
    );
    const intent = { kind: "PATCH", patch: { x: 1 } } as const;
    await expect(services.configs.write(principal("east"), { target: shop, intent })).rejects.toMatchObject({
      code: "ACCOUNT_NOT_FOUND",
    });
    expect(await services.stored("shop", CONFIG)).toBeUndefined();
  });

  test("is refused when the account is deleted, and the one that comes after it starts empty", async () => {
    const services = await racing(async (others) => {
      await others.accounts.delete(OPEN_PRINCIPAL, "shop");
      await others.tree(["shop", "acme"]);
    });
    const intent = { kind: "PATCH", patch: { x: 1 } } as const;
    await expect(
      services.configs.write(principal("shop", LATER - 3_600), { target: shop, intent }),
    ).rejects.toMatchObject({ code: "ACCOUNT_NOT_FOUND" });
    expect(await services.stored("shop", CONFIG)).toBeUndefined();
  });

  test("a child that is created under an account keeps that from being deleted", async () => {
    const services = await racing((others) => others.tree(["new", "shop"]));
    await expect(services.accounts.delete(OPEN_PRINCIPAL, "shop")).rejects.toMatchObject({
      code: "ACCOUNT_HAS_CHILDREN",
    });
  });

  test("a deletion takes the account that it was meant for, not one that got its id meanwhile", async () => {
    const services = await racing(async (others) => {
      await others.accounts.delete(OPEN_PRINCIPAL, "shop");
      await others.tree(["shop", "west"]);
    });
    const owner = principal("acme");
    await expect(services.accounts.delete(owner, "shop")).rejects.toMatchObject({
      code: "ACCOUNT_NOT_FOUND",
    });
    expect(await lineageOf(services, "shop")).toEqual(["shop", "west", "root"]);
  });

  test("no two moves make a circle", async () => {
    const services = await racing(({ accounts }) =>
      accounts.update(OPEN_PRINCIPAL, { id: "west", parentId: "shop" }),
    );
    await expect(
      services.accounts.update(OPEN_PRINCIPAL, { id: "acme", parentId: "west" }),
    ).rejects.toMatchObject({ code: "ACCOUNT_CYCLE" });
    expect(await lineageOf(services, "west")).toEqual(["west", "shop", "acme", "east", "root"]);
  });
});
