import { type FieldChange, fieldChanges } from "../../domain/change/field-change.js";
import type { EffectiveConfig } from "../../domain/merge/effective-config.js";
import type { LayerKind } from "../../domain/merge/layer.js";
import type { Merged } from "../../domain/merge/merged.js";
import {
  type DocumentKey,
  documentKeys,
  type Lineage,
  type Position,
  type StoredDocument,
} from "../../store/store.js";
import type { ConfigView } from "../authorize.js";
import type { ConfigPerspective } from "../config-catalog.js";
import { configEtag, isSameContent } from "../read/config-etag.js";
import { type ConfigSnapshot, snapshotOf } from "../read/config-snapshot.js";
import type { VisibleConfig } from "../read/merged-configs.js";
import { sharedMerge } from "./shared-merges.js";

/** What is compared depends on no caller. */
const NOBODYS_VIEW: ConfigView = { account: undefined, seesSystem: false };
const NOWHERE: Position = { incarnation: "", sequence: 0 };

/**
 * What one config of an account is made of at one position. Everything else is worked out when it is asked for, and little of
 * it is kept: thousands of these are on their way to subscribers at once.
 */
export class LiveState {
  #visible: VisibleConfig | undefined;

  /** @param documents of its layers, highest precedence first */
  constructor(
    readonly from: ConfigPerspective,
    readonly lineage: Lineage,
    readonly documents: readonly (StoredDocument | undefined)[],
  ) {}

  get keys(): readonly DocumentKey[] {
    return documentKeys(this.lineage, this.from.schema.id);
  }

  /** The same with another document in one layer. */
  with(layer: number, document: StoredDocument | undefined): LiveState {
    return new LiveState(
      this.from,
      this.lineage,
      this.documents.map((old, index) => (index === layer ? document : old)),
    );
  }

  /** As one caller sees it. */
  snapshot(view: ConfigView, position: Position): ConfigSnapshot {
    const { lineage, keys } = this;
    const versions = this.documents.map((document) => document?.version);
    return snapshotOf(
      this.from,
      { layers: { lineage, keys, versions, position }, config: this.#merge() },
      view,
    );
  }

  /** Whether the account overrides nothing. */
  get isShared(): boolean {
    return this.documents[0] === undefined;
  }

  /** Accounts that override nothing share it. */
  get merged(): Merged {
    return this.#merge().merged;
  }

  get config(): EffectiveConfig {
    return this.snapshot(NOBODYS_VIEW, NOWHERE).config;
  }

  /** Whether nobody sees a difference: whether the etags are equal. */
  looksLike(other: LiveState): boolean {
    if (this.from !== other.from || this.lineage !== other.lineage)
      return configEtag(this.config) === configEtag(other.config);
    return isSameContent(this.#content, other.#content);
  }

  get #content() {
    const { merged, layers } = this.#merge();
    return { merged, pins: layers[0]?.pins };
  }

  /** The merge is made anew when it is asked for. */
  shrink(): void {
    this.#visible = undefined;
  }

  #merge(): VisibleConfig {
    this.#visible ??= sharedMerge(this.from.perspective, this.documents);
    return this.#visible;
  }
}

/** The layer that a document is of a config, by its place. */
export function layerKindAt(layer: number, layers: number): LayerKind {
  if (layer === 0) return "ACCOUNT";
  return layer === layers - 1 ? "SYSTEM" : "RESELLER";
}

/** What differs between two merges does not depend on whose they are: accounts that override nothing share it. */
const known = new WeakMap<Merged, WeakMap<Merged, readonly FieldChange[]>>();

export function changesBetween(before: LiveState, after: LiveState): readonly FieldChange[] {
  const [old, now] = [before.merged, after.merged];
  const shared = known.get(old)?.get(now);
  if (shared !== undefined) return shared;
  const changes = fieldChanges(before.config, after.config);
  // What nobody shares would be kept until the next full collection.
  if (before.isShared && after.isShared) {
    const ofOld = known.get(old) ?? new WeakMap<Merged, readonly FieldChange[]>();
    known.set(old, ofOld.set(now, changes));
  }
  return changes;
}
