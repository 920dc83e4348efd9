import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { OPEN_PRINCIPAL, type Principal, SCOPES } from "../../src/auth/principal.js";
import type { StrataError } from "../../src/domain/errors.js";
import type { AccountUpdate, NewAccount } from "../../src/service/account-service.js";
import type { Store } from "../../src/store/store.js";
import { cases, SEED } from "../cases.js";
import { alteredStore } from "../store/altered-store.js";
import { openTestStore } from "../store/test-store.js";
import { schemaFolder } from "../temporary-folder.js";
import { OPEN_SCHEMAS, openServices, Services } from "./services.js";

/** Whose values accounts inherit, and who may change that (R15). */

const principal = (accountId: string): Principal => ({
  subject: accountId,
  accountId,
  isSuperadmin: false,
  scopes: new Set(SCOPES),
  issuedAt: Math.floor(Date.UTC(2026, 0, 1) / 1_000) + 3_600,
});

async function outcomeOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return "done";
  } catch (error) {
    return (error as StrataError).code;
  }
}

/** A reseller `east`; its customer `acme`; below that `sub`, a reseller that east made, and plain accounts. */
async function openTree(): Promise<Services> {
  const services = await openServices(schemaFolder(OPEN_SCHEMAS));
  await services.tree(
    ["root"],
    ["east*", "root"],
    ["west*", "root"],
    ["acme", "east"],
    ["shop", "acme"],
    ["till", "shop"],
    ["sub*", "acme"],
    ["client", "sub"],
    ["other", "east"],
  );
  return services;
}

const update = async (as: string, given: AccountUpdate) =>
  outcomeOf((await openTree()).accounts.update(principal(as), given));
const create = async (as: string, given: Omit<NewAccount, "name">) =>
  outcomeOf((await openTree()).accounts.create(principal(as), { name: "New", ...given }));

describe("an account's own token", () => {
  test("renames it", async () => {
    for (const id of ["root", "east", "acme", "till"])
      expect(await update(id, { id, name: "Better" })).toBe("done");
  });

  test.each(["root", "east", "acme", "till"])("does not change its reseller flag: %s", async (id) => {
    const isReseller = id !== "east";
    expect(await update(id, { id, isReseller })).toBe("FORBIDDEN");
    expect(await update(id, { id, isReseller, name: "Better" })).toBe("FORBIDDEN");
    // As it is already: nothing changes.
    expect(await update(id, { id, isReseller: !isReseller, name: "Better" })).toBe("done");
  });

  test("does not move it, and is told the same whatever the parent is", async () => {
    for (const parentId of ["acme", "shop", "east", "root", "west", "nobody"])
      expect(await update("acme", { id: "acme", parentId })).toBe("FORBIDDEN");
  });

  test("does not delete it", async () => {
    const { accounts } = await openTree();
    for (const id of ["till", "acme", "east", "root", "client"])
      expect(await outcomeOf(accounts.delete(principal(id), id))).toBe("FORBIDDEN");
    expect(await outcomeOf(accounts.delete(principal("shop"), "till"))).toBe("done");
  });
});

describe("whether an account is a reseller", () => {
  test.each<[string, string, boolean, string]>([
    ["acme", "shop", true, "FORBIDDEN"],
    ["acme", "till", true, "FORBIDDEN"],
    ["shop", "till", true, "FORBIDDEN"],
    ["acme", "sub", false, "FORBIDDEN"],
    ["acme", "client", true, "done"],
    ["sub", "client", true, "done"],
    ["east", "acme", true, "done"],
    ["east", "till", true, "done"],
    ["east", "sub", false, "done"],
    ["east", "client", true, "done"],
    ["root", "east", false, "done"],
    ["root", "till", true, "done"],
    ["east", "west", false, "ACCOUNT_NOT_FOUND"],
    ["acme", "other", true, "ACCOUNT_NOT_FOUND"],
  ])("%s says of %s that it is %j: %s", async (as, id, isReseller, outcome) => {
    expect(await update(as, { id, isReseller })).toBe(outcome);
  });

  test.each<[string, string, boolean, string]>([
    ["acme", "acme", true, "FORBIDDEN"],
    ["acme", "till", true, "FORBIDDEN"],
    ["acme", "till", false, "done"],
    ["acme", "sub", true, "done"],
    ["east", "east", true, "done"],
    ["east", "till", true, "done"],
    ["root", "root", true, "done"],
    ["east", "west", true, "ACCOUNT_NOT_FOUND"],
  ])("%s creates one below %s, a reseller %j: %s", async (as, parentId, isReseller, outcome) => {
    expect(await create(as, { parentId, isReseller })).toBe(outcome);
  });

  test("a superadmin says it of every account", async () => {
    const { accounts } = await openTree();
    for (const id of ["root", "east", "acme", "sub", "till"])
      for (const isReseller of [true, false])
        expect(await outcomeOf(accounts.update(OPEN_PRINCIPAL, { id, isReseller }))).toBe("done");
  });
});

