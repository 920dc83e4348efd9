import type { BlamedCommit } from "../../domain/change/blame.js";
import {
  type ChangeCause,
  causeOf,
  constrainsTheSame,
  saysTheSame,
} from "../../domain/change/change-cause.js";
import { type FieldChange, fieldChangesInPieces } from "../../domain/change/field-change.js";
import { StrataError } from "../../domain/errors.js";
import { tokensOf } from "../../domain/json/pointer.js";
import type { Layer } from "../../domain/merge/layer.js";
import { type DocumentKey, type DocumentRevision, keyText, sameVersion } from "../../store/store.js";
import { mayAccessLayer } from "../authorize.js";
import { pieceByPiece, yieldToEventLoop } from "../yield-to-event-loop.js";
import type { ConfigSnapshot } from "./config-snapshot.js";
import type { RequestReader } from "./request-reader.js";
import { visibleContent } from "./visible-layer.js";

/** How one field differs between two states of a config, and the commit that made it so. */
export interface AttributedChange extends FieldChange {
  /** Undefined: a schema, an account's move or a dry run made it so, or the caller may not know. */
  readonly by: BlamedCommit | undefined;
}

type HistoryReader = Pick<RequestReader, "history">;

/** By pointer: what about the layer made the field another one. */
type Pointers = Map<string, ChangeCause["by"]>;

/** What a layer says. */
type Said = Pick<Layer, "document" | "constraints">;

/** Revisions that are read at a time, and the bytes of their records. */
const PAGE = { limit: 100, bytes: 2 ** 18 };
/** Fields that are looked at in one piece. */
const PIECE = 2_000;

/**
 * What differs in force between two states of one config, and who did it, as `changedBy` tells.
 * @throws StrataError STORE_UNAVAILABLE
 */
export async function attributedChanges(
  before: ConfigSnapshot,
  after: ConfigSnapshot,
  reader: RequestReader,
): Promise<AttributedChange[]> {
  await yieldToEventLoop();
  const changes = await pieceByPiece(fieldChangesInPieces(before.config, after.config));
  const pointers = changes.map(({ pointer }) => pointer);
  const by = await changedBy(before, after, pointers, reader);
  return changes.map((change) => ({ by: by.get(change.pointer), ...change }));
}

/**
 * Who did it, for places that differ: of the highest layer that says something else there, the last commit of those in between
 * that changed what it says. A place is missing where a schema, an account's move or a dry run made the difference, or the caller may
 * not know.
 * @throws StrataError STORE_UNAVAILABLE
 */
export async function changedBy(
  before: ConfigSnapshot,
  after: ConfigSnapshot,
  places: readonly string[],
  reader: HistoryReader,
): Promise<ReadonlyMap<string, BlamedCommit>> {
  const pointers = new Map<number, Pointers>();
  for (const [index, pointer] of places.entries()) {
    if (index % PIECE === 0) await yieldToEventLoop();
    const cause = causeOf(before.config, after.config, pointer);
    if (cause === undefined || !isTold(before, after, cause.layer)) continue;
    pointers.set(cause.layer, (pointers.get(cause.layer) ?? new Map()).set(pointer, cause.by));
  }
  await yieldToEventLoop();
  const found = new Map<string, BlamedCommit>();
  for (const [layer, unexplained] of pointers) {
    const search = new LayerSearch(before, after, layer, unexplained, found);
    await search.run(reader);
  }
  return found;
}

/** Whether it is the same document before and after, and the caller may know who wrote it (R15). */
function isTold(before: ConfigSnapshot, after: ConfigSnapshot, layer: number): boolean {
  const [old, key] = [before.keys[layer], after.keys[layer]];
  if (old === undefined || key === undefined || keyText(old) !== keyText(key)) return false;
  return mayAccessLayer(after.view, key.accountId);
}

/** Goes back through the revisions of one layer's document, from the later state to the earlier one. */
class LayerSearch {
  readonly #key: DocumentKey;
  /** What comes after the revision that is looked at. */
  #later: { readonly said: Said | undefined; readonly commit: BlamedCommit | undefined };

  constructor(
    private readonly before: ConfigSnapshot,
    private readonly after: ConfigSnapshot,
    private readonly layer: number,
    private readonly unexplained: Pointers,
    private readonly found: Map<string, BlamedCommit>,
  ) {
    this.#key = after.keys[layer] as DocumentKey;
    this.#later = { said: after.config.layers[layer], commit: undefined };
  }

  async run(reader: HistoryReader): Promise<void> {
    const newest = this.after.versions[this.layer];
    const oldest = this.before.versions[this.layer]?.revision ?? 0;
    for (let next = newest?.revision ?? 0; this.unexplained.size > 0 && next > oldest; ) {
      const { revisions } = await reader.history({ key: this.#key, before: next + 1, ...PAGE });
      if (revisions[0]?.version.revision !== next) throw isGone();
      if (next === newest?.revision && !sameVersion(revisions[0].version, newest)) throw isGone();
      for (const revision of revisions) {
        next = revision.version.revision;
        if (next <= oldest) break;
        await yieldToEventLoop();
        await this.#stepBack(revision);
        next--;
      }
    }
    await this.#explain(this.before.config.layers[this.layer]);
  }

  async #stepBack(revision: DocumentRevision): Promise<void> {
    const said = visibleContent(revision, this.after.perspective);
    await this.#explain(said);
    const { version, at, by, note } = revision;
    this.#later = { said, commit: { revision: version.revision, at, by, note } };
  }

  /** What the later document says otherwise, its commit did; of a dry run there is none. */
  async #explain(said: Said | undefined): Promise<void> {
    const { said: later, commit } = this.#later;
    let count = 0;
    for (const [pointer, by] of this.unexplained) {
      if (count++ % PIECE === 0) await yieldToEventLoop();
      if (isSaidAlike(said, later, pointer, by)) continue;
      this.unexplained.delete(pointer);
      if (commit !== undefined) this.found.set(pointer, commit);
    }
  }
}

function isSaidAlike(
  a: Said | undefined,
  b: Said | undefined,
  pointer: string,
  by: ChangeCause["by"],
): boolean {
  if (by === "document") return saysTheSame(a?.document, b?.document, tokensOf(pointer));
  return constrainsTheSame(a?.constraints, b?.constraints, pointer);
}

function isGone(): StrataError {
  return new StrataError("STORE_UNAVAILABLE", "The history was trimmed while it was read. Try again.");
}
