import fc from "fast-check";
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
import { type BindingConstraint, constraintsAfter } from "../../src/domain/merge/constraint.js";
import type { Binding } from "../../src/domain/merge/constraint-tree.js";
import { Merged } from "../../src/domain/merge/merged.js";
import { Genome } from "./genome.js";
import { documents as documentsOf, paths } from "./json-arbitrary.js";
import { law } from "./law.js";

/** One layer: a document, and what it says to the layers above it. */
interface GivenLayer {
  readonly document: JsonObject;
  readonly constraints: readonly BindingConstraint[];
}

/** Judges by the text alone, so that every kind of value is rejected now and then. */
const rejects = (value: Json): boolean => canonical(value).length % 3 !== 0;

/** Four layers, highest first. Constraints lie at pointers that documents have, at members below those, and at "". */
function constrainedLayers(): fc.Arbitrary<GivenLayer[]> {
  return fc.tuple(documentsOf(4), fc.uint8Array({ maxLength: 40, size: "max" })).map(([documents, bytes]) => {
    const genome = new Genome(bytes);
    const known = documents
      .flatMap((document) => paths(document))
      .map((path) => path.reduce(appendToken, ""));
    const pointers = ["", "/a", ...known, ...known.map((pointer) => `${pointer}/b`)];
    return documents.map((document) => {
      const constraints = Array.from({ length: genome.next(4) }, (_, n): BindingConstraint => {
        const pointer = pointers[genome.next(pointers.length)] as string;
        const reason = `reason ${n}`;
        return genome.next(2) === 0
          ? { pointer, kind: "LOCK", reason }
          : { pointer, kind: "BOUNDS", schema: {}, reason, rejects };
      });
      const byPointer = new Map(constraints.map((constraint) => [constraint.pointer, constraint]));
      return { document, constraints: [...byPointer.values()] };
    });
  });
}

function merged(layers: readonly GivenLayer[]): Merged {
  const [lowest, ...above] = layers.toReversed();
  const base = Merged.of([]).under(lowest?.document, lowest?.constraints);
  return above.reduce((below, { document, constraints }) => below.under(document, constraints), base);
}

type Leaf = readonly [pointer: string, value: Json];

function leavesOf(object: JsonObject, pointer = ""): Leaf[] {
  return Object.entries(object).flatMap(([key, value]) => {
    const at = appendToken(pointer, key);
    return isObject(value) && !isEmpty(value) ? leavesOf(value, at) : [[at, value] as const];
  });
}

function fromLeaves(leaves: readonly Leaf[]): JsonObject {
  const made: { [key: string]: Json } = {};
  for (const [pointer, value] of leaves) {
    const tokens = tokensOf(pointer);
    let at = made;
    for (const token of tokens.slice(0, -1)) {
      if (!Object.hasOwn(at, token)) at[token] = {};
      at = at[token] as { [key: string]: Json };
    }
    at[tokens.at(-1) as string] = value;
  }
  return made;
}

const isUnder = (pointer: string, ancestor: string) => pointer.startsWith(`${ancestor}/`);
const valueAt = (document: JsonObject, pointer: string): Json | undefined =>
  tokensOf(pointer).reduce<Json | undefined>(
    (value, token) => (isObject(value) && Object.hasOwn(value, token) ? value[token] : undefined),
    document,
  );

/** R17 word for word, about one leaf. */
function isExcluded(document: JsonObject, [leaf, value]: Leaf, { constraint }: Binding): boolean {
  const { pointer, kind } = constraint;
  if (isUnder(pointer, leaf)) return !isObject(value);
  if (leaf !== pointer && !isUnder(leaf, pointer)) return false;
  return kind === "LOCK" || rejects(valueAt(document, pointer) as Json);
}

/** The word of R17 again: LOCK before BOUNDS, then the nearest layer, then the shortest pointer. */
function deciding(bindings: readonly Binding[]): Binding | undefined {
  const rank = ({ constraint, layer }: Binding) => [
    constraint.kind === "LOCK" ? 0 : 1,
    -layer,
    constraint.pointer.length,
  ];
  return [...bindings].sort((a, b) => {
    const [left, right] = [rank(a), rank(b)];
    const at = left.findIndex((each, index) => each !== right[index]);
    if (at >= 0) return (left[at] ?? 0) - (right[at] ?? 0);
    return a.constraint.pointer < b.constraint.pointer ? -1 : 1;
  })[0];
}

/** Of the layer at a place, highest first: the constraints of every layer below it. */
function bindingsOf(layers: readonly GivenLayer[], index: number): Binding[] {
  return layers.flatMap(({ constraints }, at) =>
    at <= index ? [] : constraints.map((constraint) => ({ constraint, layer: layers.length - at })),
  );
}

law("R17: what is admitted and what is dormant are the document", constrainedLayers(), (layers) => {
  const { documents, dormant } = merged(layers);
  layers.forEach(({ document }, index) => {
    const kept = dormant.filter(({ layer }) => layer === layers.length - index);
    const all = [
      ...leavesOf(documents[index] ?? {}),
      ...kept.map(({ pointer, value }) => [pointer, value] as const),
    ];
    expect(all.length).toBe(leavesOf(document).length);
    expect(equals(fromLeaves(all), fromLeaves(leavesOf(document)))).toBe(true);
  });
  return true;
});

