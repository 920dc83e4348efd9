import { LAYER_KINDS, type LayerKind } from "../../domain/merge/layer.js";
import type { StoredDocument } from "../../store/store.js";
import type { OpenRound, StoreCursor } from "../store-cursor.js";
import type { LiveState } from "./live-state.js";

/** Everything that is told of one position, one event for each config. */
export interface Round {
  readonly position: StoreCursor;
  /** What was told before of those configs of which nothing is told yet. */
  readonly before: OpenRound["before"];
}

/** One config that moved. */
export interface LiveEvent {
  readonly round: Round;
  readonly configId: string;
  /** Undefined: the first that is told of it. */
  readonly before: LiveState | undefined;
  readonly after: LiveState;
  readonly moved: ReadonlySet<LayerKind>;
  /** Of a first one: whether what was told before no longer counts. */
  readonly isReset: boolean;
}

export function byConfigId(a: LiveEvent, b: LiveEvent): number {
  return a.configId < b.configId ? -1 : a.configId > b.configId ? 1 : 0;
}

export function inOrder(kinds: ReadonlySet<LayerKind>): LayerKind[] {
  return LAYER_KINDS.filter((kind) => kinds.has(kind));
}

/**
 * Events of several positions, in order, as those of the last one: one for each config, from the last state before them to
 * the newest. A config that has become again what it was has none.
 */
export function collapse(events: readonly LiveEvent[]): LiveEvent[] {
  const [first, last] = [events[0], events.at(-1)];
  if (first === undefined || last === undefined) return [];
  const round: Round = { position: last.round.position, before: first.round.before };
  const byConfig = new Map<string, LiveEvent>();
  for (const event of events) {
    const earlier = byConfig.get(event.configId);
    const moved = new Set([...(earlier?.moved ?? []), ...event.moved]);
    const { before, isReset } = earlier ?? event;
    byConfig.set(event.configId, { ...event, round, before, moved, isReset });
  }
  return [...byConfig.values()]
    .filter(({ before, after }) => before === undefined || !after.looksLike(before))
    .sort(byConfigId);
}

/** Whatever an event takes beside the documents. */
const BYTES_PER_EVENT = 1_024;
const BYTES_PER_CHARACTER = 2;
const characters = new WeakMap<StoredDocument, number>();

/** About what memory an event holds: of the documents of its layers those that its config was not made of before. */
export function sizeOfEvent({ before, after }: LiveEvent): number {
  const brought = after.documents.filter((document) => !before?.documents.includes(document));
  return brought.reduce((bytes, document) => bytes + sizeOfDocument(document), BYTES_PER_EVENT);
}

function sizeOfDocument(document: StoredDocument | undefined): number {
  if (document?.override === undefined) return 0;
  const size = characters.get(document) ?? JSON.stringify(document.override).length;
  characters.set(document, size);
  return BYTES_PER_CHARACTER * size;
}
