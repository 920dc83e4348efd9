import { expect } from "vitest";
import {
  equals,
  isEmpty,
  isObject,
  type Json,
  type JsonObject,
  withoutNulls,
} from "../../src/domain/json/json.js";
import { appendToken } from "../../src/domain/json/pointer.js";
import { merge } from "../../src/domain/merge/merge.js";
import { diff } from "../../src/domain/write/diff.js";
import { applyPatch, reset } from "../../src/domain/write/patch.js";
import { documents, documentsAndInput, paths } from "./json-arbitrary.js";
import { law } from "./law.js";

const at = (object: Json | undefined, path: readonly string[]): Json | undefined =>
  path.reduce<Json | undefined>(
    (value, token) => (isObject(value) && Object.hasOwn(value, token) ? value[token] : undefined),
    object,
  );
const pointerOf = (path: readonly string[]): string => path.reduce(appendToken, "");
/** Whether path `a` is `b` or lies below it. */
const isAtOrUnder = (a: readonly string[], b: readonly string[]): boolean =>
  a.length >= b.length && b.every((token, i) => token === a[i]);

/** The leaves that an input names: nulls too, empty objects too. */
function named(input: JsonObject, prefix: readonly string[] = []): { path: string[]; value: Json }[] {
  return Object.entries(input).flatMap(([key, value]) => {
    const path = [...prefix, key];
    return isObject(value) && !isEmpty(value) ? named(value, path) : [{ path, value }];
  });
}

law("R7: merge(parent, diff(merge(parent, v), parent)) = merge(parent, v)", documents(2), ([v, parent]) => {
  const target = merge([v, parent]);
  expect(merge([diff(target, parent as JsonObject), parent])).toEqual(target);
});

law(
  "R7: a set takes effect: what was given is in force, the rest is inherited",
  documents(2),
  ([v, parent]) => {
    expect(merge([diff(v as JsonObject, parent as JsonObject), parent])).toEqual(merge([v, parent]));
  },
);

law("R7: what equals the parent is not stored", documents(2), ([v, parent]) => {
  const stored = diff(v as JsonObject, parent as JsonObject);
  return (
    named(stored).every(({ path, value }) => !equals(at(parent, path), value)) &&
    isEmpty(diff(stored, stored))
  );
});

law("R7: a diff names nothing that was not given", documents(2), ([v, parent]) =>
  named(diff(v as JsonObject, parent as JsonObject)).every(({ path, value }) => equals(at(v, path), value)),
);

law("R3: nulls go, and objects that they emptied; arrays keep theirs", documentsAndInput(0), ({ input }) => {
  const kept = withoutNulls(input) ?? {};
  for (const { path, value } of named(kept as JsonObject)) {
    if (value === null || !equals(at(input, path), value)) return false;
  }
  return named(input).every(({ path, value }) => value === null || equals(at(kept, path), value));
});

law("R8: every value a patch names is the effective value afterwards", documentsAndInput(2), (given) => {
  const [own, parent] = given.documents as [JsonObject, JsonObject];
  const effective = merge([applyPatch(own, parent, given.input), parent]);
  return named(given.input).every(({ path, value }) => {
    if (value === null) return true;
    const now = at(effective, path);
    return isObject(value) ? isObject(now) : equals(now, value);
  });
});

law("R8: overrides that a patch does not name stay; nothing else appears", documentsAndInput(2), (given) => {
  const [own, parent] = given.documents as [JsonObject, JsonObject];
  const patched = applyPatch(own, parent, given.input);
  const names = named(given.input).map(({ path }) => path);
  const untouched = (path: string[]) =>
    !names.some((name) => isAtOrUnder(path, name) || isAtOrUnder(name, path));
  return (
    named(own).every(({ path, value }) => !untouched(path) || equals(at(patched, path), value)) &&
    named(patched).every(({ path, value }) => !untouched(path) || equals(at(own, path), value))
  );
});

