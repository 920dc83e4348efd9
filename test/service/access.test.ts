import { describe, expect, test } from "vitest";
import { NOBODY, OPEN_PRINCIPAL, type Principal, SCOPES } from "../../src/auth/principal.js";
import type { StrataError } from "../../src/domain/errors.js";
import { LineageCache } from "../../src/service/read/lineage-cache.js";
import { createRequestReader } from "../../src/service/read/request-reader.js";
import type { WriteIntent } from "../../src/service/write/write-decision.js";
import { observeStore } from "../../src/store/observed-store.js";
import { cases, SEED } from "../cases.js";
import { sampled } from "../sampled.js";
import { openTestStore } from "../store/test-store.js";
import { schemaFolder } from "../temporary-folder.js";
import { openServices, Services } from "./services.js";

/** Half of the settings are the system's own. */
const SCHEMAS = {
  "account_config.mail": { type: "object", properties: { host: {}, port: {} } },
  "system_config.mail": {
    type: "object",
    properties: { host: { default: "localhost" }, port: {}, password: { default: "s3cret" } },
  },
  "system_config.inner": { type: "object", properties: { x: {} } },
};
const ACCOUNTS = 50;
const CONFIGS = ["mail", "inner", "nothing"];

/** A tree of 50: each account hangs under one before it; every fourth is a reseller. */
const parentOf = (index: number): number | undefined =>
  index <= 0 ? undefined : Math.floor((index - 1) / 2);
const idOf = (index: number): string => (index === 0 ? "root" : `a${index}`);

async function openTree(): Promise<Services> {
  const services = await openServices(schemaFolder(SCHEMAS));
  const tree = Array.from({ length: ACCOUNTS }, (_, index): [string, string?] => {
    const parent = parentOf(index);
    const id = index % 4 === 1 ? `${idOf(index)}*` : idOf(index);
    return parent === undefined ? [id] : [id, idOf(parent)];
  });
  await services.tree(...tree);
  await services.set(undefined, "mail", { host: "all", password: "s3cret-2" });
  await services.set("a1", "mail", { host: "a1" });
  await services.set("a3", "mail", { port: 3 });
  return services;
}

const LATER = Math.floor(Date.now() / 1_000) + 3_600;

function principal(given: Partial<Principal>): Principal {
  return {
    subject: "ada",
    accountId: undefined,
    isSuperadmin: false,
    scopes: new Set(SCOPES),
    issuedAt: LATER,
    ...given,
  };
}

function isAtOrBelow(index: number | undefined, top: string | undefined): boolean {
  if (index === undefined) return false;
  return idOf(index) === top || isAtOrBelow(parentOf(index), top);
}

const INTENTS: readonly WriteIntent[] = [
  { kind: "SET", values: { host: "x" } },
  { kind: "PATCH", patch: { host: "x" } },
  { kind: "RESET", pointers: undefined },
];

/** What came of a call: what it answered with, or the whole of its error. */
async function outcomeOf(call: () => Promise<unknown>): Promise<string> {
  try {
    await call();
    return "allowed";
  } catch (error) {
    const { code, message } = error as StrataError;
    return `${code}: ${message}`;
  }
}

const ABSENT = "ACCOUNT_NOT_FOUND: There is no such account, or you may not see it.";
const FORBIDDEN = "FORBIDDEN: The token does not allow this.";
const UNAUTHENTICATED = "UNAUTHENTICATED: There is no valid token with this request.";

