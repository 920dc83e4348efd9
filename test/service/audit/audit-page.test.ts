import fc from "fast-check";
import { expect, test } from "vitest";
import { OPEN_PRINCIPAL, type Principal, SCOPES } from "../../../src/auth/principal.js";
import { StrataError } from "../../../src/domain/errors.js";
import { type AuditPage, auditPage, type VisibleEntry } from "../../../src/service/audit/audit-page.js";
import { createRequestReader } from "../../../src/service/read/request-reader.js";
import { observeStore } from "../../../src/store/observed-store.js";
import { cases, SEED } from "../../cases.js";
import { documentCommit } from "../../store/store-contract.js";
import { openTestStore } from "../../store/test-store.js";
import { schemaFolder } from "../../temporary-folder.js";
import { OPEN_SCHEMAS, openServices, Services } from "../services.js";

const LATER = Math.floor(Date.now() / 1_000) + 3_600;
const principal = (accountId: string, subject = `of ${accountId}`): Principal => ({
  subject,
  accountId,
  isSuperadmin: false,
  scopes: new Set(SCOPES),
  issuedAt: LATER,
});
type Filters = { accountId?: string; configId?: string; actor?: string };

const page = (
  { store }: Services,
  as: Principal,
  filters: Filters & { first?: number; after?: string | undefined } = {},
): Promise<AuditPage> => auditPage(as, { first: 50, ...filters }, createRequestReader(store, as));

/** Every page of the log, one after the other. */
async function whole(services: Services, as: Principal, filters: Filters = {}, first = 1_000) {
  const entries: VisibleEntry[] = [];
  for (let after: string | undefined, pages = 0; pages < 1_000; pages++) {
    const found: AuditPage = await page(services, as, { ...filters, first, after });
    expect(found.entries.length).toBeLessThanOrEqual(first);
    expect(found.hasPreviousPage).toBe(pages > 0);
    entries.push(...found.entries);
    if (!found.hasNextPage) return entries;
    expect(found.endCursor).not.toBe(after);
    after = found.endCursor;
  }
  throw new Error("the pages never end");
}

const told = ({ actor, action, account, accountId, accountName, configId, revision }: VisibleEntry) => ({
  actor,
  action,
  account: account?.id,
  accountId,
  accountName,
  configId,
  revision,
});

/** An account of the model: another one that gets its id is another one. */
interface Tenant {
  readonly id: string;
  parent: Tenant | undefined;
  /** Those above it when it was deleted. */
  above: Tenant[] | undefined;
}

interface Done extends Omit<ReturnType<typeof told>, "account"> {
  readonly tenant: Tenant | undefined;
}

