import type { Principal } from "../../auth/principal.js";
import type { FieldChange } from "../../domain/change/field-change.js";
import { IMPACT_OUTCOMES, type ImpactOutcome } from "../../domain/change/impact.js";
import { StrataError } from "../../domain/errors.js";
import { isId } from "../../domain/id.js";
import { type AccountPath, type Store, TREE_DEPTH } from "../../store/store.js";
import type { AccountView } from "../account-view.js";
import { mayAccess, viewOf } from "../authorize.js";
import { fromStore } from "../from-store.js";
import { checkPageSize } from "../page-size.js";
import type { ConfigProblem } from "../problems.js";
import { yieldInBackground } from "../yield-to-event-loop.js";
import type { AccountEffects } from "./account-effects.js";
import type { ImpactScope } from "./impact-scope.js";
import { reachedAccounts } from "./inheriting-accounts.js";
import { comparePaths, type OutcomeStretches } from "./outcome-stretches.js";

export interface ImpactWanted {
  /** How many accounts, at most. */
  readonly first: number;
  /** A cursor: only what comes behind it. */
  readonly after?: string | undefined;
  /** Only those with one of these outcomes; absent: all. */
  readonly outcomes?: readonly ImpactOutcome[] | undefined;
}

/** What a write does to one account. */
export interface AccountImpact {
  readonly account: AccountView;
  readonly outcome: ImpactOutcome;
  readonly changes: readonly FieldChange[];
  /** Those that the account did not have. */
  readonly problems: readonly ConfigProblem[];
}

/** Some of the accounts: those that break first, in the order of the outcomes; then in the order of the tree. */
export interface ImpactPage {
  readonly edges: readonly { readonly cursor: string; readonly impact: AccountImpact }[];
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
}

/** What pages are made of. */
export interface PageSource {
  readonly principal: Principal;
  readonly scope: ImpactScope;
  readonly effects: AccountEffects;
  readonly isSeen: boolean;
  readonly counts: Readonly<Record<ImpactOutcome, number>>;
  readonly stretches: OutcomeStretches;
}

export const IMPACT_PAGE_LIMIT = 1_000;

interface Place {
  readonly outcome: ImpactOutcome;
  readonly path: AccountPath;
}
type Found = Place & { readonly id: string } & Omit<AccountImpact, "account">;

/**
 * One page of the accounts that a write reaches. Nothing of them is kept but where they are: they are looked at anew.
 * @throws StrataError BAD_USER_INPUT for a page that is too large (limit `pageSize`) and for a foreign cursor; STORE_UNAVAILABLE
 */
export async function impactPage(
  store: Store,
  source: PageSource,
  { first, after, outcomes = IMPACT_OUTCOMES }: ImpactWanted,
): Promise<ImpactPage> {
  checkPageSize(first, IMPACT_PAGE_LIMIT, "accounts", "/first");
  const place = after === undefined ? undefined : parseCursor(after);
  const found: Found[] = [];
  for (const outcome of IMPACT_OUTCOMES) {
    if (!outcomes.includes(outcome) || source.counts[outcome] === 0 || isDone(outcome, place)) continue;
    const from = outcome === place?.outcome ? place.path : undefined;
    for await (const each of withOutcome(store, source, outcome, from)) {
      found.push(each);
      if (found.length > first) break;
    }
    if (found.length > first) break;
  }
  return {
    edges: await edgesOf(store, source.principal, found.slice(0, first)),
    hasNextPage: found.length > first,
    hasPreviousPage: place !== undefined,
  };
}

function isDone(outcome: ImpactOutcome, place: Place | undefined): boolean {
  return place !== undefined && IMPACT_OUTCOMES.indexOf(outcome) < IMPACT_OUTCOMES.indexOf(place.outcome);
}

async function* withOutcome(
  store: Store,
  { scope, effects, isSeen, stretches }: PageSource,
  wanted: ImpactOutcome,
  after: AccountPath | undefined,
): AsyncGenerator<Found> {
  for (const { after: from, last } of stretches.with(wanted, after)) {
    for await (const { path, id, inheritance, own } of reachedAccounts(store, scope, isSeen, from)) {
      if (comparePaths(path, last) > 0) break;
      const { outcome, changes, problems } = await effects.of(inheritance, own);
      if (outcome === wanted) yield { path, id, outcome, changes, problems };
      await yieldInBackground();
    }
  }
}

/** An account that was deleted a moment ago is not in the page. */
async function edgesOf(
  store: Store,
  principal: Principal,
  found: readonly Found[],
): Promise<ImpactPage["edges"]> {
  const { lineages } = await fromStore(store.lineages(found.map(({ id }) => id)));
  return found.flatMap(({ path, outcome, changes, problems }, index) => {
    const lineage = lineages[index];
    if (lineage === undefined || !mayAccess(principal, lineage)) return [];
    const impact = { account: viewOf(principal, lineage), outcome, changes, problems };
    return { cursor: cursorOf({ outcome, path }), impact };
  });
}

function cursorOf({ outcome, path }: Place): string {
  return Buffer.from([outcome, ...path].join("/")).toString("base64url");
}

function parseCursor(cursor: string): Place {
  const [name, ...path] = Buffer.from(cursor, "base64url").toString().split("/");
  const outcome = IMPACT_OUTCOMES.find((each) => each === name);
  if (outcome !== undefined && path.length <= TREE_DEPTH && path.every(isId)) {
    const place = { outcome, path };
    if (cursorOf(place) === cursor) return place;
  }
  throw new StrataError("BAD_USER_INPUT", "Not a cursor of this list: hand back one that it gave you.", {
    pointer: "/after",
  });
}
