import { expect, test } from "vitest";
import {
  canonical,
  equals,
  isEmpty,
  isObject,
  type Json,
  type JsonObject,
} from "../../src/domain/json/json.js";
import { appendToken, tokensOf } from "../../src/domain/json/pointer.js";
import { EffectiveConfig } from "../../src/domain/merge/effective-config.js";
import type { Field } from "../../src/domain/merge/field-tree.js";
import { LAYER_KINDS } from "../../src/domain/merge/layer.js";
import { merge } from "../../src/domain/merge/merge.js";
import { Merged } from "../../src/domain/merge/merged.js";
import { layers } from "./json-arbitrary.js";
import { law } from "./law.js";

/** R2 word for word, two documents at a time, order of members included. */
function fold(lower: Map<string, Json>, upper: JsonObject): Map<string, Json> {
  const result = new Map(lower);
  for (const [key, value] of Object.entries(upper)) {
    const below = lower.get(key);
    result.set(key, isObject(below) && isObject(value) ? toObject(fold(toMap(below), value)) : value);
  }
  return result;
}
const toMap = (object: JsonObject): Map<string, Json> => new Map(Object.entries(object));
const toObject = (map: Map<string, Json>): JsonObject => Object.fromEntries(map);

function folded(documents: readonly (JsonObject | undefined)[]): JsonObject {
  return toObject([...documents].reverse().reduce((lower, next) => fold(lower, next ?? {}), new Map()));
}

function leaves(object: JsonObject, pointer = ""): [string, Json][] {
  return Object.entries(object).flatMap(([key, value]) => {
    const at = appendToken(pointer, key);
    return isObject(value) && !isEmpty(value) ? leaves(value, at) : [[at, value] as [string, Json]];
  });
}

/** What one document has at a pointer, or the non-object it has above it. */
function has(
  document: JsonObject | undefined,
  pointer: string,
): { pointer: string; value: Json } | undefined {
  let value: Json | undefined = document;
  let at = "";
  for (const token of tokensOf(pointer)) {
    if (value === undefined) return undefined;
    if (!isObject(value)) return { pointer: at, value };
    value = Object.hasOwn(value, token) ? value[token] : undefined;
    at = appendToken(at, token);
  }
  return value === undefined ? undefined : { pointer: at, value };
}

function fieldsOf(documents: readonly (JsonObject | undefined)[]): Field[] {
  return Merged.of(documents).fields.list();
}

law("R2: merging at once is folding from the lowest layer up", layers(), (documents) => {
  expect(merge(documents)).toEqual(folded(documents));
});

law("R2: merging changes none of the documents", layers(), (documents) => {
  const before = JSON.stringify(documents);
  const merged = Merged.of(documents);
  merge(documents);
  void [merged.values, merged.fields, merged.contributions()];
  return JSON.stringify(documents) === before;
});

law("R16: values and fields agree", layers(), (documents) => {
  const { values } = Merged.of(documents);
  const fields = fieldsOf(documents);
  expect(values).toEqual(merge(documents));
  expect(new Map(fields.map(({ pointer, value }) => [pointer, value]))).toEqual(new Map(leaves(values)));
  return fields.length === leaves(values).length;
});

law(
  "R16: the source is the highest layer that has the pointer, and holds exactly that value",
  layers(),
  (documents) =>
    fieldsOf(documents).every(({ pointer, value, contributions: [source] }) => {
      const highest = documents
        .toReversed()
        .findLastIndex((document) => has(document, pointer)?.pointer === pointer);
      return source.layer === highest && source.pointer === pointer && equals(source.value, value);
    }),
);

law(
  "R16: contributions are what each layer has at the pointer, or the non-object above it",
  layers(),
  (documents) => {
    for (const { pointer, contributions } of fieldsOf(documents)) {
      const expected = documents.flatMap((document, index) => {
        const found = has(document, pointer);
        return found === undefined ? [] : [{ layer: documents.length - 1 - index, ...found }];
      });
      expect(contributions).toEqual(expected);
    }
  },
);

law("R16: with the layers above a contribution taken away, its value is in force", layers(), (documents) =>
  fieldsOf(documents).every(({ contributions }) =>
    contributions.every(({ layer, pointer, value }) => {
      const rest = documents.slice(documents.length - 1 - layer);
      const inForce = has(merge(rest), pointer);
      const below = has(merge(rest.slice(1)), pointer);
      const covered = below?.pointer === pointer && isObject(below.value) ? below.value : {};
      const expected = isObject(value) ? merge([value, covered]) : value;
      return inForce?.pointer === pointer && equals(inForce.value, expected);
    }),
  ),
);

law(
  "what the highest document says nothing about is shared with what lies below it",
  layers(),
  (documents) => {
    const merged = Merged.of(documents);
    const [highest] = documents;
    const below = new Map(merged.rest.fields.list().map((field) => [field.pointer, field]));
    return merged.fields
      .list()
      .every((field) => has(highest, field.pointer) !== undefined || field === below.get(field.pointer));
  },
);