const IDS = ["a", "b", "c", "d"];
const step = fc.record({
  kind: fc.constantFrom("create", "write", "write", "system", "rename", "move", "delete", "delete"),
  id: fc.constantFrom(...IDS),
  other: fc.constantFrom("root", ...IDS),
  actor: fc.constantFrom("ada", "bob"),
  value: fc.nat(9),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** The tree as it should be, and every commit that should be in the log. */
class Model {
  readonly alive = new Map<string, Tenant>();
  readonly done: Done[] = [];

  add(id: string, parent: Tenant | undefined): Tenant {
    const tenant: Tenant = { id, parent, above: undefined };
    this.alive.set(id, tenant);
    return tenant;
  }

  remove(tenant: Tenant): void {
    tenant.above = ancestorsOf(tenant);
    this.alive.delete(tenant.id);
  }

  /** As a caller sees it. @param top the account that the caller acts for; undefined: a superadmin */
  seenBy(top: string | undefined): unknown[] {
    const caller = top === undefined ? undefined : this.alive.get(top);
    return this.done.toReversed().flatMap(({ tenant, ...entry }) => {
      const above = tenant && (tenant.above ?? [tenant, ...ancestorsOf(tenant)]);
      if (top !== undefined && (caller === undefined || !above?.includes(caller))) return [];
      return [{ ...entry, account: tenant?.above === undefined ? tenant?.id : undefined }];
    });
  }
}

function ancestorsOf({ parent }: Tenant): Tenant[] {
  return parent === undefined ? [] : [parent, ...ancestorsOf(parent)];
}

async function isDone(write: Promise<unknown>): Promise<boolean> {
  try {
    await write;
    return true;
  } catch (error) {
    if (error instanceof StrataError) return false;
    throw error;
  }
}

class Player {
  readonly model = new Model();
  readonly #names = new Map<Tenant, string>();

  constructor(readonly services: Services) {}

  async start(): Promise<void> {
    await this.#create({ actor: "ada", value: 0 }, "root", undefined);
    for (const id of IDS) await this.#create({ actor: "bob", value: 0 }, id, "root");
  }

  async play({ kind, id, other, ...by }: Step): Promise<void> {
    switch (kind) {
      case "create":
        return this.#create(by, id, other);
      case "write":
        return this.#write(by, other);
      case "system":
        return this.#write(by, undefined);
      case "rename":
        return this.#update(by, id, { name: `${id}${by.value}` });
      case "move":
        return this.#update(by, id, { parentId: other });
      case "delete":
        return this.#delete(by, id);
    }
  }

  async #create({ actor, value }: Pick<Step, "actor" | "value">, id: string, parentId: string | undefined) {
    const name = `${id} ${value}`;
    const given = { id, name, parentId, isReseller: false };
    if (!(await isDone(this.services.accounts.create(superadmin(actor), given)))) return;
    const tenant = this.model.add(id, parentId === undefined ? undefined : this.model.alive.get(parentId));
    this.#names.set(tenant, name);
    this.#note(actor, "CREATE_ACCOUNT", tenant);
  }

  async #write({ actor, value }: Pick<Step, "actor" | "value">, accountId: string | undefined) {
    const tenant = accountId === undefined ? undefined : this.model.alive.get(accountId);
    if (accountId !== undefined && tenant === undefined) return;
    const intent = { kind: value % 2 ? "SET" : "PATCH", [value % 2 ? "values" : "patch"]: { x: value } };
    const target = { accountId, configId: "open" };
    const result = await this.services.configs.write(superadmin(actor), { target, intent: intent as never });
    if (result.result !== "written" || result.revision === undefined) return;
    const document = { configId: "open", revision: result.revision };
    this.#note(actor, intent.kind as "SET", tenant, document);
  }

  async #update({ actor }: Pick<Step, "actor">, id: string, given: { name?: string; parentId?: string }) {
    const tenant = this.model.alive.get(id);
    if (tenant === undefined) return;
    const isSame = given.name === this.#names.get(tenant) || given.parentId === tenant.parent?.id;
    if (!(await isDone(this.services.accounts.update(superadmin(actor), { id, ...given }))) || isSame) return;
    if (given.name !== undefined) this.#names.set(tenant, given.name);
    if (given.parentId !== undefined) tenant.parent = this.model.alive.get(given.parentId);
    this.#note(actor, "UPDATE_ACCOUNT", tenant);
  }

  async #delete({ actor }: Pick<Step, "actor">, id: string) {
    const tenant = this.model.alive.get(id);
    if (tenant === undefined || !(await isDone(this.services.accounts.delete(superadmin(actor), id)))) return;
    this.model.remove(tenant);
    this.#note(actor, "DELETE_ACCOUNT", tenant);
  }

  #note(
    actor: string,
    action: Done["action"],
    tenant: Tenant | undefined,
    { configId, revision }: { configId?: string; revision?: number } = {},
  ): void {
    const accountName = tenant && this.#names.get(tenant);
    this.model.done.push({ actor, action, tenant, accountId: tenant?.id, accountName, configId, revision });
  }
}

const superadmin = (subject: string): Principal => ({ ...OPEN_PRINCIPAL, subject });

test("the log is the list of commits, and each caller sees of it what it may access, or might have", async () => {
  const schemas = schemaFolder(OPEN_SCHEMAS);
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 5, maxLength: 40 }),
      fc.integer({ min: 1, max: 9 }),
      async (steps, first) => {
        const store = await openTestStore();
        const player = new Player(new Services(store, schemas));
        await player.start();
        for (const one of steps) await player.play(one);
        const { services, model } = player;
        const all = await whole(services, OPEN_PRINCIPAL);
        expect(all.map(told)).toEqual(model.seenBy(undefined));
        const { changes } = await store.changes(0, 1_000);
        expect(all.map(({ at }) => at)).toEqual(changes?.toReversed().map(({ at }) => at));
        for (const id of ["root", ...IDS])
          expect((await whole(services, principal(id), {}, first)).map(told)).toEqual(model.seenBy(id));
        const ofAda = all.filter(({ actor, configId }) => actor === "ada" && configId === "open");
        expect(await whole(services, OPEN_PRINCIPAL, { actor: "ada", configId: "open" }, first)).toEqual(
          ofAda,
        );
        for (const id of IDS) {
          const seen = (await whole(services, principal("a"))).filter(({ accountId }) => accountId === id);
          const asked = await whole(services, principal("a"), { accountId: id }, first).catch(codeOf);
          expect(asked).toEqual(seen.length > 0 ? seen : "ACCOUNT_NOT_FOUND");
        }
        await store.close();
      },
    ),
    { numRuns: cases(40), seed: SEED },
  );
});

