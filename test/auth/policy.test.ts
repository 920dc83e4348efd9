import { describe, expect, test } from "vitest";
import { accessibleCount, can, canArrange, type KnownAccount } from "../../src/auth/policy.js";
import { OPEN_PRINCIPAL, type Principal, SCOPES } from "../../src/auth/principal.js";

const MADE = "2026-03-01T12:00:00.900Z";
const MADE_AT = Date.parse("2026-03-01T12:00:00Z") / 1_000;
const account = (id: string): KnownAccount => ({ id, isReseller: id === "reseller", createdAt: MADE });
const LINEAGE = ["leaf", "shop", "reseller", "root"].map(account);

const principal = (given: Partial<Principal> = {}): Principal => ({
  subject: "ada",
  accountId: "shop",
  isSuperadmin: false,
  scopes: new Set(SCOPES),
  issuedAt: MADE_AT + 10,
  ...given,
});

describe("an account's principal", () => {
  test.each<[string, readonly KnownAccount[], string]>([
    ["its own account", LINEAGE.slice(1), "allowed"],
    ["a descendant", LINEAGE, "allowed"],
    ["its parent", LINEAGE.slice(2), "absent"],
    ["the root", LINEAGE.slice(3), "absent"],
    ["a sibling", [account("other"), ...LINEAGE.slice(2)], "absent"],
  ])("acts on %s: %j is %s", (_, lineage, verdict) => {
    for (const action of ["read", "write"] as const) expect(can(principal(), action, lineage)).toBe(verdict);
  });

  test("has no part in the system level", () => {
    for (const action of ["read", "write"] as const)
      expect(can(principal(), action, "system")).toBe("forbidden");
  });

  test("knows of the accounts up to its own", () => {
    expect(accessibleCount(principal(), LINEAGE)).toBe(2);
    expect(accessibleCount(principal({ accountId: "root" }), LINEAGE)).toBe(4);
    expect(accessibleCount(principal({ accountId: "other" }), LINEAGE)).toBe(0);
    expect(accessibleCount(principal({ accountId: undefined }), LINEAGE)).toBe(0);
  });

  test("whose token is older than the account is nobody: the id was another account's", () => {
    expect(accessibleCount(principal({ issuedAt: MADE_AT }), LINEAGE)).toBe(2);
    expect(accessibleCount(principal({ issuedAt: MADE_AT - 1 }), LINEAGE)).toBe(0);
    expect(accessibleCount(principal({ issuedAt: undefined }), LINEAGE)).toBe(0);
  });
});

test("a superadmin acts on everything", () => {
  const superadmin = principal({ isSuperadmin: true, accountId: undefined, issuedAt: 0 });
  for (const action of ["read", "write"] as const)
    for (const target of [LINEAGE, LINEAGE.slice(3), "system"] as const)
      expect([can(superadmin, action, target), can(OPEN_PRINCIPAL, action, target)]).toEqual([
        "allowed",
        "allowed",
      ]);
  expect(accessibleCount(superadmin, LINEAGE)).toBe(4);
});

test("a token for reading alone does not write, not even what is not there", () => {
  for (const isSuperadmin of [true, false]) {
    const narrow = principal({ isSuperadmin, scopes: new Set(["config:read"]) });
    for (const target of [LINEAGE, LINEAGE.slice(2), [account("other")], "system"] as const)
      expect(can(narrow, "write", target)).toBe("forbidden");
    expect(can(narrow, "read", LINEAGE)).toBe("allowed");
  }
});

test("a token for writing alone reads whatever one for both reads", () => {
  for (const isSuperadmin of [true, false]) {
    const narrow = principal({ isSuperadmin, scopes: new Set(["config:write"]) });
    const both = principal({ isSuperadmin });
    for (const target of [LINEAGE, LINEAGE.slice(2), [account("other")], "system"] as const)
      for (const action of ["read", "write"] as const)
        expect(can(narrow, action, target)).toBe(can(both, action, target));
  }
});

describe("a flag and a place", () => {
  const place = (...ids: string[]) =>
    ids.map((id) => ({ id: id.replace("*", ""), isReseller: id.endsWith("*") }));
  const BEFORE = place("leaf", "shop", "sub*", "mid", "reseller*", "root");
  const callers = (before: typeof BEFORE | undefined, after: typeof BEFORE) =>
    ["leaf", "shop", "sub", "mid", "reseller", "root"].filter((accountId) =>
      canArrange(principal({ accountId }), before, after),
    );
  const ALL = ["leaf", "shop", "sub", "mid", "reseller", "root"];
  const FROM_SUB = ["sub", "mid", "reseller", "root"];
  const FROM_RESELLER = ["reseller", "root"];

  test.each<[string, typeof BEFORE | undefined, typeof BEFORE, readonly string[]]>([
    ["nothing changes", BEFORE, BEFORE, ALL],
    ["an account becomes a reseller", BEFORE, place("leaf*", ...idsOf(BEFORE)), FROM_SUB],
    ["a reseller becomes none", BEFORE.slice(2), place("sub", "mid", "reseller*", "root"), FROM_RESELLER],
    ["it moves under the same reseller", BEFORE, place("leaf", "sub*", "mid", "reseller*", "root"), ALL],
    ["it moves out of its reseller", BEFORE, place("leaf", "mid", "reseller*", "root"), FROM_RESELLER],
    ["it moves under a reseller of it", place("leaf", "mid", "reseller*", "root"), BEFORE, FROM_RESELLER],
    ["no reseller is above it: the root counts", place("leaf", "root"), place("leaf*", "root"), ["root"]],
    ["a new account is none", undefined, BEFORE, ALL],
    ["a new account is one", undefined, place("leaf*", ...idsOf(BEFORE)), FROM_SUB],
    ["the root becomes one", place("root"), place("root*"), []],
  ])("where %s", (_, before, after, allowed) => {
    expect(callers(before, after)).toEqual(allowed);
    expect(canArrange(OPEN_PRINCIPAL, before, after)).toBe(true);
  });

  /** The ancestors as `place` takes them. */
  function idsOf([, ...ancestors]: typeof BEFORE): string[] {
    return ancestors.map(({ id, isReseller }) => (isReseller ? `${id}*` : id));
  }
});
