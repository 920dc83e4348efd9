import type { Perspective } from "../../schema/config-schema.js";
import type { StoredDocument } from "../../store/store.js";
import { defaultsOf, mergeOf, type VisibleConfig } from "../read/merged-configs.js";

/** Stands for a document where there is none. */
const NOTHING: StoredDocument = {
  version: { revision: 0, sequence: 0, nonce: "" },
  override: undefined,
  updatedAt: "",
  updatedBy: "",
};

/**
 * What inherited documents come to over a merge: the same documents always come to the same. For documents that many inherit, and
 * that are there for long: V8 keeps the values of a WeakMap, whatever became of their keys, until it collects old memory.
 */
const merges = new WeakMap<VisibleConfig, WeakMap<StoredDocument, VisibleConfig>>();

/**
 * The merge of documents, highest precedence first. Of inherited documents that are the very same objects it is made once, and
 * accounts that override nothing share theirs.
 */
export function sharedMerge(
  perspective: Perspective,
  [own, ...inherited]: readonly (StoredDocument | undefined)[],
): VisibleConfig {
  const below = inherited.reduceRight<VisibleConfig>(
    (config, document) => inheritedOver(config, document, perspective),
    defaultsOf(perspective),
  );
  return own === undefined ? inheritedOver(below, own, perspective) : mergeOf(perspective, [own], below);
}

function inheritedOver(
  below: VisibleConfig,
  document: StoredDocument | undefined,
  perspective: Perspective,
): VisibleConfig {
  const known = merges.get(below) ?? new WeakMap<StoredDocument, VisibleConfig>();
  merges.set(below, known);
  const key = document ?? NOTHING;
  const config = known.get(key) ?? mergeOf(perspective, [document], below);
  known.set(key, config);
  return config;
}