law(
  "R8: an override on the way of nulls alone stays",
  documentsAndInput(1),
  ({ documents: [own], input }) => {
    const nulls = onlyNulls(input);
    const patched = applyPatch(own as JsonObject, {}, nulls);
    return paths(own as JsonObject).every((path) => {
      const value = at(own, path);
      if (isObject(value)) return true;
      const dropped = named(nulls).some(({ path: name }) => isAtOrUnder(path, name));
      return dropped ? at(patched, path) === undefined : equals(at(patched, path), value);
    });
  },
);

function onlyNulls(input: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(input).map(([key, value]) => [
      key,
      isObject(value) && !isEmpty(value) ? onlyNulls(value) : null,
    ]),
  );
}

law("R8, R9: a patch of nulls is a reset of those pointers", documentsAndInput(2), (given) => {
  const [own, parent] = given.documents as [JsonObject, JsonObject];
  const nulls = onlyNulls(given.input);
  const pointers = named(nulls).map(({ path }) => pointerOf(path));
  expect(reset(own, pointers)).toEqual(applyPatch(own, parent, nulls));
});

law("R8: patches of different fields commute", documentsAndInput(3), (given) => {
  const [own, parent, other] = given.documents as [JsonObject, JsonObject, JsonObject];
  const first = given.input;
  const names = named(first).map(({ path }) => path);
  const second = named(other).reduce<JsonObject>((patch, { path, value }) => {
    const clash = names.some((name) => isAtOrUnder(name, path) || isAtOrUnder(path, name));
    return clash ? patch : merge([nest(path, value), patch]);
  }, {});
  const oneWay = applyPatch(applyPatch(own, parent, first), parent, second);
  const otherWay = applyPatch(applyPatch(own, parent, second), parent, first);
  expect(oneWay).toEqual(otherWay);
});

function nest(path: readonly string[], value: Json): JsonObject {
  return path.reduceRight<Json>((inner, token) => ({ [token]: inner }), value) as JsonObject;
}

law("R8: a patch applied twice is a patch applied once", documentsAndInput(2), (given) => {
  const [own, parent] = given.documents as [JsonObject, JsonObject];
  const once = applyPatch(own, parent, given.input);
  expect(applyPatch(once, parent, given.input)).toEqual(once);
});

law(
  "R8: an emptied object goes with its last member; one that was empty before stays",
  documentsAndInput(2),
  (given) => {
    const [own, parent] = given.documents as [JsonObject, JsonObject];
    const patched = applyPatch(own, parent, given.input);
    const namedEmpty = (path: string[]) =>
      isObject(at(given.input, path)) && isEmpty(at(given.input, path) as JsonObject);
    return named(patched).every(({ path, value }) => {
      if (!isObject(value)) return true;
      const before = at(own, path);
      return (isObject(before) && isEmpty(before)) || namedEmpty(path);
    });
  },
);

law("R9: a reset drops what is at or under its pointers, and nothing else", documentsAndInput(1), (given) => {
  const [own] = given.documents as [JsonObject];
  const targets = [...paths(own), ...paths(given.input)].filter((_, index) => index % 3 === 0);
  const left = reset(own, targets.map(pointerOf));
  return named(own).every(({ path, value }) => {
    const dropped = targets.some((target) => isAtOrUnder(path, target));
    return dropped ? at(left, path) === undefined : equals(at(left, path), value);
  });
});

law(
  "R9: no pointers, or the whole document's, drop everything; an empty list drops nothing",
  documents(1),
  ([own]) => {
    const document = own as JsonObject;
    return (
      isEmpty(reset(document, undefined)) &&
      isEmpty(reset(document, ["/a", ""])) &&
      equals(reset(document, []), document)
    );
  },
);

law("R13: deciding changes none of its inputs", documentsAndInput(2), (given) => {
  const before = JSON.stringify(given);
  const [own, parent] = given.documents as [JsonObject, JsonObject];
  applyPatch(own, parent, given.input);
  diff(own, parent);
  reset(own, ["/a", "/b/c", "/10"]);
  return JSON.stringify(given) === before;
});
