import { describe, expect, test } from "vitest";
import { equals, isEmpty, isObject, type Json, type JsonObject } from "../../src/domain/json/json.js";
import { appendToken, tokensOf } from "../../src/domain/json/pointer.js";
import { merge } from "../../src/domain/merge/merge.js";
import { overlaps } from "../../src/domain/write/overlap.js";
import { applyPatch } from "../../src/domain/write/patch.js";
import { documents, documentsAndInput } from "./json-arbitrary.js";
import { law } from "./law.js";

const found = (base: JsonObject, theirs: JsonObject, mine: JsonObject) => [...overlaps(base, theirs, mine)];
const pointers = (base: JsonObject, theirs: JsonObject, mine: JsonObject) =>
  found(base, theirs, mine).map(({ pointer }) => pointer);

function leavesOf(object: JsonObject, at = ""): string[] {
  return Object.entries(object).flatMap(([key, value]) => {
    const pointer = appendToken(at, key);
    return isObject(value) && !isEmpty(value) ? leavesOf(value, pointer) : [pointer];
  });
}

function valueAt(object: JsonObject, pointer: string): Json | undefined {
  let value: Json | undefined = object;
  for (const token of tokensOf(pointer))
    value = isObject(value) && Object.hasOwn(value, token) ? value[token] : undefined;
  return value;
}

describe("Overlaps of two edits of one base", () => {
  law("are each a place where all three differ as the rule says", documents(3), ([base, theirs, mine]) => {
    for (const overlap of found(base ?? {}, theirs ?? {}, mine ?? {})) {
      const values = [base, theirs, mine].map((each) => valueAt(each ?? {}, overlap.pointer));
      expect([overlap.base, overlap.theirs, overlap.mine]).toEqual(values);
      expect(equals(values[0], values[1]) || equals(values[1], values[2])).toBe(false);
    }
    return true;
  });

  law("miss no leaf that one edit would overwrite", documents(3), ([base = {}, theirs = {}, mine = {}]) => {
    const all = pointers(base, theirs, mine);
    for (const pointer of leavesOf(theirs)) {
      const [was, is, would] = [base, theirs, mine].map((each) => valueAt(each, pointer));
      const isLost = !equals(is, would) && !(isObject(is) && isObject(would));
      if (!isLost || equals(was, is)) continue;
      expect(all.some((each) => pointer === each || pointer.startsWith(`${each}/`))).toBe(true);
    }
    return true;
  });

  law("are none where the two write different fields", documentsAndInput(2), ({ documents: all, input }) => {
    const [own = {}, parent = {}] = all;
    const named = leavesOf(input);
    const base = merge([own, parent]);
    // The other edit: every leaf of the base that the patch names nothing at, above or below.
    const free = leavesOf(base).filter(
      (leaf) =>
        !named.some((each) => each === leaf || each.startsWith(`${leaf}/`) || leaf.startsWith(`${each}/`)),
    );
    const theirs = free.reduce((document, leaf) => withValue(document, tokensOf(leaf), "theirs"), own);
    const now = merge([theirs, parent]);
    const mine = merge([applyPatch(theirs, parent, input), parent]);
    expect(pointers(base, now, mine)).toEqual([]);
    for (const leaf of free) expect(valueAt(mine, leaf)).toBe("theirs");
    return true;
  });
});

function withValue(document: JsonObject, [key, ...rest]: readonly string[], value: Json): JsonObject {
  if (key === undefined) return document;
  const inner = Object.hasOwn(document, key) ? document[key] : undefined;
  const next = rest.length === 0 ? value : withValue(isObject(inner) ? inner : {}, rest, value);
  return { ...document, [key]: next };
}

test("one member of an object each is no overlap, the same member is", () => {
  const base = { a: { x: 1, y: 1 } };
  expect(pointers(base, { a: { x: 2, y: 1 } }, { a: { x: 2, y: 2 } })).toEqual([]);
  expect(found(base, { a: { x: 2, y: 3 } }, { a: { x: 4, y: 3 } })).toEqual([
    { pointer: "/a/x", base: 1, theirs: 2, mine: 4 },
  ]);
});

test("an object that an edit empties takes no member of the other edit along", () => {
  expect(pointers({ a: { x: 1 } }, { a: {} }, { a: { y: 2 } })).toEqual([]);
  expect(pointers({ a: { x: 1 } }, {}, { a: { y: 2 } })).toEqual([]);
});

test("a value in the place of an object that was changed is one overlap", () => {
  expect(found({ a: { x: 1 } }, { a: { x: 2 } }, { a: 5 })).toEqual([
    { pointer: "/a", base: { x: 1 }, theirs: { x: 2 }, mine: 5 },
  ]);
  expect(found({ a: { x: 1 } }, { a: 5 }, { a: { x: 2 } })).toEqual([
    { pointer: "/a", base: { x: 1 }, theirs: 5, mine: { x: 2 } },
  ]);
});

test("what one edit drops and the other changed is an overlap, leaf by leaf; an empty object is a leaf", () => {
  expect(found({ a: { x: 1, y: 1 } }, { a: { x: 2, y: 1 } }, {})).toEqual([
    { pointer: "/a/x", base: 1, theirs: 2, mine: undefined },
  ]);
  expect(found({}, { a: {} }, {})).toEqual([{ pointer: "/a", base: undefined, theirs: {}, mine: undefined }]);
  expect(found({ a: 1 }, {}, { a: 2 })).toEqual([{ pointer: "/a", base: 1, theirs: undefined, mine: 2 }]);
});
