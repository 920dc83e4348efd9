import type { Principal } from "../../auth/principal.js";
import { IMPACT_OUTCOMES, type ImpactOutcome } from "../../domain/change/impact.js";
import type { Position, Store } from "../../store/store.js";
import type { ConfigPerspective } from "../config-catalog.js";
import { fromStore } from "../from-store.js";
import { oneAhead } from "../one-ahead.js";
import { yieldInBackground } from "../yield-to-event-loop.js";
import { AccountEffects } from "./account-effects.js";
import { changesSince, type LookedAt } from "./impact-changes.js";
import { ImpactDigest } from "./impact-digest.js";
import { type ImpactPage, type ImpactWanted, impactPage, type PageSource } from "./impact-page.js";
import type { ImpactScope } from "./impact-scope.js";
import type { ImpactWatch } from "./impact-watch.js";
import { reachedInBatches } from "./inheriting-accounts.js";
import { OutcomeStretches } from "./outcome-stretches.js";

/** What a write does to the accounts that inherit from the layer it is made to (R22). */
export interface ImpactReport {
  readonly total: number;
  readonly counts: Readonly<Record<ImpactOutcome, number>>;
  /** Two reports have the same if the same happens to the same accounts. */
  readonly digest: string;
  /** A sequence of the store at which it was so: nothing that it depends on has changed up to there. */
  readonly sequence: number;
  /** The same at a later sequence; undefined where something has changed that it depends on. @throws StrataError STORE_UNAVAILABLE */
  refreshed(): Promise<ImpactReport | undefined>;
  /** Some of the accounts. They are looked at once more. @throws as `impactPage` */
  accounts(wanted: ImpactWanted): Promise<ImpactPage>;
}

/** How often everything is looked at anew because something has changed meanwhile. */
const TRIES = 5;

export interface ImpactOf {
  readonly principal: Principal;
  /** The config as accounts see it. */
  readonly config: ConfigPerspective;
  /** Reads what the write reaches, as it is now; undefined: nobody. */
  readonly scope: () => Promise<ImpactScope | undefined>;
  /** Where the store was before that. */
  readonly position: Position;
  readonly watch?: ImpactWatch | undefined;
}

/**
 * Looks at every account that a write reaches, in pieces. Where an account, or its document, is another meanwhile, it begins
 * again; under writes that never end the last result counts.
 * @returns undefined where nobody inherits
 * @throws StrataError STORE_UNAVAILABLE; what the watch throws
 */
export async function impactReport(store: Store, of: ImpactOf): Promise<ImpactReport | undefined> {
  const { config, watch } = of;
  let from = of.position.sequence;
  for (let tries = 1; ; tries++) {
    const { tree } = await fromStore(store.lineages([]));
    const scope = await of.scope();
    if (scope === undefined) return undefined;
    const effects = new AccountEffects(config);
    const inheritances = [scope.top, scope.below].filter((each) => each !== undefined);
    const isSeen = inheritances.some((each) => effects.isSeen(each));
    const found = await lookAtAll(store, scope, { effects, isSeen, watch });
    const { isQuiet, sequence } = await changesSince(store, scope, { sequence: from, tree });
    if (isQuiet || tries === TRIES) {
      const at = { sequence: isQuiet ? sequence : from, tree };
      return found.total === 0 ? undefined : reportOf(store, { ...of, scope, effects, isSeen }, found, at);
    }
    from = sequence;
  }
}

function reportOf(
  store: Store,
  source: Omit<PageSource, "counts" | "stretches">,
  found: Found,
  at: LookedAt,
): ImpactReport {
  const { total, counts, digest } = found;
  return {
    total,
    counts,
    digest,
    sequence: at.sequence,
    async refreshed() {
      const { isQuiet, sequence } = await changesSince(store, source.scope, at);
      return isQuiet ? reportOf(store, source, found, { ...at, sequence }) : undefined;
    },
    accounts: (wanted) => impactPage(store, { ...source, ...found }, wanted),
  };
}

interface Found {
  readonly total: number;
  readonly counts: Readonly<Record<ImpactOutcome, number>>;
  readonly digest: string;
  readonly stretches: OutcomeStretches;
}

interface Look {
  readonly effects: AccountEffects;
  readonly isSeen: boolean;
  readonly watch: ImpactWatch | undefined;
}

async function lookAtAll(store: Store, scope: ImpactScope, { effects, isSeen, watch }: Look): Promise<Found> {
  const counts = Object.fromEntries(IMPACT_OUTCOMES.map((each) => [each, 0])) as Record<
    ImpactOutcome,
    number
  >;
  const digest = new ImpactDigest();
  const stretches = new OutcomeStretches();
  const atMost = watch?.tell ? await accountsAtMost(store, scope) : 0;
  watch?.tell?.(0, atMost);
  let total = 0;
  for await (const batch of oneAhead(reachedInBatches(store, scope, isSeen))) {
    for (const { path, id, inheritance, own } of batch) {
      watch?.check();
      const effect = effects.of(inheritance, own);
      // An await of what is there already would take a second for a million accounts.
      const { outcome, text } = effect instanceof Promise ? await effect : effect;
      total++;
      counts[outcome]++;
      digest.add(id, text);
      stretches.add(path, outcome);
      const turn = yieldInBackground();
      if (turn !== undefined) await turn;
    }
    watch?.tell?.(total, atMost);
  }
  return { total, counts, digest: digest.text, stretches };
}

async function accountsAtMost(store: Store, { topId, top }: ImpactScope): Promise<number> {
  const { counts } = await fromStore(store.descendants({ accountId: topId, limit: 0 }));
  return counts.reduce((sum, count) => sum + count, top === undefined ? 0 : 1);
}