describe("R15: who may do what", () => {
  test("every kind of caller, every operation, every account of a tree of 50", async () => {
    const services = await openTree();
    const lineages = new LineageCache(2 ** 22);
    const homes = [undefined, ...Array.from({ length: ACCOUNTS }, (_, index) => idOf(index)), "gone"];
    // One at home in nearly half of the accounts; of each less common kind, one in some of them.
    const callers: Principal[] = [
      NOBODY,
      ...sampled(homes, cases(20)).map((accountId) => principal({ accountId })),
      ...sampled(homes, cases(6)).flatMap((accountId) => [
        principal({ accountId, scopes: new Set(["config:read"]) }),
        principal({ accountId, scopes: new Set(["config:write"]) }),
        principal({ accountId, issuedAt: 1 }),
      ]),
      principal({ isSuperadmin: true }),
      principal({ isSuperadmin: true, scopes: new Set(["config:read"]), accountId: "a7" }),
    ];
    const targets = [...Array.from({ length: ACCOUNTS }, (_, index) => index), undefined, -1];
    const met = new Set<string>();
    let decisions = 0;
    for (const caller of callers) {
      const reader = createRequestReader(services.store, caller, lineages);
      const mayWrite = caller.scopes.has("config:write");
      const mayRead = mayWrite || caller.scopes.has("config:read");
      const expected = (isAllowed: boolean, index: number | undefined, config: string): string => {
        if (caller === NOBODY) return UNAUTHENTICATED;
        if (!isAllowed) return FORBIDDEN;
        if (index === undefined && !caller.isSuperadmin) return FORBIDDEN;
        const isFresh = caller.isSuperadmin || (caller.issuedAt ?? 0) >= LATER;
        const isOwn = isFresh && isAtOrBelow(index, caller.accountId);
        if (index !== undefined && (index < 0 || !(caller.isSuperadmin || isOwn))) return ABSENT;
        const isThere = config === "mail" || (config === "inner" && index === undefined);
        return isThere ? "allowed" : "CONFIG_NOT_FOUND";
      };
      // All targets at once: what is absent is told in no hurry.
      const check = async (index: number | undefined): Promise<void> => {
        const accountId = index === undefined ? undefined : index < 0 ? "nobody" : idOf(index);
        for (const configId of CONFIGS) {
          const target = { accountId, configId };
          const read = await outcomeOf(() => services.configs.effective(caller, target, reader));
          const name = `${caller.accountId} reads ${accountId}/${configId}`;
          met.add(expected(mayRead, index, configId));
          expect(read.startsWith(expected(mayRead, index, configId)), `${name}: ${read}`).toBe(true);
          decisions++;
          for (const intent of INTENTS) {
            const dry = { target, intent, dryRun: true };
            const written = await outcomeOf(() => services.configs.write(caller, dry));
            expect(written.startsWith(expected(mayWrite, index, configId)), `${name}: ${written}`).toBe(true);
            decisions++;
          }
        }
        if (accountId === undefined) return;
        const found = await outcomeOf(async () => {
          if ((await services.accounts.find(caller, accountId, reader)) === undefined)
            throw new Error("absent");
        });
        const wanted = expected(mayRead, index, "mail");
        expect(found === "undefined: absent" ? ABSENT : found).toBe(wanted);
        decisions++;
      };
      await Promise.all(targets.map(check));
    }
    console.log(`${decisions} decisions, LAW_SEED=${SEED}`);
    expect(decisions).toBe(callers.length * (targets.length * 12 + targets.length - 1));
    expect([...met].sort()).toEqual(
      [ABSENT, FORBIDDEN, UNAUTHENTICATED, "CONFIG_NOT_FOUND", "allowed"].sort(),
    );
  });

  test("what is foreign takes the very reads that what is absent takes, however much is cached", async () => {
    const calls: string[] = [];
    const store = observeStore(await openTestStore(), ({ operation, size }) =>
      calls.push(`${operation} ${size}`),
    );
    const services = new Services(store, schemaFolder(SCHEMAS));
    await services.tree(["root"], ["shop", "root"], ["leaf", "shop"], ["other", "root"]);
    const lineages = new LineageCache(2 ** 20);
    const caller = principal({ accountId: "other" });
    const ask = async (as: Principal, accountId: string): Promise<string[]> => {
      calls.length = 0;
      const reader = createRequestReader(store, as, lineages);
      await outcomeOf(() => services.configs.effective(as, { accountId, configId: "mail" }, reader));
      await outcomeOf(() => services.accounts.find(as, accountId, reader));
      return calls.splice(0);
    };
    // On its second use a lineage is cached, and takes other reads.
    for (let n = 0; n < 2; n++) await ask(OPEN_PRINCIPAL, "leaf");
    const foreign = await ask(caller, "leaf");
    expect(foreign).toEqual(await ask(caller, "nobody"));
    expect(foreign).not.toEqual(await ask(OPEN_PRINCIPAL, "leaf"));
    const target = { accountId: "leaf", configId: "mail" };
    for (const cache of [lineages, new LineageCache(2 ** 20)])
      expect(await createRequestReader(store, caller, cache).layerVersions(target)).toBeUndefined();
    await store.close();
  });
});

