import { type FieldChange, fieldChanges } from "../../domain/change/field-change.js";
import { StrataError } from "../../domain/errors.js";
import { EffectiveConfig } from "../../domain/merge/effective-config.js";
import type { LayerKind } from "../../domain/merge/layer.js";
import type { Perspective } from "../../schema/config-schema.js";
import {
  type DocumentKey,
  type DocumentRevision,
  type EarlierOperation,
  type Store,
  type StoredDocument,
  sameVersion,
  type Version,
} from "../../store/store.js";
import { fromStore } from "../from-store.js";
import type { Change } from "../impact/impact-scope.js";
import type { ImpactAt } from "../impact/write-impact.js";
import type { ConfigSnapshot } from "../read/config-snapshot.js";
import { mergeOf } from "../read/merged-configs.js";
import { type VisibleContent, visibleContent } from "../read/visible-layer.js";
import type { WriteResult } from "./config-write.js";

/** What a config write leaves for the answers to its retries: nothing that is a value. */
interface Memo {
  /** Tells the request that did it from those that are answered with it. */
  readonly attempt: string;
  /** The documents that it was decided on, its own first: whose (null: the system's), and in which revision (0: none). */
  readonly layers: readonly (readonly [accountId: string | null, revision: number])[];
}

export function memoOf(
  attempt: string,
  keys: readonly DocumentKey[],
  versions: readonly (Version | undefined)[],
): string {
  const layers = keys.map(({ accountId }, index) => [accountId ?? null, versions[index]?.revision ?? 0]);
  return JSON.stringify({ attempt, layers });
}

/** What an earlier write did. Each of these throws where the histories no longer tell it. */
export interface EarlierWrite {
  /** Undefined: the document was removed, or nothing of it is visible. */
  readonly content: VisibleContent | undefined;
  readonly changes: readonly FieldChange[];
  /** The document before it and after it, all of it. */
  readonly stored: Change;
}

/**
 * What an earlier write did, out of the histories of the documents that it was decided on, as today's schema lets it be
 * seen.
 * @throws StrataError STORE_UNAVAILABLE
 */
export async function earlierWrite(
  store: Store,
  { accountId, configId }: DocumentKey,
  perspective: Perspective,
  { memo, version }: EarlierOperation,
): Promise<EarlierWrite> {
  const [[, before] = ["", 0], ...parents] = (JSON.parse(memo) as Memo).layers;
  const revisionOf = (owner: string | undefined, revision: number) =>
    revisionIn(store, { accountId: owner, configId }, revision, version.sequence);
  const [made, replaced, ...below] = await Promise.all([
    revisionOf(accountId, version.revision),
    revisionOf(accountId, before),
    ...parents.map(([owner, revision]) => revisionOf(owner ?? undefined, revision)),
  ]);
  const isKept = made !== "lost" && sameVersion(made?.version, version);
  const effective = (own: DocumentRevision | undefined): EffectiveConfig => {
    const found = [own, ...below].map((each) => {
      if (each === "lost") throw gone(version);
      return each;
    });
    const { layers, merged } = mergeOf(perspective, found.map(asStored));
    const owners = [accountId, ...parents.map(([owner]) => owner ?? undefined)];
    const all = layers.map((layer, index) => ({
      kind: kindOf(owners[index], index),
      accountId: owners[index],
      document: layer?.document,
      constraints: layer?.constraints,
      pins: layer?.pins,
    }));
    const schema = { kind: "SCHEMA", document: perspective.defaults } as const;
    return new EffectiveConfig(accountId, configId, [...all, schema], merged);
  };
  return {
    get content() {
      if (!isKept) throw gone(version);
      return made && visibleContent(made, perspective);
    },
    get stored() {
      if (!isKept || replaced === "lost") throw gone(version);
      return { before: asStored(replaced), after: asStored(made) };
    },
    get changes() {
      if (!isKept || replaced === "lost") throw gone(version);
      return fieldChanges(effective(replaced), effective(made));
    },
  };
}

/** The answer to a retry of it: what was done then, and the config as it is now. */
export function replayedResult(
  earlier: EarlierWrite,
  { version }: EarlierOperation,
  snapshot: ConfigSnapshot,
  impact: ImpactAt,
): WriteResult {
  return {
    result: "written",
    snapshot,
    get changes() {
      return earlier.changes;
    },
    get document() {
      return earlier.content?.document;
    },
    get constraints() {
      return earlier.content?.constraints ?? [];
    },
    get pins() {
      return earlier.content?.pins ?? [];
    },
    revision: version.revision,
    dryRun: false,
    replayed: true,
    changedPointers: [],
    impact: (watch) => impact(snapshot.position, watch),
  };
}

/** A document as a revision left it; undefined: it had none. `lost`: no longer kept, or gone with its account. */
async function revisionIn(
  store: Store,
  key: DocumentKey,
  revision: number,
  upTo: number,
): Promise<DocumentRevision | undefined | "lost"> {
  if (revision === 0) return undefined;
  const { revisions } = await fromStore(store.history({ key, before: revision + 1, limit: 1, bytes: 1 }));
  const [found] = revisions;
  // A later one of the same number is that of another account, which got the id.
  const isIt = found?.version.revision === revision && found.version.sequence <= upTo;
  return isIt ? found : "lost";
}

function asStored(revision: DocumentRevision | undefined): StoredDocument | undefined {
  return revision && { updatedAt: revision.at, updatedBy: revision.by, ...revision };
}

function kindOf(accountId: string | undefined, index: number): LayerKind {
  if (accountId === undefined) return "SYSTEM";
  return index === 0 ? "ACCOUNT" : "RESELLER";
}

function gone({ revision }: Version): StrataError {
  return new StrataError(
    "REVISION_NOT_FOUND",
    `The write was done before, as revision ${revision}: nothing was written now. What it changed is no longer kept; ask for the other fields.`,
  );
}
