import { expect, test } from "vitest";
import { changedPointers } from "../../src/domain/change/changed-pointers.js";
import { equals, type JsonObject } from "../../src/domain/json/json.js";
import { documents } from "./json-arbitrary.js";
import { law } from "./law.js";

const between = (before: JsonObject, after: JsonObject) => [...changedPointers(before, after)];

test.each<[JsonObject, JsonObject, string[]]>([
  [{}, { a: 1 }, ["/a"]],
  [{ a: 1 }, {}, ["/a"]],
  [{ a: 1, b: 2 }, { b: 3, a: 1 }, ["/b"]],
  [{ a: { b: 1, c: 2 } }, { a: { c: 2 } }, ["/a/b"]],
  [{ a: { b: 1, c: 2 } }, {}, ["/a/b", "/a/c"]],
  [{ a: { b: 1 } }, { a: [1] }, ["/a"]],
  [{ a: [1, 2] }, { a: [1, 3] }, ["/a"]],
  [{}, { a: {} }, ["/a"]],
  [{ a: {} }, {}, ["/a"]],
  [{ a: {} }, { a: { "b/c": 1 } }, ["/a/b~1c"]],
  [{ a: null }, {}, ["/a"]],
])("between %j and %j there are %j", (before, after, pointers) => {
  expect(between(before, after)).toEqual(pointers);
});

law(
  "there are none exactly between equal documents, and each is there once, whichever way the change went",
  documents(2),
  (pair) => {
    const [before = {}, after = {}] = pair;
    const pointers = between(before, after);
    expect(pointers.length === 0).toBe(equals(before, after));
    expect(between(before, before)).toEqual([]);
    expect(new Set(pointers).size).toBe(pointers.length);
    expect(between(after, before).sort()).toEqual(pointers.sort());
    return true;
  },
);
