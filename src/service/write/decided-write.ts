import { changedPointers } from "../../domain/change/changed-pointers.js";
import { fieldChanges } from "../../domain/change/field-change.js";
import type { EffectiveConfig } from "../../domain/merge/effective-config.js";
import type { Layer } from "../../domain/merge/layer.js";
import type { Perspective } from "../../schema/config-schema.js";
import type { Committed, Expectations } from "../../store/store.js";
import type { ImpactReport } from "../impact/impact-report.js";
import type { Change } from "../impact/impact-scope.js";
import { ConfigSnapshot } from "../read/config-snapshot.js";
import type { LayerVersions } from "../read/stored-layers.js";
import type { WriteResult } from "./config-write.js";
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
  readonly impact: Extract<WriteResult, { result: "written" }>["impact"];
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
  const [written] = after.layers as [Layer];
  const stamped = { revision: version.revision, updatedAt: at, updatedBy: by };
  return after.withHighest({ ...written, ...(written.document && stamped) });
}

/** What the writer is told. */
export function writtenResult(
  { snapshot: before, keys, versions, documents }: ReadLayers,
  decision: WriteDecision,
  { done, dryRun, impact }: Outcome,
): WriteResult {
  const config =
    done !== undefined ? committed(decision, done) : decision.changes ? decision.after : before.config;
  return {
    result: "written",
    snapshot: new ConfigSnapshot(
      config,
      before.schema,
      before.view,
      done === undefined
        ? before
        : {
            keys,
            versions: [done.version, ...versions.slice(1)],
            // The commit expects all that was read: at its sequence nothing else is another.
            position: { ...before.position, sequence: done.version.sequence },
          },
      { write: { dryRun, before: before.config } },
    ),
    get changes() {
      return fieldChanges(before.config, config);
    },
    document: decision.visible?.document,
    constraints: decision.visible?.constraints ?? [],
    pins: decision.visible?.pins ?? [],
    revision: done?.version.revision,
    dryRun,
    replayed: false,
    get changedPointers() {
      return changedPointers(documents[0]?.override ?? {}, decision.content.override ?? {});
    },
    impact,
  };
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
