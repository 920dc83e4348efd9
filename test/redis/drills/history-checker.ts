/** One operation by one clock: what it did, it did at some moment between the two. */
interface Interval {
  readonly invokedAt: number;
  /** Infinity: its answer was never heard. */
  readonly answeredAt: number;
}

/** A document as somebody was shown it. */
export interface Sighting {
  readonly document: string;
  /** 0: nothing is stored. */
  readonly revision: number;
  readonly mark: string | undefined;
}

export interface RecordedRead extends Interval {
  readonly kind: "read";
  /** All as of one moment; empty where there was no answer, or none that says anything. */
  readonly seen: readonly Sighting[];
}

export interface RecordedWrite extends Interval {
  readonly kind: "write";
  readonly document: string;
  /** No other write has it. */
  readonly mark: string;
  /** Refused: nothing was written. Unknown: nobody can tell, or no answer was heard. */
  readonly outcome: "done" | "refused" | "unknown";
  /** Of what is done; else undefined. */
  readonly revision: number | undefined;
  /** Of what is done: the other documents that it was decided on. */
  readonly seen: readonly Sighting[];
}

export type RecordedOperation = RecordedRead | RecordedWrite;

/** A write as the store keeps it; `sequence` is its place in the store's own order of all writes. */
export interface StoredWrite {
  readonly document: string;
  readonly revision: number;
  readonly sequence: number;
  readonly mark: string;
}

export type Rule =
  /** It is done and not stored. */
  | "lost"
  /** It is stored twice. */
  | "doubled"
  /** It is stored or seen and was refused, or is nobody's. */
  | "ghost"
  /** It is stored elsewhere than it was answered with. */
  | "misplaced"
  /** The revisions of a document are not 1, 2, 3 ... in the order of its writes. */
  | "disorder"
  /** It was seen where the store has another one, or none. */
  | "unfounded"
  /** It was seen before it was begun. */
  | "future"
  /** It was seen together with what was never there at the same time. */
  | "torn"
  /** It was seen when it had been over before the read was begun. */
  | "stale"
  /** It is stored before what was answered before it was begun. */
  | "late";

export interface Violation {
  readonly rule: Rule;
  readonly what: string;
}

/**
 * Whether one order explains all that was answered: the store's own order of writes, each read at a place in it, and what
 * was answered before something else was begun at an earlier place, or at the same. With the order of writes given this
 * is no search: each operation has the first place that it can have, and if that one is too late so are all others.
 * @param stored all that the store has in the end, in any order
 */
export function violationsIn(
  operations: readonly RecordedOperation[],
  stored: readonly StoredWrite[],
): Violation[] {
  return new Check(operations, stored).violations;
}

class Check {
  readonly violations: Violation[] = [];
  readonly #writes: ReadonlyMap<string, RecordedWrite>;
  readonly #stored = new Map<string, StoredWrite>();
  readonly #documents = new Map<string, StoredWrite[]>();

  constructor(operations: readonly RecordedOperation[], stored: readonly StoredWrite[]) {
    const writes = operations.filter((operation) => operation.kind === "write");
    this.#writes = new Map(writes.map((write) => [write.mark, write]));
    for (const entry of [...stored].sort((a, b) => a.sequence - b.sequence)) this.#checkStored(entry);
    for (const write of writes) this.#checkAnswered(write);
    this.#checkOrder(operations);
  }

  #checkStored(entry: StoredWrite): void {
    const { document, revision, mark } = entry;
    if (this.#stored.has(mark)) this.#report("doubled", `${nameOf(entry)} again`);
    this.#stored.set(mark, this.#stored.get(mark) ?? entry);
    if (this.#isGhost(mark)) this.#report("ghost", `${nameOf(entry)} is stored`);
    const entries = this.#documents.get(document) ?? [];
    if (entries.push(entry) !== revision)
      this.#report("disorder", `${nameOf(entry)} is write ${entries.length} of its document`);
    this.#documents.set(document, entries);
  }

  #checkAnswered({ document, mark, outcome, revision }: RecordedWrite): void {
    const entry = this.#stored.get(mark);
    if (outcome !== "done") return;
    if (entry === undefined) this.#report("lost", `${mark} in ${document}, answered with ${revision}`);
    else if (entry.document !== document || entry.revision !== revision)
      this.#report("misplaced", `${nameOf(entry)} was answered as ${document}@${revision}`);
  }

