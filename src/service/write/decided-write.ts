import { changedPointers } from "../../domain/change/changed-pointers.js";
import { type FieldChange, fieldChanges } from "../../domain/change/field-change.js";
import type { JsonObject } from "../../domain/json/json.js";
import type { Constraint } from "../../domain/merge/constraint.js";
import type { EffectiveConfig } from "../../domain/merge/effective-config.js";
import type { Layer } from "../../domain/merge/layer.js";
import type { Perspective } from "../../schema/config-schema.js";
import type { Committed, Expectations } from "../../store/store.js";
import type { ImpactReport } from "../impact/impact-report.js";
import type { Change } from "../impact/impact-scope.js";
import { ConfigSnapshot } from "../read/config-snapshot.js";
import type { LayerVersions } from "../read/stored-layers.js";
import type { WriteResult, WrittenConfig } from "./config-write.js";
import type { NamedOperation } from "./named-operation.js";
import type { WriteDecision } from "./write-decision.js";

/** The result of a write, and who made it. */
export interface Written extends Committed {
  readonly by: string;
}

/** What becomes of a decision that nothing stands in the way of. */
export interface Outcome {
  /** Undefined: nothing is written. */
  readonly done: Written | undefined;
  readonly dryRun: boolean;
  readonly impact: WrittenConfig["impact"];
}

export interface Decided {
  readonly decision: WriteDecision;
  readonly named: NamedOperation | undefined;
  /** The impact that it has to have still when it is committed. */
  readonly expected: ImpactReport | undefined;
  /** Of the schema folder that it is decided under. */
  readonly schemaDigest: string;
}

/** Everything that one decision rests on. */
export interface ReadLayers extends LayerVersions {
  readonly perspective: Perspective;
  readonly snapshot: ConfigSnapshot;
}

/** Of a document that is not there yet. */
const UNWRITTEN = { version: { revision: 0, sequence: 0, nonce: "" }, updatedAt: "", updatedBy: "" };

/** The document that is written, before it and after it. */
export function changeOf({ documents: [before] }: ReadLayers, { content }: WriteDecision): Change {
  const { version, updatedAt, updatedBy } = before ?? UNWRITTEN;
  return { before, after: { version, updatedAt, updatedBy, ...content } };
}

function committed({ after }: WriteDecision, { version, at, by }: Written): EffectiveConfig {
  const [{ kind, accountId, document, constraints, pins }] = after.layers as [Layer];
  const stamp = document && { revision: version.revision, updatedAt: at, updatedBy: by };
  return after.withHighest({ kind, accountId, document, constraints, pins, ...stamp });
}

/** What the writer is told. */
export function writtenResult(read: ReadLayers, decision: WriteDecision, outcome: Outcome): WriteResult {
  const { snapshot: before, keys, versions } = read;
  const { done, dryRun } = outcome;
  const config =
    done !== undefined ? committed(decision, done) : decision.changes ? decision.after : before.config;
  const layers =
    done === undefined
      ? before
      : {
          keys,
          versions: [done.version, ...versions.slice(1)],
          // The commit expects all that was read: at its sequence nothing else is another.
          position: { ...before.position, sequence: done.version.sequence },
        };
  const write = { dryRun, before: before.config };
  const snapshot = new ConfigSnapshot(config, before.schema, before.view, layers, { write });
  return new DecidedResult(snapshot, read, decision, outcome);
}

class DecidedResult implements WrittenConfig {
  readonly result = "written";
  readonly replayed = false;
  readonly revision: number | undefined;
  readonly dryRun: boolean;
  readonly impact: WrittenConfig["impact"];
  readonly #read: ReadLayers;
  readonly #decision: WriteDecision;

  constructor(
    readonly snapshot: ConfigSnapshot,
    read: ReadLayers,
    decision: WriteDecision,
    { done, dryRun, impact }: Outcome,
  ) {
    this.#read = read;
    this.#decision = decision;
    this.revision = done?.version.revision;
    this.dryRun = dryRun;
    this.impact = impact;
  }

  get changes(): readonly FieldChange[] {
    return fieldChanges(this.#read.snapshot.config, this.snapshot.config);
  }

  get document(): JsonObject | undefined {
    return this.#decision.visible?.document;
  }

  get constraints(): readonly Constraint[] {
    return this.#decision.visible?.constraints ?? [];
  }

  get pins(): readonly string[] {
    return this.#decision.visible?.pins ?? [];
  }

  get changedPointers(): Iterable<string> {
    const [before] = this.#read.documents;
    return changedPointers(before?.override ?? {}, this.#decision.content.override ?? {});
  }
}

/** Every layer read, and the ancestry that named them (R13). */
export function expectations({ ancestry, keys, versions }: ReadLayers): Expectations {
  return {
    documents: keys.map((key, index) => ({ key, version: versions[index] })),
    accounts:
      ancestry === undefined ? [] : [{ id: ancestry.lineage[0].id, version: ancestry.lineage[0].version }],
    ...(ancestry && { tree: ancestry.tree }),
  };
}
