import fc from "fast-check";
import { expect, test } from "vitest";
import { equals, isEmpty, isObject, type Json, type JsonObject } from "../../src/domain/json/json.js";
import { appendToken, tokensOf } from "../../src/domain/json/pointer.js";
import { EffectiveConfig } from "../../src/domain/merge/effective-config.js";
import { Merged } from "../../src/domain/merge/merged.js";
import { diff } from "../../src/domain/write/diff.js";
import { applyPatch } from "../../src/domain/write/patch.js";
import { keptPins, PinTree, withFields } from "../../src/domain/write/pins.js";
import { documents, documentsAndInput } from "./json-arbitrary.js";
import { law } from "./law.js";

function leaves(object: JsonObject, pointer = ""): [string, Json][] {
  return Object.entries(object).flatMap(([key, value]) => {
    const at = appendToken(pointer, key);
    return isObject(value) && !isEmpty(value) ? leaves(value, at) : [[at, value] as [string, Json]];
  });
}
const valueAt = (document: JsonObject, pointer: string): Json | undefined =>
  tokensOf(pointer).reduce<Json | undefined>(
    (value, token) => (isObject(value) && Object.hasOwn(value, token) ? value[token] : undefined),
    document,
  );
const every = (list: readonly unknown[], nth: number) => list.filter((_, index) => index % nth === 0);

law("R18: a pinned field is in the document with the value in force", documents(2), ([own, parent]) => {
  const fields = every(Merged.of([own, parent]).fields.list(), 2) as ReturnType<
    ReturnType<typeof Merged.of>["fields"]["list"]
  >;
  const pinned = withFields(own as JsonObject, fields);
  const pointers = fields.map(({ pointer }) => pointer);
  expect(fields.every(({ pointer, value }) => equals(valueAt(pinned, pointer), value))).toBe(true);
  return new Set(keptPins(pointers, pinned)).size === pointers.length;
});

law(
  "R18: a set keeps pinned values that it names, equal to the parent's or not",
  documents(2),
  ([v, parent]) => {
    const values = v as JsonObject;
    const pins = (every(leaves(values), 2) as [string, Json][]).map(([pointer]) => pointer);
    const stored = diff(values, parent as JsonObject, PinTree.of(pins));
    expect(Merged.of([stored, parent]).values).toEqual(Merged.of([values, parent]).values);
    return pins.every((pointer) => equals(valueAt(stored, pointer), valueAt(values, pointer)));
  },
);

law(
  "R18: without pins a set and a patch do what they did",
  documentsAndInput(2),
  ({ documents: given, input }) => {
    const [own, parent] = given as [JsonObject, JsonObject];
    expect(diff(own, parent, PinTree.of([]))).toEqual(diff(own, parent));
    expect(applyPatch(own, parent, input, PinTree.of([]))).toEqual(applyPatch(own, parent, input));
    return true;
  },
);

law("R18: a patch leaves pins that it does not name", documentsAndInput(2), ({ documents: given, input }) => {
  const [own, parent] = given as [JsonObject, JsonObject];
  const pins = leaves(own).map(([pointer]) => pointer);
  const patched = applyPatch(own, parent, input, PinTree.of(pins));
  const isNamed = (pointer: string) =>
    tokensOf(pointer).some((_, depth, tokens) => {
      const at = tokens.slice(0, depth + 1).reduce(appendToken, "");
      const value = valueAt(input, at);
      return value !== undefined && (!isObject(value) || at === pointer);
    });
  const kept = new Set(keptPins(pins, patched));
  return pins.every((pointer) => isNamed(pointer) || kept.has(pointer));
});

law(
  "R8, R18: patches of different members commute, with pins, too",
  fc.tuple(documentsAndInput(2), documentsAndInput(0)),
  ([{ documents: given, input }, { input: second }]) => {
    const [own, parent] = given as [JsonObject, JsonObject];
    const other = Object.fromEntries(Object.entries(second).filter(([key]) => !Object.hasOwn(input, key)));
    const pins = PinTree.of(leaves(own).map(([pointer]) => pointer));
    const oneWay = applyPatch(applyPatch(own, parent, input, pins), parent, other, pins);
    const otherWay = applyPatch(applyPatch(own, parent, other, pins), parent, input, pins);
    return equals(oneWay, otherWay);
  },
);

const patched: [string, JsonObject, JsonObject, JsonObject, string[]][] = [
  ["a pinned value that is patched to the parent's stays", { a: 2 }, { a: 1 }, { a: 1 }, ["/a"]],
  ["a pin goes with null at it", { a: 2 }, {}, { a: null }, []],
  ["a pin goes with null above it", { o: { a: 2 } }, {}, { o: null }, []],
  ["a pin goes where an object replaces its value", { a: 2 }, {}, { a: { b: 1 } }, []],
  ["a pin goes where a value replaces an object above it", { o: { a: 2 } }, {}, { o: 1 }, []],
  ["a pinned empty object stays", { a: {} }, { a: {} }, { a: {} }, ["/a"]],
];
test.each(patched)("%s", (_, own, parent, patch, kept) => {
  const pins = leaves(own).map(([pointer]) => pointer);
  expect(keptPins(pins, applyPatch(own, parent, patch, PinTree.of(pins)))).toEqual(kept);
});

test("Redundant are own leaves with the very value that would be inherited, unless they are pinned", () => {
  const config = new EffectiveConfig("acme", "x", [
    {
      kind: "ACCOUNT",
      accountId: "acme",
      document: { a: 1, b: 2, c: { d: [1], e: 1 }, p: 1, o: {}, t: { x: 1 } },
      pins: ["/p"],
    },
    { kind: "SCHEMA", document: { a: 1, b: 3, c: { d: [1] }, p: 1, o: { q: 1 }, t: 5 } },
  ]);
  expect(config.redundant()).toEqual(["/a", "/c/d"]);
});
