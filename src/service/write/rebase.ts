import type { BlamedCommit } from "../../domain/change/blame.js";
import { StrataError } from "../../domain/errors.js";
import type { EffectiveConfig } from "../../domain/merge/effective-config.js";
import type { LayerKind } from "../../domain/merge/layer.js";
import { type Overlap, overlaps } from "../../domain/write/overlap.js";
import type { HistoryOf, Position, Store } from "../../store/store.js";
import type { ConfigPerspective, ConfigTarget } from "../config-catalog.js";
import { fromStore } from "../from-store.js";
import { changedBy } from "../read/attributed-changes.js";
import { type ConfigSnapshot, snapshotOf } from "../read/config-snapshot.js";
import { mergeOf } from "../read/merged-configs.js";
import { yieldToEventLoop } from "../yield-to-event-loop.js";

/** A field that a write would overwrite although another has changed it since the write's `base` (R23). */
export interface FieldConflict extends Overlap {
  /** The layer that the value of now comes from; undefined where nothing is. */
  readonly theirsSource: LayerKind | undefined;
  /** Undefined: a schema or an account's move made the difference, or the caller may not know. */
  readonly by: BlamedCommit | undefined;
}

/** A write that was decided on an earlier state of a config. */
export interface Rebase {
  readonly target: ConfigTarget;
  readonly base: Position;
  readonly config: ConfigPerspective;
  /** The config as it is now. */
  readonly current: ConfigSnapshot;
  /** As it would be. */
  readonly after: EffectiveConfig;
}

/**
 * Every field that the write would set to something else than what is there, and that is not any more what it was at `base`. A
 * write differs from what is there only where it names something, so these are the overlaps of two edits.
 * @throws StrataError BAD_USER_INPUT, REVISION_NOT_FOUND for a base that cannot be told; STORE_UNAVAILABLE
 */
export async function fieldConflicts(store: Store, rebase: Rebase): Promise<FieldConflict[]> {
  const base = await configAtBase(store, rebase);
  await yieldToEventLoop();
  const { current, after } = rebase;
  const found = [...overlaps(base.config.values, current.config.values, after.values)];
  if (found.length === 0) return [];
  const history = (of: HistoryOf) => fromStore(store.history(of));
  const pointers = found.map(({ pointer }) => pointer);
  const by = await changedBy(base, current, pointers, { history });
  return found.map((overlap) => ({
    ...overlap,
    theirsSource: current.config.sourceAt(overlap.pointer),
    by: by.get(overlap.pointer),
  }));
}

/** The config as it was at the base: the layers of then, through today's schemas and access. */
async function configAtBase(
  store: Store,
  { target, base, config, current }: Rebase,
): Promise<ConfigSnapshot> {
  const { position } = current;
  if (base.incarnation !== position.incarnation)
    throw untold("it is of another store, or of before an import");
  if (base.sequence > position.sequence) throw isAhead();
  const { configs, incarnation } = await fromStore(store.layersAfter([target], base.sequence));
  if (incarnation !== base.incarnation) throw untold("the store was replaced by an import");
  const [past] = configs;
  switch (past?.outcome) {
    case "kept": {
      const { lineage, keys, versions, documents } = past;
      const merged = mergeOf(config.perspective, documents);
      const layers = { lineage, keys, versions, position: base };
      return snapshotOf(config, { layers, config: merged }, current.view);
    }
    case "notKept":
      throw untold("the history of then is no longer kept");
    default:
      throw untold("this account did not exist then");
  }
}

function untold(reason: string): StrataError {
  return new StrataError(
    "REVISION_NOT_FOUND",
    `Nothing was written: what was in force at \`base\` cannot be told, because ${reason}. Read the config again, and decide on that.`,
    { pointer: "/base" },
  );
}

function isAhead(): StrataError {
  return new StrataError(
    "BAD_USER_INPUT",
    "Nothing was written: `base` is a position that the store has not reached. Hand back the `cursor` of a config as it was answered.",
    { pointer: "/base" },
  );
}
