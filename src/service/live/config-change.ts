import type { FieldChange } from "../../domain/change/field-change.js";
import type { LayerKind } from "../../domain/merge/layer.js";
import type { ConfigSnapshot } from "../read/config-snapshot.js";

/** What a subscriber of configs is told at a time. */
export interface ConfigChange {
  /** Handed back as `since` it goes on from here. */
  readonly cursor: string;
  /** Whether it is the first of this config, or a reset: then `changes` is empty. */
  readonly snapshot: boolean;
  /** Whether nothing but the cursor has moved: then there is no config. */
  readonly bookmark: boolean;
  /** Whether `since` could not be honoured: what was told before no longer counts. */
  readonly reset: boolean;
  /** As of the cursor. */
  readonly config: ConfigSnapshot | undefined;
  /** From the last state that was delivered. */
  readonly changes: readonly FieldChange[];
  /** Highest precedence first. An account's move is RESELLER, another schema folder SCHEMA. */
  readonly movedLayers: readonly LayerKind[];
}