describe("a move", () => {
  test.each<[string, string, string, string]>([
    // From one plain place to another: the same reseller.
    ["acme", "till", "acme", "done"],
    ["east", "till", "other", "done"],
    // Under a reseller, or away from it: other values from then on.
    ["acme", "till", "sub", "FORBIDDEN"],
    ["acme", "client", "shop", "FORBIDDEN"],
    ["east", "till", "sub", "done"],
    ["east", "client", "shop", "done"],
    ["root", "till", "west", "done"],
    // A reseller has a reseller, too; accounts below it keep it.
    ["acme", "sub", "shop", "done"],
    ["east", "shop", "west", "ACCOUNT_NOT_FOUND"],
    ["acme", "shop", "till", "ACCOUNT_CYCLE"],
  ])("by %s of %s below %s: %s", async (as, id, parentId, outcome) => {
    expect(await update(as, { id, parentId })).toBe(outcome);
  });

  test("judges the flag that comes along", async () => {
    expect(await update("acme", { id: "till", parentId: "acme", isReseller: true })).toBe("FORBIDDEN");
    expect(await update("acme", { id: "client", parentId: "sub", isReseller: true })).toBe("done");
    // Not even where the flag is for it to change before the move, or after it.
    expect(await update("acme", { id: "client", parentId: "shop", isReseller: true })).toBe("FORBIDDEN");
    expect(await update("acme", { id: "till", parentId: "sub", isReseller: true })).toBe("FORBIDDEN");
    expect(await update("east", { id: "till", parentId: "sub", isReseller: true })).toBe("done");
  });
});

test("the right is judged on the tree that the commit is made in", async () => {
  const store = await openTestStore();
  let between: (() => Promise<unknown>) | undefined;
  const raced: Store = alteredStore(store, {
    commit: async (commit) => {
      const happen = between;
      between = undefined;
      await happen?.();
      return store.commit(commit);
    },
  });
  const folder = schemaFolder(OPEN_SCHEMAS);
  const [services, others] = [new Services(raced, folder), new Services(store, folder)];
  await services.tree(["root"], ["east*", "root"], ["acme", "east"], ["sub*", "acme"], ["shop", "sub"]);
  const demote = () => others.accounts.update(OPEN_PRINCIPAL, { id: "sub", isReseller: false });
  for (const attempt of [
    () => services.accounts.update(principal("acme"), { id: "shop", isReseller: true }),
    () => services.accounts.create(principal("sub"), { name: "New", parentId: "shop", isReseller: true }),
  ]) {
    await others.accounts.update(OPEN_PRINCIPAL, { id: "sub", isReseller: true });
    // Their reseller is `east` again once this is done: they may no longer say it.
    between = demote;
    expect(await outcomeOf(attempt())).toBe("FORBIDDEN");
  }
  await store.close();
});

/** The tree as the law sees it. */
type Tree = Map<string, { parent: string | undefined; isReseller: boolean }>;

const ancestors = (tree: Tree, id: string): string[] => {
  const parent = tree.get(id)?.parent;
  return parent === undefined ? [] : [parent, ...ancestors(tree, parent)];
};
const resellerOf = (tree: Tree, id: string): string | undefined =>
  ancestors(tree, id).find((each) => tree.get(each)?.isReseller) ?? ancestors(tree, id).at(-1);
const isWithin = (tree: Tree, id: string, top: string): boolean =>
  id === top || ancestors(tree, id).includes(top);

/** For each account the reseller that it inherits from, where that one is out of a caller's reach. */
const inheritedFromAbove = (tree: Tree, caller: string): Map<string, string | undefined> =>
  new Map(
    [...tree.keys()].map((id) => {
      const reseller = resellerOf(tree, id);
      return [id, reseller !== undefined && isWithin(tree, reseller, caller) ? undefined : reseller];
    }),
  );

interface Step {
  readonly by: number;
  readonly kind: "create" | "update" | "delete";
  readonly on: number;
  readonly to: number | undefined;
  readonly isReseller: boolean | undefined;
}

const STEP: fc.Arbitrary<Step> = fc.record({
  by: fc.nat(),
  kind: fc.constantFrom("create", "update", "update", "update", "delete"),
  on: fc.nat(),
  to: fc.option(fc.nat(), { nil: undefined }),
  isReseller: fc.option(fc.boolean(), { nil: undefined }),
});
const TREE = fc.array(fc.record({ parent: fc.nat(), isReseller: fc.boolean() }), {
  minLength: 3,
  maxLength: 9,
});

