import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cases, SEED } from "../../cases.js";
import {
  type RecordedOperation,
  type RecordedRead,
  type RecordedWrite,
  type Rule,
  type Sighting,
  type StoredWrite,
  violationsIn,
} from "./history-checker.js";

const RUNS = cases(1_000);

type Time = readonly [invokedAt: number, answeredAt: number];

/** `a2`: the mark of document a's second write, as it comes about when nothing goes wrong. `a0`: nothing is stored. */
function sighting(text: string): Sighting {
  const revision = Number(text.slice(1));
  return { document: text.slice(0, 1), revision, mark: revision === 0 ? undefined : text };
}

function read([invokedAt, answeredAt]: Time, ...seen: string[]): RecordedRead {
  return { kind: "read", invokedAt, answeredAt, seen: seen.map(sighting) };
}

function write(
  [invokedAt, answeredAt]: Time,
  text: string,
  outcome: RecordedWrite["outcome"] = "done",
  seen: readonly string[] = [],
): RecordedWrite {
  const { document, revision } = sighting(text);
  const done = outcome === "done" ? revision : undefined;
  const decidedOn = seen.map(sighting);
  return {
    kind: "write",
    document,
    mark: text,
    outcome,
    revision: done,
    invokedAt,
    answeredAt,
    seen: decidedOn,
  };
}

/** In the store's order. */
function stored(...texts: string[]): StoredWrite[] {
  return texts.map((mark, index) => {
    const { document, revision } = sighting(mark);
    return { document, revision, sequence: 10 * (index + 1), mark };
  });
}

const rules = (operations: readonly RecordedOperation[], entries: readonly StoredWrite[]) => [
  ...new Set(violationsIn(operations, entries).map(({ rule }) => rule)),
];

describe("a history is in order", () => {
  const fine: Record<string, [RecordedOperation[], StoredWrite[]]> = {
    "when there is none": [[], []],
    "when what is under way may be seen or not": [
      [write([1, 9], "a1"), read([2, 3], "a0"), read([4, 5], "a1"), read([6, 7], "a1")],
      stored("a1"),
    ],
    "when what began at the very end of a write has not seen it": [
      [write([1, 2], "a1"), read([2, 3], "a0")],
      stored("a1"),
    ],
    "when a write without an answer was done at last, or never": [
      [
        write([1, 2], "a1", "unknown"),
        read([3, 4], "a0"),
        read([5, 6], "a1"),
        write([1, 2], "b1", "unknown"),
      ],
      stored("a1"),
    ],
    "when what was refused is nowhere": [[write([1, 2], "a1", "refused"), read([3, 4], "a0")], []],
    "when a write was decided on what it came upon": [
      [write([1, 2], "a1"), write([3, 9], "b1", "done", ["a1"]), write([3, 9], "a2", "done", ["b1"])],
      stored("a1", "b1", "a2"),
    ],
  };
  test.each(Object.entries(fine))("%s", (_, [operations, entries]) => {
    expect(violationsIn(operations, entries)).toEqual([]);
  });
});

