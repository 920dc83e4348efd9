import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { StrataError } from "../../src/domain/errors.js";
import {
  canonical,
  checkDocumentSize,
  checkJson,
  countLeaves,
  equals,
  type Json,
  type JsonObject,
  LIMITS,
} from "../../src/domain/json/json.js";
import { appendToken, parsePointer } from "../../src/domain/json/pointer.js";
import { cases } from "../cases.js";
import { documents } from "./json-arbitrary.js";
import { law } from "./law.js";

function refusal(run: () => unknown): StrataError {
  try {
    run();
  } catch (error) {
    if (error instanceof StrataError) return error;
    throw error;
  }
  throw new Error("was not refused");
}
const nested = (depth: number): unknown => JSON.parse(`${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`);

/** What `canonical` is to make, in the simplest way. */
function spelled(value: unknown): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(spelled).join(",")}]`;
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([key, inner]) => `${JSON.stringify(key)}:${spelled(inner)}`).join(",")}}`;
}

law("a canonical text has all keys in order, whatever order they came in", documents(1), ([value]) => {
  const text = canonical(value as Json);
  return text === spelled(value) && canonical(JSON.parse(text)) === text;
});

test("keys that look like numbers are in the order of texts, too", () => {
  expect(canonical({ 9: 1, 10: 2, a: [{ 2: 1, 11: 2 }] })).toBe('{"10":2,"9":1,"a":[{"11":2,"2":1}]}');
});

law("R11: two values are equal exactly when their canonical texts are", documents(2), ([a, b]) => {
  return (
    equals(a, b) === (canonical(a as Json) === canonical(b as Json)) &&
    equals(a, JSON.parse(canonical(a as Json)))
  );
});

test('R11: 1 and 1.0 are one number, 0 and -0 too; "5" and 5 are not', () => {
  expect(equals(JSON.parse("1.0"), 1)).toBe(true);
  expect(equals(JSON.parse("-0"), 0)).toBe(true);
  expect(canonical(JSON.parse("-0"))).toBe("0");
  expect(equals("5", 5)).toBe(false);
  expect(equals({ toString: 1 }, {})).toBe(false);
  expect(equals([], {})).toBe(false);
  expect(equals({}, [])).toBe(false);
});

law("every JSON text that passes the border comes back as it was", documents(1), ([document]) => {
  return JSON.stringify(checkJson(JSON.parse(JSON.stringify(document)))) === JSON.stringify(document);
});

const items = fc.oneof(
  documents(1).map(([document]): unknown => document),
  fc.constantFrom<unknown>(null, 1, "", [], {}, [[]], [{}], { "": 1 }, [
    1,
    { "": [2], a: { b: [{ c: 3 }] } },
  ]),
);
const smallItems = items.filter((item) => JSON.stringify(item).length <= 200);
law(
  "an array that a document has room for passes the border, whatever its items are",
  fc.array(smallItems, { minLength: 1, maxLength: 4 }),
  (items) => {
    const bytes = items.map((item) => JSON.stringify(item).length + 1);
    const given: { a: unknown[] } = { a: [] };
    for (let i = 0, room = LIMITS.documentBytes - 7; ; i = (i + 1) % items.length) {
      room -= bytes[i] ?? 0;
      if (room < 0) break;
      given.a.push(items[i]);
    }
    if (JSON.stringify(given).length > LIMITS.documentBytes) throw new Error("too long");
    return checkJson(given) === given;
  },
  cases(50),
);