/** What the rule says of a step, from its words: the caller is the account's reseller, or above that one. */
function verdict(tree: Tree, caller: string, step: Step, id: string, parent: string | undefined): string {
  const says = (within: Tree) => {
    const reseller = resellerOf(within, id);
    return reseller !== undefined && isWithin(within, reseller, caller);
  };
  if (!isWithin(tree, id, caller)) return "ACCOUNT_NOT_FOUND";
  const isOwn = id === caller;
  if (step.kind === "delete")
    return isOwn
      ? "FORBIDDEN"
      : [...tree.values()].some((each) => each.parent === id)
        ? "ACCOUNT_HAS_CHILDREN"
        : "done";
  if (isOwn && parent !== undefined) return "FORBIDDEN";
  if (parent !== undefined && !isWithin(tree, parent, caller)) return "ACCOUNT_NOT_FOUND";
  const now = tree.get(id);
  if (now === undefined) throw new Error("it is within");
  if (parent !== undefined && isWithin(tree, parent, id)) return "ACCOUNT_CYCLE";
  const next: Tree = new Map(tree).set(id, {
    parent: parent ?? now.parent,
    isReseller: step.isReseller ?? now.isReseller,
  });
  const changes =
    next.get(id)?.isReseller !== now.isReseller || resellerOf(tree, id) !== resellerOf(next, id);
  return !changes || (says(tree) && says(next)) ? "done" : "FORBIDDEN";
}

test("by no steps that are permitted does a caller change what accounts inherit from resellers above its reach", async () => {
  const runs = cases(150);
  console.log(`${runs} trees, LAW_SEED=${SEED}`);
  const outcomes = new Map<string, number>();
  const store = await openTestStore();
  const services = new Services(store, schemaFolder(OPEN_SCHEMAS));
  await services.tree(["root"]);
  const play = async (given: readonly { parent: number; isReseller: boolean }[], steps: readonly Step[]) => {
    const tree: Tree = new Map([["root", { parent: undefined, isReseller: false }]]);
    const ids: string[] = [];
    for (const { parent, isReseller } of given) {
      const parentId = ids[parent % ids.length] ?? "root";
      const { lineage } = await services.accounts.create(OPEN_PRINCIPAL, { name: "x", parentId, isReseller });
      ids.push(lineage[0].id);
      tree.set(lineage[0].id, { parent: parentId, isReseller });
    }
    for (const step of steps) {
      const all = [...tree.keys()].filter((id) => id !== "root");
      const caller = all[step.by % all.length] ?? "";
      const reached = all.filter((id) => isWithin(tree, id, caller));
      // Most of what a caller tries is within its reach.
      const pick = (at: number) => (at % 5 === 0 ? all[at % all.length] : reached[at % reached.length]) ?? "";
      const id = pick(step.on);
      const parent = step.to === undefined ? undefined : pick(step.to);
      const before = inheritedFromAbove(tree, caller);
      const outcome = await perform(services, tree, caller, step, id, parent);
      outcomes.set(`${step.kind} ${outcome}`, (outcomes.get(`${step.kind} ${outcome}`) ?? 0) + 1);
      const after = inheritedFromAbove(tree, caller);
      for (const [account, reseller] of before)
        if (tree.has(account)) expect(after.get(account)).toBe(reseller);
      if (tree.size < 3) return;
    }
  };
  await fc.assert(fc.asyncProperty(TREE, fc.array(STEP, { minLength: 5, maxLength: 25 }), play), {
    numRuns: runs,
    seed: SEED,
    endOnFailure: true,
  });
  console.log(Object.fromEntries(outcomes));
  await store.close();
}, 600_000);

/** Does it for real, holds the outcome to the rule, and does it to the model if it was done. */
async function perform(
  { accounts }: Services,
  tree: Tree,
  caller: string,
  step: Step,
  id: string,
  parent: string | undefined,
): Promise<string> {
  const as = principal(caller);
  const { isReseller = false } = step;
  if (step.kind === "create") {
    const given = { name: "New", parentId: id, isReseller };
    let madeId: string | undefined;
    const outcome = await outcomeOf(
      accounts.create(as, given).then(({ lineage }) => {
        madeId = lineage[0].id;
      }),
    );
    const reseller = tree.get(id)?.isReseller ? id : resellerOf(tree, id);
    const isItsToSay = reseller !== undefined && isWithin(tree, reseller, caller);
    const expected = !isWithin(tree, id, caller)
      ? "ACCOUNT_NOT_FOUND"
      : isReseller && !isItsToSay
        ? "FORBIDDEN"
        : "done";
    expect(outcome, `${caller} creates below ${id}`).toBe(expected);
    if (madeId !== undefined) tree.set(madeId, { parent: id, isReseller });
    return outcome;
  }
  const expected = verdict(tree, caller, step, id, parent);
  const outcome = await outcomeOf(
    step.kind === "delete"
      ? accounts.delete(as, id)
      : accounts.update(as, { id, parentId: parent, isReseller: step.isReseller }),
  );
  expect(outcome, `${caller} ${step.kind}s ${id} ${JSON.stringify({ ...step, parent })}`).toBe(expected);
  const now = tree.get(id);
  if (outcome !== "done" || now === undefined) return outcome;
  if (step.kind === "delete") tree.delete(id);
  else tree.set(id, { parent: parent ?? now.parent, isReseller: step.isReseller ?? now.isReseller });
  return outcome;
}
