import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { NOBODY, OPEN_PRINCIPAL, type Principal, SCOPES } from "../../src/auth/principal.js";
import { type AccountPage, type AccountsWanted, PAGE_LIMIT } from "../../src/service/account-page.js";
import { createRequestReader } from "../../src/service/read/request-reader.js";
import { cases, SEED } from "../cases.js";
import { schemaFolder } from "../temporary-folder.js";
import { OPEN_SCHEMAS, openServices, type Services } from "./services.js";

const RUNS = cases(15);

function principal(accountId: string | undefined, given: Partial<Principal> = {}): Principal {
  return {
    subject: "ada",
    accountId,
    isSuperadmin: false,
    scopes: new Set(SCOPES),
    issuedAt: Number.MAX_SAFE_INTEGER,
    ...given,
  };
}

async function openTree(): Promise<Services> {
  const services = await openServices(schemaFolder(OPEN_SCHEMAS));
  await services.tree(
    ["root"],
    ["b*", "root"],
    ["a*", "root"],
    ["a2", "a"],
    ["a1", "a"],
    ["a1x", "a1"],
    ["b1", "b"],
  );
  return services;
}
const IN_ORDER = ["root", "a", "a1", "a1x", "a2", "b", "b1"];

const list = (
  { accounts, store }: Services,
  wanted: Partial<AccountsWanted> = {},
  as: Principal = OPEN_PRINCIPAL,
): Promise<AccountPage> => accounts.list(as, wanted, createRequestReader(store, as));
const idsOf = ({ edges }: AccountPage) => edges.map(({ account }) => account.lineage[0].id);

/** All of a list, page by page; `between` happens after each of them. */
async function walk(
  services: Services,
  first: number,
  as: Principal,
  wanted: Partial<AccountsWanted>,
  between: () => Promise<unknown> = async () => {},
): Promise<string[]> {
  const found: string[] = [];
  let after: string | undefined;
  for (let pages = 0; pages < 1_000; pages++) {
    const page = await list(services, { ...wanted, first, ...(after !== undefined && { after }) }, as);
    found.push(...idsOf(page));
    expect(page.hasPreviousPage).toBe(after !== undefined);
    if (!page.hasNextPage) return found;
    after = page.edges.at(-1)?.cursor;
    await between();
  }
  throw new Error("the list does not end");
}

