import type { LayerKind } from "../../domain/merge/layer.js";
import type { Store, StoredDocument } from "../../store/store.js";
import { commitMark, type OpenRound, type StoreCursor } from "../store-cursor.js";
import { BACKGROUND_MS, yieldToEventLoop } from "../yield-to-event-loop.js";
import { versionAt } from "./commit-tail.js";
import { byConfigId, collapse, type LiveEvent, sizeOfEvent } from "./live-event.js";
import { type LiveState, layerKindAt } from "./live-state.js";
import { type DocumentCourse, PastState, type PastStore } from "./past-state.js";
import type { WatchedConfig } from "./watched-configs.js";

/** A replay of more than this is told as one event for each config. */
const MOST_EVENTS = 1_000;
const MOST_BYTES = 4 * 2 ** 20;

const NOTHING_MOVED: ReadonlySet<LayerKind> = new Set();

/** One subscribed config at the position from which on its subscriber is told of everything. */
export interface Resumed {
  readonly configId: string;
  readonly state: LiveState;
  /** Whether a layer's document, by place, was the same to accounts at any time since a sequence, as far as was watched. */
  readonly isQuietSince: (layer: number, sequence: number) => boolean;
}

export function resumed(config: WatchedConfig): Resumed {
  const { id: configId, state, documents } = config;
  const quiet = documents.map(({ watchedFrom, visibleAt }) => ({ watchedFrom, visibleAt }));
  return {
    configId,
    state,
    isQuietSince: (layer, sequence) => {
      const { watchedFrom = 0, visibleAt = 0 } = quiet[layer] ?? {};
      return sequence >= watchedFrom && sequence >= visibleAt;
    },
  };
}

export type ResumeOutcome = "replayed" | "nothing missed" | "reset";

export interface Replay {
  readonly events: readonly LiveEvent[];
  readonly outcome: ResumeOutcome;
}

/** First states of configs, as one round. */
export function firstStates(
  configs: readonly Resumed[],
  position: StoreCursor,
  before: "nothing" | "reset",
): LiveEvent[] {
  const round = { position, before };
  return configs
    .map(({ configId, state }): LiveEvent => {
      const isReset = before === "reset";
      return { round, configId, before: undefined, after: state, moved: NOTHING_MOVED, isReset };
    })
    .sort(byConfigId);
}

/**
 * Tells what came after a cursor, from the histories of the documents: in order, each commit by itself. What they do not
 * tell begins again.
 */
export class Replayer {
  readonly #past: PastState;

  constructor(private readonly store: PastStore & Pick<Store, "changes">) {
    this.#past = new PastState(store);
  }

  /**
   * @param configs of one account, as they are at `position`
   * @throws StrataError STORE_UNAVAILABLE
   */
  async replay(since: StoreCursor, configs: readonly Resumed[], position: StoreCursor): Promise<Replay> {
    const reset = (): Replay => ({ events: firstStates(configs, position, "reset"), outcome: "reset" });
    if (!(await this.#isOfThisStore(since, position))) return reset();
    const plan = planOf(since, configs);
    const oldest = Math.min(since.sequence, ...plan.late.map(() => plan.lateFrom));
    const [lineage] = configs.map(({ state }) => state.lineage);
    if (lineage === undefined || !(await this.#past.hasStayed(lineage, oldest))) return reset();
    const catchUp = await this.#events(plan.late, plan.lateFrom, since.sequence, position);
    const rest = await this.#events(
      [...plan.whole, ...plan.late],
      since.sequence,
      position.sequence,
      position,
    );
    const lost = new Set([...catchUp.lost, ...rest.lost]);
    const isKept = ({ configId }: { readonly configId: string }) => !lost.has(configId);
    const together = asOneRound(catchUp.events.filter(isKept), since, plan.lateFrom);
    const all = [...together, ...rest.events.filter(isKept)];
    const replayed = rest.isTooMuch || isTooMuch(all) ? collapse(all) : all;
    const events = [
      ...replayed,
      ...firstStates(plan.first, position, "nothing"),
      ...firstStates(
        configs.filter(({ configId }) => lost.has(configId) || plan.again.has(configId)),
        position,
        "reset",
      ),
    ];
    if (lost.size > 0 || plan.again.size > 0) return { events, outcome: "reset" };
    return { events, outcome: events.length > 0 ? "replayed" : "nothing missed" };
  }

  /** Whether what was there at the cursor is a part of what led to the position. */
  async #isOfThisStore(since: StoreCursor, position: StoreCursor): Promise<boolean> {
    if (since.incarnation !== position.incarnation || since.schema !== position.schema) return false;
    if (since.sequence > position.sequence) return false;
    if (since.commit === undefined || since.sequence === 0) return true;
    if (since.sequence === position.sequence) return since.commit === position.commit;
    const version = await versionAt(this.store, since.sequence);
    return commitMark(version?.nonce) === since.commit;
  }

  /** What moved the configs after one sequence and up to another, in order: one config after the other, so that little is held at once. */
  async #events(
    configs: readonly Resumed[],
    after: number,
    upTo: number,
    position: StoreCursor,
  ): Promise<Missed> {
    const events: LiveEvent[] = [];
    const lost: string[] = [];
    let tooMuch = false;
    for (const config of configs) {
      const courses = await this.#courses(config, after);
      const isWhole = courses?.every((course) => course.isWhole);
      // What it was on the way there is not known.
      if (courses === undefined || (!isWhole && upTo < position.sequence)) {
        lost.push(config.configId);
        continue;
      }
      const ofOne = await eventsOf(config, courses, upTo, position);
      tooMuch ||= !isWhole || isTooMuch([...events, ...ofOne]);
      events.push(...(tooMuch ? collapse(ofOne) : ofOne));
    }
    events.sort((a, b) => a.round.position.sequence - b.round.position.sequence);
    return { events, lost, isTooMuch: tooMuch };
  }

  /** What became of each layer's document. */
  async #courses({ state, isQuietSince }: Resumed, after: number): Promise<DocumentCourse[] | undefined> {
    const courses = state.keys.map(async (key, layer) => {
      const newest = state.documents[layer];
      const course = await this.#past.course(key, newest, after);
      // Others may have written more than its history keeps, and none of it could be seen.
      return course ?? (isQuietSince(layer, after) ? { base: newest, later: [], isWhole: true } : undefined);
    });
    const found = await Promise.all(courses);
    return found.every((course) => course !== undefined) ? found : undefined;
  }
}

