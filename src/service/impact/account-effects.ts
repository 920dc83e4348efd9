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
import { mergeOf } from "../read/merged-configs.js";
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
  readonly #shared = new WeakMap<Inheritance, ToldEffect>();
  readonly #seen = new WeakMap<Inheritance, boolean>();

  /** @param config as accounts see it */
  constructor(private readonly config: ConfigPerspective) {}

  /** Whether an account sees at all that something has changed. */
  isSeen(inheritance: Inheritance): boolean {
    const isSeen =
      this.#seen.get(inheritance) ??
      !inheritsTheSame(
        this.#configOf(undefined, inheritance.before),
        this.#configOf(undefined, inheritance.after),
      );
    this.#seen.set(inheritance, isSeen);
    return isSeen;
  }

  /** A promise where it is not known already. */
  of(inheritance: Inheritance, own: StoredDocument | undefined): Later<ToldEffect> {
    if (!this.isSeen(inheritance)) return UNAFFECTED;
    if (own !== undefined) return this.#effect(inheritance, own);
    return this.#shared.get(inheritance) ?? this.#share(inheritance);
  }

  async #share(inheritance: Inheritance): Promise<ToldEffect> {
    const shared = await this.#effect(inheritance, undefined);
    this.#shared.set(inheritance, shared);
    return shared;
  }

  async #effect({ before, after }: Inheritance, own: StoredDocument | undefined): Promise<ToldEffect> {
    const states = [before, after].map((inherited) => stateOf(this.config, [own, ...inherited])) as [
      ImpactState<ConfigProblem>,
      ImpactState<ConfigProblem>,
    ];
    const effect = await pieceByPiece(accountEffect(...states), yieldInBackground);
    return { ...effect, text: effectText(effect) };
  }

  #configOf(own: StoredDocument | undefined, inherited: InheritedDocuments): EffectiveConfig {
    return configOf(this.config, [own, ...inherited]);
  }
}

/** The state that documents make, highest precedence first. */
export function stateOf(
  from: ConfigPerspective,
  documents: readonly (StoredDocument | undefined)[],
): ImpactState<ConfigProblem> {
  const config = configOf(from, documents);
  return { config, problems: () => listedProblems(config, from) };
}

/** Not a generator function made for each config: V8 keeps what such a function refers to until old memory is collected. */
function* listedProblems(
  config: EffectiveConfig,
  { perspective }: ConfigPerspective,
): Pieces<readonly ConfigProblem[]> {
  return listed(yield* problemsInPieces(config, perspective));
}

/** The config that documents make, highest precedence first: an account's own comes first, and the system's last. */
function configOf(
  { perspective, schema }: ConfigPerspective,
  documents: readonly (StoredDocument | undefined)[],
): EffectiveConfig {
  const { layers, merged } = mergeOf(perspective, documents);
  const kinds = KINDS[layers.length] as readonly LayerKind[];
  const stored = layers.map((layer, index) => ({
    ...layer,
    kind: kinds[index] as LayerKind,
    document: layer?.document,
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
