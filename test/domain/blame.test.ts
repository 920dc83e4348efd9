import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type Blame,
  type BlamedDocument,
  blameAfter,
  blamedCommit,
  blameOfRevisions,
  blameText,
  parseBlameText,
} from "../../src/domain/change/blame.js";
import { equals, isEmpty, isObject, type Json, type JsonObject } from "../../src/domain/json/json.js";
import { appendToken, tokensOf } from "../../src/domain/json/pointer.js";
import { cases, SEED } from "../cases.js";

const names = fc.constantFrom("a", "b", "c", "1", "0");
const { document } = fc.letrec<{ document: JsonObject; value: Json }>((tie) => ({
  document: fc.dictionary(names, tie("value"), {
    maxKeys: 4,
    noNullPrototype: true,
  }) as fc.Arbitrary<JsonObject>,
  value: fc.oneof(
    { depthSize: "small" },
    fc.constantFrom<Json>(1, 2, "x", true, [], [null, 1], {}),
    tie("document"),
  ),
}));
const commitAt = (revision: number) => ({
  revision,
  at: new Date(revision * 1_000).toISOString(),
  by: `by ${revision % 3}`,
  ...(revision % 2 === 0 && { note: `why "${revision}"` }),
});

function leavesOf(object: JsonObject, pointer = ""): [string, Json][] {
  return Object.entries(object).flatMap(([key, value]): [string, Json][] => {
    const at = appendToken(pointer, key);
    return isObject(value) && !isEmpty(value) ? leavesOf(value, at) : [[at, value]];
  });
}

/** Who put each leaf, as a reader of all revisions would say. */
function replayed(documents: readonly JsonObject[]): Map<string, number> {
  let known = new Map<string, { value: Json; revision: number }>();
  for (const [index, each] of documents.entries())
    known = new Map(
      leavesOf(each).map(([pointer, value]) => {
        const before = known.get(pointer);
        return [pointer, before && equals(before.value, value) ? before : { value, revision: index + 1 }];
      }),
    );
  return new Map([...known].map(([pointer, { revision }]) => [pointer, revision]));
}

describe(`blame (LAW_SEED=${SEED})`, () => {
  it("says of each leaf what a replay of all revisions says, kept as text from one to the next", () => {
    fc.assert(
      fc.property(fc.array(document, { minLength: 1, maxLength: 12 }), (documents) => {
        let blamed: BlamedDocument | undefined;
        for (const [index, each] of documents.entries()) {
          const blame = isEmpty(each) ? undefined : blameAfter(blamed, each);
          const kept = blame && (parseBlameText(blameText(blame)) as Blame);
          blamed = kept && { document: each, commit: commitAt(index + 1), blame: kept };
          const expected = replayed(documents.slice(0, index + 1));
          for (const [pointer] of leavesOf(each))
            expect(blamed && blamedCommit(blamed, tokensOf(pointer))).toEqual(
              commitAt(expected.get(pointer) ?? 0),
            );
        }
        const revisions = documents.map((each, index) => ({
          ...commitAt(index + 1),
          document: isEmpty(each) ? undefined : each,
        }));
        expect(blameOfRevisions(undefined, revisions)).toEqual(blamed);
      }),
      { numRuns: cases(300), seed: SEED },
    );
  });

  it("is of leaves alone, and knows nothing of what is not there", () => {
    const blamed = { document: { a: { b: 1 }, c: {} }, commit: commitAt(1), blame: { earlier: [], tree: 0 } };
    expect(blamedCommit(blamed, ["a"])).toBeUndefined();
    expect(blamedCommit(blamed, ["a", "x"])).toBeUndefined();
    expect(blamedCommit(blamed, ["a", "b", "x"])).toBeUndefined();
    expect(blamedCommit(blamed, ["c"])).toEqual(commitAt(1));
  });

  it("of 10,000 fields that were each put by a commit of their own, with notes, stays small and takes little time", () => {
    const many: Record<string, Json> = {};
    for (let index = 0; index < 10_000; index++) many[`field_${index}`] = index;
    const earlier = Array.from({ length: 9_999 }, (_, index) => ({
      revision: index + 1,
      time: index * 1_000,
      by: `somebody-${index % 50}@example.org`,
      note: `${index} ${"n".repeat(480)}`,
    }));
    const blame: Blame = { earlier, tree: Array.from({ length: 10_000 }, (_, index) => index) };
    const text = blameText(blame);
    const milliseconds = [1, 2, 3].map(() => {
      const started = process.cpuUsage();
      const known = parseBlameText(text) as Blame;
      blameText(
        blameAfter({ document: many, commit: commitAt(10_000), blame: known }, { ...many, field_5: "new" }),
      );
      return process.cpuUsage(started).user / 1_000;
    });
    const known = parseBlameText(text) as Blame;
    // A document has at most 256 KiB.
    expect(Buffer.byteLength(text)).toBeLessThan(768 * 1024);
    expect(Math.min(...milliseconds)).toBeLessThan(100);
    expect(known.earlier[0]?.note).toBeDefined();
    expect(known.earlier.at(-1)).toEqual({ ...earlier.at(-1), note: undefined });
  });

  it.each([
    "",
    "{}",
    "[]",
    '{"texts":[],"commits":[],"tree":1}',
    '{"texts":[],"commits":[],"tree":[0,-1]}',
    '{"texts":[],"commits":[[1,0,0]],"tree":0}',
    '{"texts":["a"],"commits":[[1,0,0,1]],"tree":0}',
    '{"texts":["a"],"commits":[[1,1e300,0]],"tree":0}',
    '{"texts":[1],"commits":[],"tree":0}',
    `{"texts":[],"commits":[],"tree":${"[".repeat(100_000)}`,
  ])("is not known where its text is %.60j", (text) => {
    expect(parseBlameText(text)).toBeUndefined();
  });
});
