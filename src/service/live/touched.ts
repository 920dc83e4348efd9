import type { LayerKind } from "../../domain/merge/layer.js";
import type { StoredDocument } from "../../store/store.js";
import { LiveState, layerKindAt } from "./live-state.js";
import type { WatchedAccount, WatchedConfig, WatchedDocument } from "./watched-configs.js";

/** What a config was before a step, and which of its layers have moved in it. */
export interface Touched {
  readonly config: WatchedConfig;
  /** Undefined: its subscribers were told nothing of it yet. */
  readonly before: LiveState | undefined;
  readonly moved: ReadonlySet<LayerKind>;
}

/**
 * The configs that a step touches, one account at a time. Each account's are worked out when they are asked for: a step that
 * touches thousands keeps nothing of those that were told.
 */
export type TouchedAccounts = Iterable<readonly Touched[]>;

/** Documents that have become others in a step, and what each was before it. */
export type ReplacedDocuments = ReadonlyMap<WatchedDocument, StoredDocument | undefined>;

/** What is made of replaced documents. */
export function* touchedBy(replaced: ReplacedDocuments): TouchedAccounts & Generator<readonly Touched[]> {
  const configIds = new Set([...replaced.keys()].map(({ key }) => key.configId));
  const found = new Set<WatchedAccount>();
  for (const { views } of replaced.keys())
    for (const { account } of views) {
      if (found.has(account)) continue;
      found.add(account);
      yield [...configIds].flatMap((id) => touchedConfig(account.configs.get(id), replaced) ?? []);
    }
}

function touchedConfig(config: WatchedConfig | undefined, replaced: ReplacedDocuments): Touched | undefined {
  if (config === undefined) return undefined;
  const { from, account, documents } = config;
  const moved = new Set<LayerKind>();
  const before = documents.map((document, layer) => {
    if (!replaced.has(document)) return document.document;
    moved.add(layerKindAt(layer, documents.length));
    return replaced.get(document);
  });
  return moved.size === 0
    ? undefined
    : { config, before: new LiveState(from, account.lineage, before), moved };
}