const codeOf = (error: unknown): string => (error as StrataError).code;

test("an account that is foreign, gone, or never was, is not found, whoever asks for what reason", async () => {
  const services = await openServices(schemaFolder(OPEN_SCHEMAS));
  await services.tree(["root"], ["mine", "root"], ["foreign", "root"], ["gone", "foreign"]);
  await services.accounts.delete(OPEN_PRINCIPAL, "gone");
  for (const accountId of ["foreign", "gone", "never"])
    expect(await page(services, principal("mine"), { accountId }).catch(codeOf)).toBe("ACCOUNT_NOT_FOUND");
  expect(await page(services, OPEN_PRINCIPAL, { accountId: "never" }).catch(codeOf)).toBe(
    "ACCOUNT_NOT_FOUND",
  );
  expect((await page(services, OPEN_PRINCIPAL, { accountId: "gone" })).entries).toHaveLength(2);
  const nobody = { ...principal("mine"), scopes: new Set<never>() };
  expect(await page(services, nobody).catch(codeOf)).toBe("FORBIDDEN");
});

test("an older token sees nothing of the account before, nor of the one that got its id", async () => {
  const services = await openServices(schemaFolder(OPEN_SCHEMAS));
  await services.tree(["root"], ["mine", "root"], ["child", "mine"]);
  const old = { ...principal("mine"), issuedAt: Math.floor(Date.UTC(2026, 0, 1) / 1_000) + 1 };
  expect((await page(services, old)).entries).toHaveLength(2);
  await services.accounts.delete(OPEN_PRINCIPAL, "child");
  expect((await page(services, old)).entries).toHaveLength(3);
  await services.accounts.delete(OPEN_PRINCIPAL, "mine");
  expect((await page(services, old)).entries).toEqual([]);
  await services.tree(["mine", "root"]);
  expect((await page(services, old)).entries).toEqual([]);
  expect((await page(services, principal("mine"))).entries.map(({ action }) => action)).toEqual([
    "CREATE_ACCOUNT",
  ]);
});

test.each([-1, 1_001])("a page of %i entries is refused", async (first) => {
  const services = await openServices(schemaFolder(OPEN_SCHEMAS));
  await expect(page(services, OPEN_PRINCIPAL, { first })).rejects.toMatchObject({
    code: "BAD_USER_INPUT",
    pointer: "/first",
  });
});

test.each(["", "x", "YXVkaXQvMDE", Buffer.from("audit/-1").toString("base64url")])(
  "%j is no cursor",
  async (after) => {
    const services = await openServices(schemaFolder(OPEN_SCHEMAS));
    await expect(page(services, OPEN_PRINCIPAL, { after })).rejects.toMatchObject({
      code: "BAD_USER_INPUT",
      pointer: "/after",
    });
  },
);

test("a page looks through a bounded part of the log, and the pages come to its end", async () => {
  let looked = 0;
  const store = observeStore(await openTestStore(), ({ operation }) => {
    if (operation === "pastChanges") looked++;
  });
  const services = new Services(store, schemaFolder(OPEN_SCHEMAS));
  await services.tree(["root"], ["mine", "root"]);
  const commits = Array.from({ length: 5_100 }, (_, n) =>
    documentCommit({ accountId: undefined, configId: `c${n}` }, { n }),
  );
  for (let at = 0; at < commits.length; at += 300)
    await Promise.all(commits.slice(at, at + 300).map((commit) => store.commit(commit)));
  const first = await page(services, principal("mine"));
  expect(first).toMatchObject({ entries: [], hasNextPage: true, endCursor: expect.any(String) });
  expect(looked).toBe(10);
  const second = await page(services, principal("mine"), { after: first.endCursor });
  expect(second).toMatchObject({ hasNextPage: false });
  expect(second.entries.map(({ action }) => action)).toEqual(["CREATE_ACCOUNT"]);
  await store.close();
});