describe("a history is found out when", () => {
  const [a1, a2, b1] = [write([1, 2], "a1"), write([3, 4], "a2"), write([3, 4], "b1")];
  const broken: Record<string, [Rule, RecordedOperation[], StoredWrite[]]> = {
    "an acknowledged write is not stored": ["lost", [a1, a2], stored("a1")],
    "an acknowledged write is stored twice": [
      "doubled",
      [a1],
      [...stored("a1"), { document: "a", revision: 2, sequence: 20, mark: "a1" }],
    ],
    "a write of which nobody knows is stored twice": [
      "doubled",
      [write([1, 2], "a1", "unknown")],
      [...stored("a1"), { document: "a", revision: 2, sequence: 20, mark: "a1" }],
    ],
    "a refused write is stored": ["ghost", [write([1, 2], "a1", "refused")], stored("a1")],
    "a refused write is seen": ["ghost", [write([1, 2], "a1", "refused"), read([1, 2], "a1")], []],
    "what nobody wrote is stored": ["ghost", [], stored("a1")],
    "two writes were given one revision": ["misplaced", [a1, { ...a2, revision: 1 }], stored("a1", "a2")],
    "a write is in another document": ["misplaced", [{ ...a1, document: "b" }], stored("a1")],
    "a revision was left out": ["disorder", [a1, write([3, 4], "a3")], stored("a1", "a3")],
    "revisions are not in the order of writes": ["disorder", [a1, a2], stored("a2", "a1")],
    "a mark is seen under another revision": [
      "unfounded",
      [a1, a2, { ...read([5, 6]), seen: [{ document: "a", revision: 2, mark: "a1" }] }],
      stored("a1", "a2"),
    ],
    "nothing is seen under a revision": [
      "unfounded",
      [a1, { ...read([5, 6]), seen: [{ document: "a", revision: 1, mark: undefined }] }],
      stored("a1"),
    ],
    "a mark is seen where nothing is stored": [
      "unfounded",
      [a1, { ...read([5, 6]), seen: [{ document: "a", revision: 0, mark: "a1" }] }],
      stored("a1"),
    ],
    "what was seen is no longer stored": [
      "unfounded",
      [write([1, 2], "a1", "unknown"), read([3, 4], "a1")],
      [],
    ],
    "a write is seen before it was begun": ["future", [read([0, 0.5], "a1"), a1], stored("a1")],
    "a read sees what an acknowledged write had replaced": [
      "stale",
      [a1, a2, read([5, 6], "a1")],
      stored("a1", "a2"),
    ],
    "a read sees less than an earlier read": [
      "stale",
      [a1, write([3, 9], "a2"), read([4, 5], "a2"), read([6, 7], "a1")],
      stored("a1", "a2"),
    ],
    "a read of one document is behind a read of another": [
      "stale",
      [write([1, 9], "a1"), write([1, 9], "b1"), read([2, 3], "b1"), read([4, 5], "a0")],
      stored("a1", "b1"),
    ],
    "a read sees together what was never there together": [
      "torn",
      [a1, write([3, 9], "b1"), write([3, 9], "a2"), read([4, 9], "b0", "a2")],
      stored("a1", "b1", "a2"),
    ],
    "a read sees one document twice": ["torn", [a1, a2, read([3, 5], "a1", "a2")], stored("a1", "a2")],
    "a write was decided on what had changed by then": [
      "torn",
      [a1, write([3, 9], "a2"), write([3, 9], "b1", "done", ["a1"])],
      stored("a1", "a2", "b1"),
    ],
    "a write was decided on what came only later": [
      "torn",
      [write([3, 9], "a1"), write([3, 9], "b1", "done", ["a1"])],
      stored("b1", "a1"),
    ],
    "a write is stored before one that was over": ["late", [a1, write([3, 4], "b1")], stored("b1", "a1")],
    "an unanswered write is stored before what had been seen": [
      "late",
      [a1, b1, write([5, Number.POSITIVE_INFINITY], "c1", "unknown")],
      stored("a1", "c1", "b1"),
    ],
  };
  test.each(Object.entries(broken))("%s", (_, [rule, operations, entries]) => {
    expect(rules(operations, entries)).toContain(rule);
  });
});

/** A few operations on two documents: some times and sightings agree with the store's order, some do not. */
const histories = fc
  .record({
    order: fc.array(fc.constantFrom("a", "b"), { maxLength: 3 }),
    times: fc.array(fc.tuple(fc.integer({ max: 9, min: 0 }), fc.integer({ max: 9, min: 0 })), {
      minLength: 6,
      maxLength: 6,
    }),
    reads: fc.array(fc.tuple(fc.nat(2), fc.nat(2)), { maxLength: 3 }),
  })
  .map(({ order, times, reads }) => {
    const marks = order.map(
      (document, index) => `${document}${order.slice(0, index + 1).filter((one) => one === document).length}`,
    );
    const time = (index: number): Time => {
      const [at = 0, length = 0] = times[index] ?? [];
      // Never two at the same moment.
      return [at + index / 20, at + length + 0.5 + index / 20];
    };
    const entries = stored(...marks);
    const operations = [
      ...marks.map((mark, index) => write(time(index), mark)),
      ...reads.map(([a, b], index) => read(time(3 + index), `a${a}`, `b${b}`)),
    ];
    return { operations, entries };
  });

describe("by trying every order", () => {
  test(`the same histories are in order (seed ${SEED})`, () => {
    const verdicts = new Set<boolean>();
    fc.assert(
      fc.property(histories, ({ operations, entries }) => {
        const isInOrder = violationsIn(operations, entries).length === 0;
        verdicts.add(isInOrder);
        expect(isInOrder).toBe(permutations(operations).some((order) => explains(order, entries)));
      }),
      { numRuns: RUNS, seed: SEED },
    );
    expect(verdicts).toEqual(new Set([true, false]));
  });
});

function permutations<T>(items: readonly T[]): T[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((first) =>
    permutations(items.filter((item) => item !== first)).map((rest) => [first, ...rest]),
  );
}

/** One after the other, in this order: no clock objects, writes come as they are stored, reads see what there is. */
function explains(order: readonly RecordedOperation[], entries: readonly StoredWrite[]): boolean {
  const current = new Map<string, string>();
  let written = 0;
  return order.every((operation, index) => {
    if (order.slice(index + 1).some((later) => later.answeredAt < operation.invokedAt)) return false;
    if (operation.kind === "read")
      return operation.seen.every(({ document, mark }) => current.get(document) === mark);
    current.set(operation.document, operation.mark);
    return entries[written++]?.mark === operation.mark;
  });
}