law(
  "R17: a leaf is admitted where no constraint of a layer below excludes it",
  constrainedLayers(),
  (layers) => {
    const { documents, dormant } = merged(layers);
    layers.forEach(({ document }, index) => {
      const bindings = bindingsOf(layers, index);
      const wanted = leavesOf(document).map((leaf) => ({
        leaf,
        by: deciding(bindings.filter((binding) => isExcluded(document, leaf, binding))),
      }));
      const admitted = fromLeaves(wanted.filter(({ by }) => by === undefined).map(({ leaf }) => leaf));
      expect(documents[index]).toEqual(admitted);
      const found = dormant.filter(({ layer }) => layer === layers.length - index);
      const named = ({ constraint, layer }: Binding) => [constraint.kind, constraint.pointer, layer];
      expect(found.map(({ pointer, binding }) => [pointer, ...named(binding)])).toEqual(
        wanted.flatMap(({ leaf: [pointer], by }) => (by === undefined ? [] : [[pointer, ...named(by)]])),
      );
    });
    return true;
  },
);

law("R17: what is admitted whole is the document itself", constrainedLayers(), (layers) => {
  const { documents, dormant } = merged(layers);
  return layers.every(({ document }, index) => {
    const isWhole = !dormant.some(({ layer }) => layer === layers.length - index);
    return (documents[index] === document) === isWhole;
  });
});

law("R17: without constraints everything is as it was", constrainedLayers(), (layers) => {
  const free = merged(layers.map(({ document }) => ({ document, constraints: [] })));
  const plain = Merged.of(layers.map(({ document }) => document));
  expect(free.values).toEqual(plain.values);
  return free.dormant.length === 0 && free.constraints === undefined;
});

law("R17: no value is in force that no layer has at that very pointer", constrainedLayers(), (layers) => {
  const found = merged(layers);
  return found.fields.list().every(({ pointer, value, contributions: [source] }) => {
    const document = found.documents[layers.length - source.layer];
    return source.pointer === pointer && document !== undefined && equals(valueAt(document, pointer), value);
  });
});

law(
  "R17: the constraint of a field is the strictest at, above or below it",
  constrainedLayers(),
  (layers) => {
    const { binding, fields } = merged(layers);
    const bindings = bindingsOf(layers, 0);
    return fields.list().every(({ pointer }) => {
      const about = bindings.filter(
        ({ constraint: { pointer: at } }) => at === pointer || isUnder(pointer, at) || isUnder(at, pointer),
      );
      const [found, wanted] = [binding?.at(tokensOf(pointer)), deciding(about)];
      return found?.constraint === wanted?.constraint && found?.layer === wanted?.layer;
    });
  },
);

const lock = (pointer: string): BindingConstraint => ({ pointer, kind: "LOCK", reason: "house rule" });
const bounds = (pointer: string, isRejected: (value: Json) => boolean): BindingConstraint => ({
  pointer,
  kind: "BOUNDS",
  schema: {},
  reason: "house rule",
  rejects: isRejected,
});

const admitted: [string, BindingConstraint, JsonObject, JsonObject][] = [
  ["a lock excludes what is at its pointer", lock("/a"), { a: 1, b: 2 }, { b: 2 }],
  ["a lock excludes an empty object at its pointer", lock("/a"), { a: {}, b: 2 }, { b: 2 }],
  ["a lock excludes what is below its pointer", lock("/a"), { a: { b: { c: 1 } }, d: 1 }, { d: 1 }],
  ["a lock excludes a non-object above its pointer", lock("/a/b/c"), { a: [1], d: 1 }, { d: 1 }],
  ["a lock leaves an empty object above its pointer alone", lock("/a/b"), { a: {} }, { a: {} }],
  ["an object that a lock empties goes", lock("/a/b/c"), { a: { b: { c: 1 } }, d: 1 }, { d: 1 }],
  ["a lock at the root excludes everything", lock(""), { a: 1, b: { c: 2 } }, {}],
  ["bounds exclude a rejected value, whole", bounds("/a", () => true), { a: { b: 1, c: 2 }, d: 1 }, { d: 1 }],
  ["bounds leave an accepted value", bounds("/a", () => false), { a: { b: 1 } }, { a: { b: 1 } }],
  [
    "bounds exclude a non-object above them, whatever they accept",
    bounds("/a/b", () => false),
    { a: 1, c: 1 },
    { c: 1 },
  ],
  ["bounds do not judge what is not there", bounds("/a", () => true), { b: 1 }, { b: 1 }],
  [
    "bounds at the root judge the document",
    bounds("", (value) => isObject(value) && value.a === 1),
    { a: 1 },
    {},
  ],
];
test.each(admitted)("%s", (_, constraint, document, wanted) => {
  const over = Merged.of([]).under(undefined, [constraint]).under(document);
  expect(over.values).toEqual(wanted);
});

test("A layer's own constraints do not bind the layer itself", () => {
  expect(Merged.of([]).under({ a: 1 }, [lock("")]).values).toEqual({ a: 1 });
});

test("Bounds that the budget does not reach count as rejected", () => {
  const dear = (pointer: string): BindingConstraint => ({
    ...bounds(pointer, () => false),
    rejects: (_, budget) => {
      budget.left -= 1_000_000;
      return budget.left < -1_000_000;
    },
  });
  const over = Merged.of([])
    .under(undefined, [dear("/a"), dear("/b")])
    .under({ a: 1, b: 2, c: 3 });
  expect(over.values).toEqual({ a: 1, c: 3 });
});

test("Constraints are put and removed one for each pointer, and kept in the order of their pointers", () => {
  const before = [lock("/a"), lock("/c")];
  const after = constraintsAfter(before, {
    set: [lock("/b"), bounds("/c", () => true)],
    remove: ["/a", "/x"],
  });
  expect(after.map(({ pointer, kind }) => [pointer, kind])).toEqual([
    ["/b", "LOCK"],
    ["/c", "BOUNDS"],
  ]);
});