describe("R15: what is seen of the layers above", () => {
  test("the values, not who wrote them or when, and nothing that the system keeps to itself", async () => {
    const services = await openTree();
    const read = (caller: Principal) =>
      services.configs.effective(
        caller,
        { accountId: "a3", configId: "mail" },
        createRequestReader(services.store, caller),
      );
    const [own, all] = [await read(principal({ accountId: "a3" })), await read(OPEN_PRINCIPAL)];
    expect(own.config.values).toEqual({ host: "a1", port: 3 });
    expect(own.config.layers).toMatchObject([
      { kind: "ACCOUNT", revision: 1, updatedBy: "anonymous" },
      { kind: "RESELLER", document: { host: "a1" } },
      { kind: "SYSTEM", document: { host: "all" } },
      { kind: "SCHEMA", document: { host: "localhost" } },
    ]);
    for (const layer of own.config.layers.slice(1)) expect(layer.updatedBy).toBeUndefined();
    for (const layer of all.config.layers.slice(0, 3)) expect(layer).toHaveProperty("updatedBy", "anonymous");
    expect(JSON.stringify(own.config)).not.toContain("s3cret");
    expect(own.etag).toBe(all.etag);
    expect((await read(principal({ accountId: "a1" }))).config.layers[1]).toHaveProperty("revision", 1);
  });

  test("schemas of the system alone are for superadmins", async () => {
    const { configs, store } = await openTree();
    const ids = (caller: Principal) => configs.schemas(caller).map(({ id }) => id);
    expect(ids(OPEN_PRINCIPAL)).toEqual(["inner", "mail"]);
    const caller = principal({ accountId: "a3" });
    expect(ids(caller)).toEqual(["mail"]);
    const reader = createRequestReader(store, caller);
    const read = (configId: string) => configs.effective(caller, { accountId: "a3", configId }, reader);
    for (const ask of [async (id: string) => configs.schema(caller, id), read]) {
      const refusal = async (id: string) => (await outcomeOf(() => ask(id))).replace(id, "");
      expect(await refusal("inner")).toBe(await refusal("nothing"));
    }
  });
});

describe("R15: accounts", () => {
  test("are created below one's own, under ids that are made", async () => {
    const { accounts } = await openTree();
    const caller = principal({ accountId: "a1" });
    const create = (given: { id?: string; parentId?: string }, as = caller) =>
      outcomeOf(() => accounts.create(as, { name: "New", isReseller: false, ...given }));
    expect(await create({ parentId: "a1" })).toBe("allowed");
    expect(await create({ parentId: "a3" })).toBe("allowed");
    expect(await create({ parentId: "root" })).toBe(ABSENT);
    expect(await create({ parentId: "nobody" })).toBe(ABSENT);
    expect(await create({})).toBe(FORBIDDEN);
    for (const id of ["a3", "root", "free"])
      expect(await create({ id, parentId: "a1" })).toMatch(/^FORBIDDEN: Only superadmins choose/);
    expect(
      await create({ parentId: "a1" }, principal({ accountId: "a1", scopes: new Set(["config:read"]) })),
    ).toBe(FORBIDDEN);
    expect(await create({ parentId: "a1" }, NOBODY)).toBe(UNAUTHENTICATED);
  });

  test("show their ancestors up to the caller's own", async () => {
    const { accounts, store } = await openTree();
    const find = (caller: Principal) => accounts.find(caller, "a8", createRequestReader(store, caller));
    expect(await find(OPEN_PRINCIPAL)).toMatchObject({ accessible: 4 });
    expect((await find(principal({ accountId: "a2" })))?.accessible).toBe(undefined);
    const lineage = (await find(OPEN_PRINCIPAL))?.lineage.map(({ id }) => id);
    for (const [index, id] of (lineage ?? []).entries())
      expect((await find(principal({ accountId: id })))?.accessible).toBe(index + 1);
  });
});
