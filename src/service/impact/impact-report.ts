import type { Principal } from "../../auth/principal.js";
import { IMPACT_OUTCOMES, type ImpactOutcome } from "../../domain/impact.js";
import { type Change, type Lineage, type Position, type Store, sequenceOfChange } from "../../store/store.js";
import type { ConfigPerspective } from "../config-catalog.js";
import { fromStore } from "../from-store.js";
import { yieldInBackground } from "../yield-to-event-loop.js";
import { AccountEffects } from "./account-effects.js";
import { ImpactDigest } from "./impact-digest.js";
import { type ImpactPage, type ImpactWanted, impactPage } from "./impact-page.js";
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
  /** Some of the accounts. They are looked at once more. @throws as `impactPage` */
  accounts(wanted: ImpactWanted): Promise<ImpactPage>;
}

/** How often everything is looked at anew because something has changed meanwhile. */
const TRIES = 5;
const CHANGES = 1_000;

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
  const { principal, config, watch } = of;
  let from = of.position.sequence;
  for (let tries = 1; ; tries++) {
    const scope = await of.scope();
    if (scope === undefined) return undefined;
    const effects = new AccountEffects(config);
    const inheritances = [scope.top, scope.below].filter((each) => each !== undefined);
    const isSeen = inheritances.some((each) => effects.isSeen(each));
    const { total, counts, digest, stretches } = await lookAtAll(store, scope, { effects, isSeen, watch });
    const { isQuiet, sequence } = await changesSince(store, scope, from);
    if (!isQuiet && tries < TRIES) {
      from = sequence;
      continue;
    }
    if (total === 0) return undefined;
    const page = { principal, scope, effects, isSeen, counts, stretches };
    return {
      total,
      counts,
      digest,
      sequence: isQuiet ? sequence : from,
      accounts: (wanted) => impactPage(store, page, wanted),
    };
  }
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
  for await (const batch of reachedInBatches(store, scope, isSeen)) {
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

/** Whether nothing has changed since a sequence that the impact depends on, and up to which sequence that is known. */
async function changesSince(
  store: Store,
  scope: ImpactScope,
  from: number,
): Promise<{ isQuiet: boolean; sequence: number }> {
  for (let last = from; ; ) {
    const { changes, sequence } = await fromStore(store.changes(last, CHANGES));
    if (changes === undefined) return { isQuiet: false, sequence };
    if (changes.some(isOfAccount)) return { isQuiet: false, sequence };
    const owners = changes.flatMap((change) => ownerOf(change, scope));
    if (owners.length > 0 && (await isAnyHit(store, scope, owners))) return { isQuiet: false, sequence };
    const newest = changes.at(-1);
    last = newest === undefined ? last : sequenceOfChange(newest);
    if (changes.length < CHANGES) return { isQuiet: true, sequence: last };
  }
}

function isOfAccount({ on }: Change): boolean {
  return on === "account";
}

/** The account whose document of the config was written; the system's, and the one that is written, are for others to guard. */
function ownerOf(change: Change, { configId }: ImpactScope): string[] {
  if (change.on === "account" || change.key.configId !== configId) return [];
  return change.key.accountId === undefined ? [] : [change.key.accountId];
}

async function isAnyHit(store: Store, { isHit }: ImpactScope, ids: readonly string[]): Promise<boolean> {
  const { lineages } = await fromStore(store.lineages([...new Set(ids)]));
  return lineages.some((lineage: Lineage | undefined) => lineage !== undefined && isHit(lineage));
}
