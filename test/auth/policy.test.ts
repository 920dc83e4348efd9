import { describe, expect, test } from "vitest";
import { type Action, can, type KnownAccount, reach } from "../../src/auth/policy.js";
import { OPEN_PRINCIPAL, type Principal, SCOPES } from "../../src/auth/principal.js";

const MADE = "2026-03-01T12:00:00.900Z";
const MADE_AT = Date.parse("2026-03-01T12:00:00Z") / 1_000;
const account = (id: string): KnownAccount => ({ id, createdAt: MADE });
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
    expect(reach(principal(), LINEAGE)).toBe(2);
    expect(reach(principal({ accountId: "root" }), LINEAGE)).toBe(4);
    expect(reach(principal({ accountId: "other" }), LINEAGE)).toBe(0);
    expect(reach(principal({ accountId: undefined }), LINEAGE)).toBe(0);
  });

  test("whose token is older than the account is nobody: the id was another account's", () => {
    expect(reach(principal({ issuedAt: MADE_AT }), LINEAGE)).toBe(2);
    expect(reach(principal({ issuedAt: MADE_AT - 1 }), LINEAGE)).toBe(0);
    expect(reach(principal({ issuedAt: undefined }), LINEAGE)).toBe(0);
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
  expect(reach(superadmin, LINEAGE)).toBe(4);
});

test.each<[Action, Action]>([
  ["read", "write"],
  ["write", "read"],
])("a token for %sing alone does not %s, not even what is not there", (scope, action) => {
  for (const isSuperadmin of [true, false]) {
    const narrow = principal({ isSuperadmin, scopes: new Set([`config:${scope}` as const]) });
    for (const target of [LINEAGE, LINEAGE.slice(2), [account("other")], "system"] as const)
      expect(can(narrow, action, target)).toBe("forbidden");
    expect(can(narrow, scope, LINEAGE)).toBe("allowed");
  }
});