  #checkOrder(operations: readonly RecordedOperation[]): void {
    const places = new Map<RecordedOperation, number>();
    let over = 0;
    for (const { operation, isAnswer } of momentsOf(operations)) {
      if (!isAnswer) places.set(operation, this.#placeOf(operation, over));
      // What nobody knows to be done may be done long after its answer.
      else if (operation.kind === "read" || operation.outcome === "done")
        over = Math.max(over, places.get(operation) ?? 0);
    }
  }

  /** @param over the place of the last of all that was answered before this was begun */
  #placeOf(operation: RecordedOperation, over: number): number {
    const known = operation.seen.flatMap((sighting) => this.#find(sighting, operation) ?? []);
    const from = Math.max(0, ...known.map((span) => span.from));
    const end = Math.min(Number.POSITIVE_INFINITY, ...known.map((span) => span.end));
    if (from >= end) this.#report("torn", `${nameOfOperation(operation)} saw ${seenBy(operation)}`);
    if (operation.kind === "read") {
      if (from < end && over >= end)
        this.#report("stale", `${nameOfOperation(operation)} saw ${seenBy(operation)}`);
      return from;
    }
    const place = this.#stored.get(operation.mark)?.sequence;
    if (place === undefined) return 0;
    if (place <= over)
      this.#report("late", `${nameOfOperation(operation)} at place ${place}, after place ${over}`);
    if (from < end && (place < from || place >= end))
      this.#report("torn", `${nameOfOperation(operation)} was decided on ${seenBy(operation)}`);
    return place;
  }

  /** From which place on, and before which, a document was as it was seen; undefined: it never was. */
  #find(sighting: Sighting, by: RecordedOperation): { from: number; end: number } | undefined {
    const { document, revision, mark } = sighting;
    const entries = this.#documents.get(document) ?? [];
    const end = entries[revision]?.sequence ?? Number.POSITIVE_INFINITY;
    if (revision === 0 && mark === undefined) return { from: 0, end };
    const entry = entries[revision - 1];
    if (entry === undefined || entry.mark !== mark) {
      const isGhost = mark !== undefined && this.#isGhost(mark);
      this.#report(isGhost ? "ghost" : "unfounded", `${nameOf(sighting)} was seen by ${nameOfOperation(by)}`);
      return undefined;
    }
    const write = this.#writes.get(mark);
    if (write !== undefined && write.invokedAt > by.answeredAt)
      this.#report("future", `${nameOf(sighting)} was seen by ${nameOfOperation(by)}`);
    return { from: entry.sequence, end };
  }

  #isGhost(mark: string): boolean {
    const write = this.#writes.get(mark);
    return write === undefined || write.outcome === "refused";
  }

  #report(rule: Rule, what: string): void {
    this.violations.push({ rule, what });
  }
}

/** What is answered at the moment at which something else is begun may have come after it. */
function momentsOf(operations: readonly RecordedOperation[]) {
  const moments = operations.flatMap((operation) => [
    { at: operation.invokedAt, operation, isAnswer: false },
    { at: operation.answeredAt, operation, isAnswer: true },
  ]);
  return moments.sort((a, b) => a.at - b.at || Number(a.isAnswer) - Number(b.isAnswer));
}

function nameOf({ document, revision, mark }: Sighting): string {
  return `${mark ?? "nothing"} (${document}@${revision})`;
}

function nameOfOperation(operation: RecordedOperation): string {
  const { kind, invokedAt, answeredAt } = operation;
  const what = kind === "write" ? `the write of ${operation.mark}` : "a read";
  return `${what} (${invokedAt.toFixed(2)} to ${answeredAt.toFixed(2)})`;
}

function seenBy({ seen }: RecordedOperation): string {
  return seen.map(nameOf).join(", ");
}
