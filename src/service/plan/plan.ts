import type { FieldChange } from "../../domain/change/field-change.js";
import type { ImpactOutcome } from "../../domain/change/impact.js";
import type { LayerKind } from "../../domain/merge/layer.js";
import type { DocumentKey, Store } from "../../store/store.js";
import type { ConfigService } from "../config-service.js";
import type { AccountImpact } from "../impact/impact-page.js";
import type { ConfigProblem } from "../problems.js";
import type { RefusedFile } from "./declared-folder.js";
import type { WantedIntent } from "./wanted-write.js";

/** One write that a plan consists of, and what it does once all before it are made. */
export interface PlannedWrite {
  /** Undefined: no file declares the document, and all of it goes. */
  readonly file: string | undefined;
  readonly target: DocumentKey;
  readonly intent: WantedIntent;
  /** The state that it is decided on. */
  readonly etag: string;
  /** Of the effective config. */
  readonly changes: readonly FieldChange[];
  /** What it does to the accounts below; undefined: none inherits the document. */
  readonly impact: PlannedImpact | undefined;
  /** Two writes have the same if they do the same, to the same state, with the same impact. */
  readonly digest: string;
}

export interface PlannedImpact {
  readonly total: number;
  readonly counts: Readonly<Record<ImpactOutcome, number>>;
  readonly digest: string;
  /** Some of the accounts whose config changes, those that break first. */
  readonly accounts: readonly AccountImpact[];
}

/** A document that cannot hold what is declared. */
export interface RefusedDocument extends RefusedFile {
  readonly problems: readonly ConfigProblem[];
}

/** A declared value that the document holds, and a constraint keeps out of force. */
export interface DormantValue {
  readonly file: string;
  readonly pointer: string;
  /** The layer that the constraint is of. */
  readonly layer: LayerKind;
  readonly reason: string;
}

export interface Plan {
  /** How many documents are declared. */
  readonly declared: number;
  /** In the order in which they are made: each layer before those that inherit from it. */
  readonly writes: readonly PlannedWrite[];
  readonly refused: readonly RefusedDocument[];
  readonly dormant: readonly DormantValue[];
}

/** Where a plan is made: a store on which everything is tried. */
export interface PlanGround {
  readonly store: Store;
  readonly configs: ConfigService;
}