describe("the border refuses", () => {
  test.each([
    ["__proto__ at the top", '{"__proto__":{"x":1}}', "/__proto__"],
    ["__proto__ three levels down", '{"a":{"b":{"c":{"__proto__":1}}}}', "/a/b/c/__proto__"],
    ["constructor inside an array", '{"a":[{"constructor":1}]}', "/a/0/constructor"],
    ["prototype", '{"prototype":null}', "/prototype"],
    ["an integer beyond 2^53-1", '{"n":9007199254740993}', "/n"],
    ["a negative one", '{"n":[-9007199254740993]}', "/n/0"],
    ["a number beyond a double", '{"n":1e400}', "/n"],
    ["a lone surrogate in a value", '{"s":"\\ud800"}', "/s"],
    ["a lone surrogate in a key", '{"\\udc00":1}', "/\ufffd"],
    ["NUL in a value", '{"s":"a\\u0000b"}', "/s"],
  ])("%s, with its pointer", (_, text, pointer) => {
    const error = refusal(() => checkJson(JSON.parse(text)));
    expect(error).toMatchObject({ code: "BAD_USER_INPUT", pointer });
  });

  test.each([65, 4_000, 100_000])("depth %i, by the name of the limit", (depth) => {
    expect(refusal(() => checkJson(nested(depth)))).toMatchObject({ code: "BAD_USER_INPUT", limit: "depth" });
  });

  test("depth in arrays", () => {
    expect(refusal(() => checkJson(JSON.parse(`{"a":${"[".repeat(64)}${"]".repeat(64)}}`))).limit).toBe(
      "depth",
    );
  });

  test("10,001 fields, by the name of the limit", () => {
    const members = Array.from({ length: LIMITS.fields + 1 }, (_, i) => [`k${i}`, i]);
    expect(refusal(() => checkJson(Object.fromEntries(members))).limit).toBe("fields");
    expect(checkJson(Object.fromEntries(members.slice(1)))).toBeDefined();
  });

  test("a field that no pointer could name", () => {
    expect(refusal(() => checkJson({ ["k".repeat(1_024)]: 1 })).limit).toBe("pointer");
    expect(checkJson({ ["k".repeat(1_023)]: 1 })).toBeDefined();
  });

  test.each([
    ["numbers", 1, LIMITS.documentBytes / 2],
    ["empty objects", {}, LIMITS.documentBytes / 2],
    ["objects", { ab: 1 }, Math.floor(LIMITS.documentBytes / 9)],
  ])("an array of more %s than a document has room for, and no nearer one", (_, item, count) => {
    const given = (items: number) => ({ a: Array.from({ length: items }, () => item) });
    expect(refusal(() => checkJson(given(count + 1)))).toMatchObject({ limit: "document" });
    expect(checkJson(given(count))).toBeDefined();
  });

  test("a document over 256 KiB", () => {
    const fits: JsonObject = { text: "x".repeat(LIMITS.documentBytes - 11) };
    expect(JSON.stringify(fits).length).toBe(LIMITS.documentBytes);
    checkDocumentSize(fits);
    expect(refusal(() => checkDocumentSize({ text: `${fits.text}x` })).limit).toBe("document");
    expect(refusal(() => checkDocumentSize({ text: "é".repeat(LIMITS.documentBytes / 2) })).limit).toBe(
      "document",
    );
  });
});

test("depth 64 passes", () => {
  expect(checkJson(nested(64))).toBeDefined();
});

test("an array is one field, whatever it holds", () => {
  const big = { list: Array.from({ length: 20_000 }, (_, i) => ({ i })) };
  expect(checkJson(big)).toBe(big);
  expect(countLeaves({ list: [{ a: 1 }, 2], empty: {}, deep: { x: 1, y: { z: 2 } } })).toBe(4);
});

test("prototypes stay clean", () => {
  refusal(() => checkJson(JSON.parse('{"__proto__":{"x":1}}')));
  expect(({} as Record<string, unknown>).x).toBeUndefined();
});

law("a pointer's tokens are what it was made of", fc.array(fc.string(), { maxLength: 6 }), (tokens) => {
  expect(parsePointer(tokens.reduce(appendToken, ""))).toEqual(tokens);
});

test.each(["a", "a/b", "/a~", "/~2", " /a", "#/a"])("%j is not a pointer", (pointer) => {
  expect(refusal(() => parsePointer(pointer)).code).toBe("BAD_USER_INPUT");
});

test("a pointer over 1,024 characters is over the limit", () => {
  expect(refusal(() => parsePointer(`/${"a".repeat(1_024)}`)).limit).toBe("pointer");
});
