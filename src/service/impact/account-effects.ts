import {
  type AccountEffect,
  accountEffect,
  type ImpactState,
  inheritsTheSame,
  NO_EFFECT,
} from "../../domain/change/impact.js";
import { EffectiveConfig } from "../../domain/merge/effective-config.js";
import type { LayerKind } from "../../domain/merge/layer.js";
import type { Pieces } from "../../domain/pieces.js";
import type { StoredDocument } from "../../store/store.js";
import type { ConfigPerspective } from "../config-catalog.js";
import { type ConfigProblem, listed, problemsInPieces } from "../problems.js";
import { mergeOf, type VisibleConfig } from "../read/merged-configs.js";
import { type Later, pieceByPiece, yieldInBackground } from "../yield-to-event-loop.js";
import { effectText } from "./impact-digest.js";
import type { Inheritance, InheritedDocuments } from "./impact-scope.js";

/** What a write does to an account, and one text for it. */
export interface ToldEffect extends AccountEffect<ConfigProblem> {
  readonly text: string;
}

const UNAFFECTED: ToldEffect = { ...NO_EFFECT, text: effectText(NO_EFFECT) };

/** What a write does to accounts, by what they inherit and what they have. Those without a document share one look. */
export class AccountEffects {
  /** Of the lowest documents: there are two at most. */
  readonly #lowest = new Map<StoredDocument | undefined, VisibleConfig>();

  /** @param config as accounts see it */
  constructor(private readonly config: ConfigPerspective) {}

  /** Whether an account sees at all that something has changed. */
  isSeen(inheritance: Inheritance): boolean {
    return this.#lookAt(inheritance).isSeen;
  }

  /** A promise where it is not known already. */
  of(inheritance: Inheritance, own: StoredDocument | undefined): Later<ToldEffect> {
    const look = this.#lookAt(inheritance);
    if (!look.isSeen) return UNAFFECTED;
    if (own === undefined) return look.shared ?? this.#share(look);
    return effect(stateOf(this.config, [own], look.before), stateOf(this.config, [own], look.after));
  }

  async #share(look: Look): Promise<ToldEffect> {
    look.shared = await effect(...look.without);
    return look.shared;
  }

  #lookAt(inheritance: Inheritance): Look {
    return inheritance.once(this, () => {
      const [before, after] = [this.#merge(inheritance.before), this.#merge(inheritance.after)];
      const without: Without = [
        stateOf(this.config, [undefined], before),
        stateOf(this.config, [undefined], after),
      ];
      const isSeen = !inheritsTheSame(without[0].config, without[1].config);
      return { before, after, without, isSeen, shared: undefined };
    });
  }

  #merge(inherited: InheritedDocuments): VisibleConfig {
    const { perspective } = this.config;
    const lowest = inherited.at(-1);
    const merged = this.#lowest.get(lowest) ?? mergeOf(perspective, [lowest]);
    this.#lowest.set(lowest, merged);
    return mergeOf(perspective, inherited.slice(0, -1), merged);
  }
}

/** The states before and after of an account that has no document. */
type Without = readonly [ImpactState<ConfigProblem>, ImpactState<ConfigProblem>];

/** What all accounts that inherit the same have in common. */
interface Look {
  readonly before: VisibleConfig;
  readonly after: VisibleConfig;
  readonly without: Without;
  readonly isSeen: boolean;
  /** What the write does to those without a document, once one of them has been looked at. */
  shared: ToldEffect | undefined;
}

async function effect(...states: Without): Promise<ToldEffect> {
  const found = await pieceByPiece(accountEffect(...states), yieldInBackground);
  return { text: effectText(found), ...found };
}

/**
 * The state that documents make, highest precedence first.
 * @param below what they lie over, where that is merged already
 */
export function stateOf(
  from: ConfigPerspective,
  documents: readonly (StoredDocument | undefined)[],
  below?: VisibleConfig,
): ImpactState<ConfigProblem> {
  const config = configOf(from, mergeOf(from.perspective, documents, below));
  return { config, problems: () => listedProblems(config, from) };
}

/** Not a generator function made for each config: V8 keeps what such a function refers to until old memory is collected. */
function* listedProblems(
  config: EffectiveConfig,
  { perspective }: ConfigPerspective,
): Pieces<readonly ConfigProblem[]> {
  return listed(yield* problemsInPieces(config, perspective));
}

/** An account's own layer comes first, and the system's last. */
function configOf(
  { perspective, schema }: ConfigPerspective,
  { layers, merged }: VisibleConfig,
): EffectiveConfig {
  const kinds = KINDS[layers.length] as readonly LayerKind[];
  const stored = layers.map((layer, index) => ({
    kind: kinds[index] as LayerKind,
    document: layer?.document,
    ...layer,
  }));
  const defaults = { kind: "SCHEMA", document: perspective.defaults } as const;
  return new EffectiveConfig(undefined, schema.id, [...stored, defaults], merged);
}

/** By how many documents there are. */
const KINDS: Readonly<Record<number, readonly LayerKind[]>> = {
  1: ["SYSTEM"],
  2: ["ACCOUNT", "SYSTEM"],
  3: ["ACCOUNT", "RESELLER", "SYSTEM"],
};
