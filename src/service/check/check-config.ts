import {
  type AccountEffect,
  IMPACT_OUTCOMES,
  type ImpactOutcome,
  type ImpactState,
  schemaEffect,
} from "../../domain/change/impact.js";
import { EffectiveConfig } from "../../domain/merge/effective-config.js";
import { atOnce, type Pieces } from "../../domain/pieces.js";
import type { ConfigSchema } from "../../schema/config-schema.js";
import type { StoredDocument, StoreReads } from "../../store/store.js";
import { stateOf } from "../impact/account-effects.js";
import {
  type Inheritance,
  type InheritedDocuments,
  ownDocuments,
  systemScope,
} from "../impact/impact-scope.js";
import { reachedAccounts } from "../impact/inheriting-accounts.js";
import type { ConfigProblem } from "../problems.js";
import { yieldToEventLoop } from "../yield-to-event-loop.js";

/** A config's schema in force, and in another folder. Undefined: it is not there. */
export interface SchemaChange {
  readonly before: ConfigSchema | undefined;
  readonly after: ConfigSchema | undefined;
}

export interface CheckedAccount extends AccountEffect<ConfigProblem> {
  readonly id: string;
  /** Whether it has a document of the config. */
  readonly hasDocument: boolean;
}

/** What another schema does to one config. */
export interface CheckedConfig {
  readonly configId: string;
  /** What becomes of it; `system`: it is another one, and accounts have no such config. */
  readonly schema: "added" | "removed" | "changed" | "system";
  /** To the config of the system level. */
  readonly system: AccountEffect<ConfigProblem>;
  readonly accounts: number;
  /** Accounts that have a document of it. */
  readonly documents: number;
  readonly counts: Readonly<Record<ImpactOutcome, number>>;
  /** Some of the accounts whose config is another, those that break first. */
  readonly listed: readonly CheckedAccount[];
}

export interface CheckOptions {
  /** How many accounts are listed of each config, at most. */
  readonly accounts: number;
  /** Told of accounts that are looked at: how many since the last time. */
  readonly onLooked?: (accounts: number) => void;
}

type Reads = Pick<StoreReads, "inheriting" | "layers" | "documents" | "rootId">;
type Effect = AccountEffect<ConfigProblem>;

const LOOKED = 1_000;
const CHANGED: readonly ImpactOutcome[] = IMPACT_OUTCOMES.slice(0, -2);

/**
 * Compares a config of every account under two schemas.
 * @throws StrataError STORE_UNAVAILABLE
 */
export async function checkConfig(
  reads: Reads,
  configId: string,
  change: SchemaChange,
  { accounts: most, onLooked }: CheckOptions,
): Promise<CheckedConfig> {
  const { before, after } = change;
  const [systemDocument] = await ownDocuments(reads, [undefined], configId);
  const system = new Effects(before, after, "forSystem", configId).of([systemDocument]);
  const effects = new Effects(before, after, "forAccount", configId);
  const counts = Object.fromEntries(IMPACT_OUTCOMES.map((each) => [each, 0])) as Record<
    ImpactOutcome,
    number
  >;
  const found = new Map<ImpactOutcome, CheckedAccount[]>(CHANGED.map((outcome) => [outcome, []]));
  let [accounts, documents] = [0, 0];
  const same = { before: systemDocument, after: systemDocument };
  const scope = effects.areNone ? undefined : await systemScope(reads, configId, same);
  if (scope !== undefined) {
    for await (const { id, inheritance, own } of reachedAccounts(reads, scope, true)) {
      const effect = effects.on(own, inheritance);
      const hasDocument = own?.override !== undefined;
      counts[effect.outcome]++;
      accounts++;
      if (hasDocument) documents++;
      const listed = found.get(effect.outcome);
      if (listed !== undefined && listed.length < most) listed.push({ id, hasDocument, ...effect });
      if (accounts % LOOKED === 0) onLooked?.(LOOKED);
      await yieldToEventLoop();
    }
    onLooked?.(accounts % LOOKED);
  }
  const all = [...found.values()].flat().slice(0, most);
  return { configId, schema: becomes(change), system, accounts, documents, counts, listed: all };
}

function becomes({ before, after }: SchemaChange): CheckedConfig["schema"] {
  if (after === undefined) return "removed";
  if (before === undefined) return "added";
  if (before.forAccount === undefined) return after.forAccount === undefined ? "system" : "added";
  return after.forAccount === undefined ? "removed" : "changed";
}

/** What another schema does to configs. Accounts without a document that inherit the same share one look. */
class Effects {
  /** No account has the config, before and after. */
  readonly areNone: boolean;

  constructor(
    private readonly before: ConfigSchema | undefined,
    private readonly after: ConfigSchema | undefined,
    private readonly from: "forAccount" | "forSystem",
    private readonly configId: string,
  ) {
    this.areNone = before?.[from] === undefined && after?.[from] === undefined;
  }

  /** @param inheritance is the same before and after */
  on(own: StoredDocument | undefined, inheritance: Inheritance): Effect {
    if (own !== undefined) return this.of([own, ...inheritance.before]);
    return inheritance.once(this, () => this.of([undefined, ...inheritance.before]));
  }

  of(documents: InheritedDocuments): Effect {
    return atOnce(schemaEffect(this.#stateOf(this.before, documents), this.#stateOf(this.after, documents)));
  }

  #stateOf(schema: ConfigSchema | undefined, documents: InheritedDocuments): ImpactState<ConfigProblem> {
    const perspective = schema?.[this.from];
    // Where no schema of it is served there is no config.
    if (schema === undefined || perspective === undefined)
      return { config: new EffectiveConfig(undefined, this.configId, [], undefined), problems: noProblems };
    return stateOf({ schema, perspective }, documents);
  }
}

// biome-ignore lint/correctness/useYield: there is nothing to do in pieces.
function* noProblems(): Pieces<readonly ConfigProblem[]> {
  return [];
}