law("R11: fields come in merge order", layers(), (documents) => {
  // A plain object would put integer-like keys first, so the order is rebuilt with maps all the way down.
  type Tree = Map<string, Tree | Json>;
  const tree = (object: JsonObject): Tree =>
    new Map(Object.entries(object).map(([key, value]) => [key, isObject(value) ? tree(value) : value]));
  const foldTree = (lower: Tree, upper: Tree): Tree => {
    const result = new Map(lower);
    for (const [key, value] of upper) {
      const below = lower.get(key);
      result.set(key, below instanceof Map && value instanceof Map ? foldTree(below, value) : value);
    }
    return result;
  };
  const order = (at: Tree, pointer: string): string[] =>
    [...at].flatMap(([key, value]) =>
      value instanceof Map && value.size > 0
        ? order(value, appendToken(pointer, key))
        : [appendToken(pointer, key)],
    );
  const merged = [...documents]
    .reverse()
    .reduce<Tree>((lower, next) => foldTree(lower, tree(next ?? {})), new Map());
  expect(fieldsOf(documents).map(({ pointer }) => pointer)).toEqual(order(merged, ""));
});

function config(documents: readonly (JsonObject | undefined)[]): EffectiveConfig {
  const named = documents.map((document, index) => ({ kind: LAYER_KINDS[index] ?? "SCHEMA", document }));
  return new EffectiveConfig("acme", "conferences", named);
}

/** What an etag is a hash of. */
function fingerprint(of: EffectiveConfig): string {
  return `${of.identity()}\n${canonical(of.merged.contributions().map((each) => each ?? {}))}`;
}

function shuffled(value: Json): Json {
  if (Array.isArray(value)) return value.map(shuffled);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, member]) => [key, shuffled(member)]),
  );
}

law("etag: the order of keys never moves it", layers(), (documents) => {
  const reordered = documents.map((document) => document && (shuffled(document) as JsonObject));
  return fingerprint(config(documents)) === fingerprint(config(reordered));
});

law("etag: it moves exactly when values or provenance do", layers(), (documents) => {
  const provenance = (state: readonly (JsonObject | undefined)[]) =>
    new Map(fieldsOf(state).map(({ pointer, contributions }) => [pointer, contributions]));
  for (const [index, document] of documents.entries()) {
    const changed = documents.with(index, index % 2 === 0 ? undefined : { ...document, a: 1 });
    const same = sameProvenance(provenance(documents), provenance(changed));
    expect(fingerprint(config(changed)) === fingerprint(config(documents))).toBe(same);
  }
});

test.each<[string, JsonObject[], JsonObject[]]>([
  [
    "below a non-object",
    [{ a: { x: 1 } }, { a: 5 }, { a: { y: 2 } }],
    [{ a: { x: 1 } }, { a: 5 }, { a: { y: 3 } }],
  ],
  ["below a list", [{ a: { x: 1 } }, { a: [] }, { a: { y: { z: 2 } } }], [{ a: { x: 1 } }, { a: [] }, {}]],
  ["empty, above members", [{ a: {} }, { a: { x: 1 } }], [{}, { a: { x: 1 } }]],
  ["empty, below members", [{ a: { x: 1 } }, { a: {} }], [{ a: { x: 1 } }, {}]],
  ["empty, deeper down", [{ a: { b: {} } }, { a: { b: { x: 1 } } }], [{ a: {} }, { a: { b: { x: 1 } } }]],
])("etag: what is %s contributes to no field, and does not move it", (_, documents, others) => {
  for (const look of [() => {}, (of: EffectiveConfig) => of.fields, (of: EffectiveConfig) => of.values]) {
    const [one, other] = [config(documents), config(others)];
    for (const each of [one, other]) look(each);
    expect(fingerprint(one)).toBe(fingerprint(other));
  }
});

function sameProvenance(
  a: Map<string, Field["contributions"]>,
  b: Map<string, Field["contributions"]>,
): boolean {
  return (
    a.size === b.size &&
    [...a].every(([pointer, contributions]) => {
      const other = b.get(pointer);
      return (
        other?.length === contributions.length &&
        contributions.every(
          (one, i) =>
            one.layer === other[i]?.layer &&
            one.pointer === other[i]?.pointer &&
            equals(one.value, other[i]?.value),
        )
      );
    })
  );
}

law("sourceAt names the source of every field, and of nothing that is not there", layers(), (documents) => {
  const effective = config(documents);
  return (
    effective.fields.every((field) => effective.sourceAt(field.pointer) === effective.sourceOf(field).kind) &&
    effective.sourceAt("/nowhere/at/all") === undefined
  );
});

test.each([
  ["", ["/a/b", "/ab", "/c"]],
  ["/a", ["/a/b"]],
  ["/a/b", ["/a/b"]],
  ["/ab", ["/ab"]],
  ["/c", ["/c"]],
  ["/c/0", []],
  ["/d", []],
])("the fields under %j are those at it or below it, by whole names", (pointer, expected) => {
  const effective = config([{ a: { b: 1 } }, { ab: 2, c: [3] }]);
  expect(
    effective
      .fieldsUnder(pointer)
      .map((field) => field.pointer)
      .sort(),
  ).toEqual(expected);
});