describe("the list of accounts", () => {
  test("has the children of one, by id, or everything that the caller may know of, parents first", async () => {
    const services = await openTree();
    expect(await list(services)).toMatchObject({ hasNextPage: false, hasPreviousPage: false, totalCount: 7 });
    expect(idsOf(await list(services))).toEqual(IN_ORDER);
    const children = await list(services, { parentId: "a" });
    expect([idsOf(children), children.totalCount]).toEqual([["a1", "a2"], 2]);
    expect(idsOf(await list(services, { parentId: "a1x" }))).toEqual([]);
    const own = await list(services, {}, principal("a"));
    expect([idsOf(own), own.totalCount]).toEqual([["a", "a1", "a1x", "a2"], 4]);
    expect(own.edges.map(({ account }) => account.accessible)).toEqual([1, 2, 3, 2]);
  });

  test("is empty for whoever has no account, or none any more", async () => {
    const services = await openTree();
    const empty = { edges: [], hasNextPage: false, hasPreviousPage: false, totalCount: 0 };
    for (const caller of [principal(undefined), principal("gone"), principal("a", { issuedAt: 1 })])
      expect(await list(services, {}, caller)).toEqual(empty);
    const fresh = await openServices(schemaFolder(OPEN_SCHEMAS));
    expect(await list(fresh)).toEqual(empty);
  });

  test("tells of a foreign parent what it tells of one that is not there", async () => {
    const services = await openTree();
    const refusal = async (parentId: string, as: Principal) =>
      list(services, { parentId }, as).catch(({ code, message }) => `${code}: ${message}`);
    const absent = await refusal("nobody", principal("a"));
    expect(absent).toMatch(/^ACCOUNT_NOT_FOUND/);
    for (const id of ["b", "root", "b1"]) expect(await refusal(id, principal("a"))).toBe(absent);
    expect(await refusal("a", principal("a", { scopes: new Set() }))).toMatch(/^FORBIDDEN/);
    expect(await refusal("a", NOBODY)).toMatch(/^UNAUTHENTICATED/);
  });

  test.each([-1, PAGE_LIMIT + 1, 99_999_999])("refuses a page of %i", async (first) => {
    const services = await openTree();
    await expect(list(services, { first })).rejects.toMatchObject({
      code: "BAD_USER_INPUT",
      pointer: "/first",
    });
  });

  test.each([-1, PAGE_LIMIT + 1, 99_999_999])("refuses a page of the last %i", async (last) => {
    const services = await openTree();
    await expect(list(services, { last })).rejects.toMatchObject({
      code: "BAD_USER_INPUT",
      pointer: "/last",
    });
  });

  test("refuses a page from both ends", async () => {
    const services = await openTree();
    for (const [first, last] of [
      [1, 1],
      [0, 0],
      [0, 5],
    ] as const)
      await expect(list(services, { first, last })).rejects.toMatchObject({
        code: "BAD_USER_INPUT",
        pointer: "/last",
        message: expect.stringContaining("not both"),
      });
  });

  test("has 50 accounts in a page that says neither `first` nor `last`", async () => {
    const services = await openTree();
    for (let i = 0; i < 60; i++) await services.tree([`c${i}`, "b1"]);
    const page = await list(services);
    expect([page.edges.length, page.hasNextPage, page.hasPreviousPage]).toEqual([50, true, false]);
    const rest = await list(services, { after: page.edges.at(-1)?.cursor });
    expect([rest.edges.length, rest.hasNextPage, rest.hasPreviousPage]).toEqual([17, false, true]);
    const head = await list(services, { before: page.edges.at(3)?.cursor });
    expect([idsOf(head), head.hasNextPage]).toEqual([["root", "a", "a1"], true]);
  });

  test("tells how many there are without listing any", async () => {
    const services = await openTree();
    expect(await list(services, { first: 0 })).toMatchObject({ edges: [], hasNextPage: true, totalCount: 7 });
    expect(await list(services, { first: PAGE_LIMIT })).toMatchObject({ hasNextPage: false });
    expect(await list(services, { last: 0 })).toMatchObject({
      edges: [],
      hasPreviousPage: true,
      totalCount: 7,
    });
    expect(await list(services, { last: PAGE_LIMIT })).toMatchObject({
      hasPreviousPage: false,
      hasNextPage: false,
    });
  });

  test("refuses a cursor that it never gave, and one of another caller leads nowhere foreign", async () => {
    const services = await openTree();
    const encoded = (text: string) => Buffer.from(`/${text}`).toString("base64url");
    for (const cursor of [
      "",
      "x",
      "é",
      encoded("a/"),
      encoded("../root"),
      `${encoded("a")}=`,
      encoded("a\n"),
    ])
      for (const argument of ["after", "before"])
        for (const size of ["first", "last"])
          await expect(list(services, { [argument]: cursor, [size]: 5 })).rejects.toMatchObject({
            code: "BAD_USER_INPUT",
            pointer: `/${argument}`,
          });
    for (const path of ["b", "root/b", "b/b1", "a/a1/a1x", "zzz"]) {
      for (const wanted of [{ after: encoded(path) }, { before: encoded(path), last: 9 }]) {
        const found = idsOf(await list(services, wanted, principal("a")));
        expect(["a1", "a1x", "a2", "a"]).toEqual(expect.arrayContaining(found));
      }
    }
  });

  test("refuses a cursor of another list", async () => {
    const services = await openTree();
    const parents = [undefined, "root", "a"];
    const cursors = await Promise.all(
      parents.map(async (parentId) => (await list(services, { parentId, first: 1 })).edges[0]?.cursor),
    );
    for (const [from, after] of cursors.entries())
      for (const [to, parentId] of parents.entries()) {
        const page = list(services, { parentId, after });
        if (from === to) expect((await page).hasPreviousPage).toBe(true);
        else await expect(page).rejects.toMatchObject({ code: "BAD_USER_INPUT", pointer: "/after" });
      }
  });

  test(`has each account once in its pages, whoever asks and however long they are (LAW_SEED=${SEED})`, async () => {
    const services = await openTree();
    const law = fc.asyncProperty(
      fc.integer({ min: 1, max: 9 }),
      fc.constantFrom(undefined, "root", "a", "b"),
      fc.constantFrom(OPEN_PRINCIPAL, principal("root"), principal("a")),
      async (first, parentId, as) => {
        const whole = await list(services, { ...(parentId !== undefined && { parentId }) }, as).catch(
          () => undefined,
        );
        if (whole === undefined) return;
        const found = await walk(services, first, as, { ...(parentId !== undefined && { parentId }) });
        expect(found).toEqual(idsOf(whole));
        expect(found).toHaveLength(whole.totalCount);
      },
    );
    await fc.assert(law, { seed: SEED, numRuns: RUNS });
  });

  test(`has the slice that Relay's algorithm takes, from either end and between any cursors (LAW_SEED=${SEED})`, async () => {
    const services = await openTree();
    const place = fc.option(fc.nat({ max: 6 }), { nil: undefined });
    const law = fc.asyncProperty(
      fc.constantFrom(undefined, "root", "a", "b", "a1x"),
      fc.constantFrom(OPEN_PRINCIPAL, principal("root"), principal("a")),
      fc.constantFrom("first", "last"),
      fc.nat({ max: 8 }),
      place,
      place,
      async (parentId, as, end, size, from, to) => {
        const parent = parentId !== undefined && { parentId };
        const whole = await list(services, { ...parent }, as).catch(() => undefined);
        if (whole === undefined) return;
        const [after, before] = [from, to].map((at) =>
          at === undefined ? undefined : whole.edges[at]?.cursor,
        );
        const inside = whole.edges.slice(
          after === undefined ? 0 : (from ?? 0) + 1,
          before === undefined ? undefined : to,
        );
        const page = await list(
          services,
          { ...parent, [end]: size, ...(after && { after }), ...(before && { before }) },
          as,
        );
        const expected =
          end === "first" ? inside.slice(0, size) : inside.slice(Math.max(0, inside.length - size));
        expect(page.edges.map(({ cursor }) => cursor)).toEqual(expected.map(({ cursor }) => cursor));
        const hasMore = inside.length > size;
        // Behind the account of `before` the list goes on, and in front of that of `after`, whichever end a page starts at.
        expect([page.hasPreviousPage, page.hasNextPage]).toEqual([
          after !== undefined || (end === "last" && hasMore),
          before !== undefined || (end === "first" && hasMore),
        ]);
        expect(page.totalCount).toBe(whole.totalCount);
      },
    );
    await fc.assert(law, { seed: SEED, numRuns: 8 * RUNS });
  });

  test("goes on backwards where the account of its cursor has gone", async () => {
    const services = await openTree();
    const { edges } = await list(services);
    await services.accounts.delete(OPEN_PRINCIPAL, "a2");
    const page = await list(services, { last: 2, before: edges[4]?.cursor });
    expect([idsOf(page), page.hasPreviousPage, page.hasNextPage]).toEqual([["a1", "a1x"], true, true]);
  });

  test("stays in step while accounts come and go: what is there all the time is in it once", async () => {
    for (const first of [1, 2, 3]) {
      const services = await openTree();
      let made = 0;
      const found = await walk(services, first, OPEN_PRINCIPAL, {}, async () => {
        const id = ["a0", "a1y", "aa", "b0", "zz", "_", "a3"][made];
        if (made === 2) await services.accounts.delete(OPEN_PRINCIPAL, "a2");
        if (id !== undefined) await services.tree([id, made % 2 === 0 ? "a" : "root"]);
        made++;
      });
      expect(new Set(found).size).toBe(found.length);
      expect(found.filter((id) => ["root", "a", "a1", "a1x", "b", "b1"].includes(id))).toEqual(
        IN_ORDER.filter((id) => id !== "a2"),
      );
    }
  });
});