interface Missed {
  readonly events: readonly LiveEvent[];
  /** The configs of which it is not known. */
  readonly lost: readonly string[];
  /** Whether it is to be told as one event for each config. */
  readonly isTooMuch: boolean;
}

interface Plan {
  /** Told everything up to the cursor. */
  readonly whole: readonly Resumed[];
  /** Told everything up to an earlier sequence only. */
  readonly late: readonly Resumed[];
  readonly lateFrom: number;
  /** Told nothing yet. */
  readonly first: readonly Resumed[];
  /** Told nothing that still counts. */
  readonly again: ReadonlySet<string>;
}

function planOf({ sequence, round }: StoreCursor, configs: readonly Resumed[]): Plan {
  const isLater = ({ configId }: Resumed) => round !== undefined && configId > round.last;
  const later = configs.filter(isLater);
  const before: OpenRound["before"] = round?.before ?? sequence;
  return {
    whole: configs.filter((config) => !isLater(config)),
    late: typeof before === "number" ? later : [],
    lateFrom: typeof before === "number" ? before : sequence,
    first: before === "nothing" ? later : [],
    again: new Set(before === "reset" ? later.map(({ configId }) => configId) : []),
  };
}

interface Revision {
  readonly layer: number;
  readonly document: StoredDocument;
}

async function eventsOf(
  { configId, state }: Resumed,
  courses: readonly DocumentCourse[],
  upTo: number,
  { incarnation, schema }: StoreCursor,
): Promise<LiveEvent[]> {
  const revisions = courses
    .flatMap(({ later }, layer) => later.map((document): Revision => ({ layer, document })))
    .filter(({ document }) => document.version.sequence <= upTo)
    .sort((a, b) => a.document.version.sequence - b.document.version.sequence);
  let before = courses.reduce((from, { base }, layer) => from.with(layer, base), state);
  const events: LiveEvent[] = [];
  for (const { layer, document } of revisions) {
    await yieldToEventLoop(BACKGROUND_MS);
    const after = before.with(layer, document);
    if (!after.looksLike(before)) {
      const { sequence, nonce } = document.version;
      const position = { incarnation, sequence, schema, commit: commitMark(nonce) };
      const moved = new Set([layerKindAt(layer, courses.length)]);
      const round = { position, before: sequence - 1 };
      events.push({ round, configId, before, after, moved, isReset: false });
    }
    before = after;
  }
  return events;
}

/** What the configs of a broken round missed, as the rest of that round. */
function asOneRound(events: readonly LiveEvent[], since: StoreCursor, before: number): LiveEvent[] {
  const { round: _, ...position } = since;
  const round = { position, before };
  return collapse(events).map((event) => ({ ...event, round }));
}

function isTooMuch(events: readonly LiveEvent[]): boolean {
  if (events.length > MOST_EVENTS) return true;
  return events.reduce((sum, event) => sum + sizeOfEvent(event), 0) > MOST_BYTES;
}
