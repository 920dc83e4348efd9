import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  collisionsOf,
  type Draft,
  isTouched,
  refreshed,
  startedDraft,
  writeOf,
} from "../../../web/console/src/edit/drafts.js";
import { NO_EDITS, resolved, undecided, withDrafts } from "../../../web/console/src/edit/edits.js";
import { inputKind, inputText, parseInput } from "../../../web/console/src/edit/input-kind.js";
import { equalJson } from "../../../web/console/src/json.js";
import { namesOf, objectOf, pointerOf } from "../../../web/console/src/pointer.js";

const name = fc.oneof(
  fc.string({ maxLength: 6 }),
  fc.constantFrom("__proto__", "constructor", "", "~", "/", "~1"),
);
/** As JSON has it: without a negative zero. */
const value = fc
  .json({ maxDepth: 2 })
  .map((text) => JSON.parse(JSON.stringify(JSON.parse(text))))
  .filter((json) => json !== null);

function view(fields: Readonly<Record<string, unknown>>) {
  return {
    fields: Object.entries(fields).map(([pointer, at]) => ({
      pointer,
      value: at,
      title: null,
      source: { kind: "ACCOUNT" as const },
      lastChange: null,
      pinned: false,
      constraint: null,
    })),
  };
}

function drafted(draft: Draft, text: string): Draft {
  return draft.kind === "set" ? { ...draft, text } : draft;
}

describe("A pointer", () => {
  test("has names that make the same pointer again", () => {
    fc.assert(
      fc.property(fc.array(name, { minLength: 1 }), (names) => {
        expect(namesOf(pointerOf(names))).toEqual(names);
      }),
    );
  });

  test("becomes an object with nothing but the value there, whatever the names are", () => {
    fc.assert(
      fc.property(fc.array(name, { minLength: 1, maxLength: 4 }), value, (names, leaf) => {
        let found: unknown = objectOf([[pointerOf(names), leaf]]);
        for (const key of names) {
          expect(Object.keys(found as object)).toEqual([key]);
          found = Object.getOwnPropertyDescriptor(found, key)?.value;
        }
        expect(found).toEqual(leaf);
        expect(({} as Record<string, unknown>).polluted).toBeUndefined();
      }),
    );
  });

  test("shares the objects on its way with its siblings", () => {
    expect(
      objectOf([
        ["/a/b", 1],
        ["/a/c", null],
        ["/d", []],
      ]),
    ).toEqual({ a: { b: 1, c: null }, d: [] });
  });
});

describe("An input", () => {
  test("that nobody touched stands for the value it was made for", () => {
    fc.assert(
      fc.property(value, (json) => {
        const kind = inputKind(null, json);
        expect(parseInput(kind, inputText(kind, json), null)).toEqual({ value: json });
      }),
    );
  });

  test.each([
    [{ type: "integer" }, 5, "integer"],
    [{ type: "number" }, 5, "number"],
    [{ type: "string" }, "a", "text"],
    [{ type: "boolean" }, true, "boolean"],
    [{ enum: ["a", 1] }, "a", "choice"],
    [{ type: "array", items: { type: "string" } }, ["a"], "lines"],
    [{ type: "array", items: { type: "string" } }, ["a\nb"], "json"],
    [{ type: "array", items: { type: "string" } }, ["a\rb"], "json"],
    [{ type: "array", items: { type: "string" } }, [" a"], "json"],
    [{ type: "array", items: { type: "string" } }, [" "], "json"],
    [{ type: "array", items: { type: "object" } }, [{}], "json"],
    [{ type: ["integer", "boolean"] }, 5, "json"],
    [{ type: ["integer", "null"] }, 5, "integer"],
    [{ anyOf: [{ type: "integer" }, { type: "string" }] }, 5, "json"],
    [{ type: "object" }, {}, "json"],
    [{ type: "string" }, { a: 1 }, "json"],
    [null, undefined, "json"],
  ])("for %j with %j is of the kind %s", (schema, json, kind) => {
    expect(inputKind(schema, json)).toBe(kind);
  });

  test.each([
    ["integer", "4.5"],
    ["integer", ""],
    ["integer", "0x10"],
    ["integer", "9007199254740993"],
    ["integer", "2"],
    ["integer", "11"],
    ["number", "1e999"],
    ["number", "NaN"],
    ["json", "{"],
    ["json", "null"],
    ["json", ""],
    ["choice", '"c"'],
  ] as const)("of the kind %s takes no %j, and says why", (kind, text) => {
    const schema = { minimum: 3, maximum: 10, ...(kind === "choice" && { enum: ["a", "b"] }) };
    expect(parseInput(kind, text, schema)).toEqual({ problem: expect.stringMatching(/\w/) });
  });
});

describe("Edits", () => {
  const started = startedDraft("/a", 1, "integer", { type: "integer" });

  test("that were not touched write nothing", () => {
    expect(isTouched(started)).toBe(false);
    expect(writeOf(new Map([["/a", started]]))).toBeUndefined();
  });

  test("become one patch: values, and null for what is reset", () => {
    const drafts = new Map<string, Draft>([
      ["/a", drafted(started, "2")],
      ["/b/c", { pointer: "/b/c", base: { value: 1 }, kind: "reset" }],
    ]);
    expect(writeOf(drafts)).toEqual({ kind: "patch", patch: { a: 2, b: { c: null } }, pin: [] });
  });

  test("that only reset become a reset, which no schema refuses", () => {
    const drafts = new Map<string, Draft>([["/a", { pointer: "/a", base: { value: 1 }, kind: "reset" }]]);
    expect(writeOf(drafts)).toEqual({ kind: "reset", pointers: ["/a"] });
  });

  test("with an input that holds no value write nothing at all", () => {
    const drafts = new Map<string, Draft>([
      ["/a", drafted(started, "x")],
      ["/b", { pointer: "/b", base: { value: 1 }, kind: "reset" }],
    ]);
    expect(writeOf(drafts)).toBeUndefined();
  });

  test("collide exactly where somebody else changed the field to something else", () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer(), fc.integer(), (before, mine, theirs) => {
        fc.pre(mine !== before);
        const drafts = new Map([["/a", drafted(startedDraft("/a", before, "integer", null), String(mine))]]);
        const collides = collisionsOf(drafts, view({ "/a": theirs })).length === 1;
        expect(collides).toBe(theirs !== before && theirs !== mine);
      }),
    );
  });

  test("collide where the field went away", () => {
    const drafts = new Map([["/a", drafted(started, "2")]]);
    expect(collisionsOf(drafts, view({}))).toMatchObject([{ before: 1, mine: 2, theirs: undefined }]);
  });

  const begun = withDrafts(NO_EDITS, "c1", (map) => map.set("/a", drafted(started, "2")));
  const conflict = { pointer: "/a", base: 1, mine: 2, theirs: 3, theirsSource: null, by: null };

  test("that keep mine collide no more, until somebody changes the field again", () => {
    const [collision] = collisionsOf(begun.drafts, view({ "/a": 3 }));
    if (collision === undefined) throw new Error("no collision");
    const kept = resolved(begun, collision, "mine");
    expect(collisionsOf(kept.drafts, view({ "/a": 3 }))).toEqual([]);
    expect(collisionsOf(kept.drafts, view({ "/a": 4 }))).toHaveLength(1);
    expect(undecided(kept, [conflict])).toEqual([]);
    expect(undecided(kept, [{ ...conflict, theirs: 4 }])).toHaveLength(1);
    expect(writeOf(kept.drafts)).toEqual({ kind: "patch", patch: { a: 2 }, pin: [] });
    expect(kept.base).toBe("c1");
  });

  test("that began in sight of another's value do not collide with it, though an older edit is decided on less", () => {
    const both = withDrafts(begun, "c2", (map) =>
      map.set("/b", drafted(startedDraft("/b", 7, "integer", null), "8")),
    );
    expect(both.base).toBe("c1");
    const other = { ...conflict, pointer: "/b", base: 5, mine: 8, theirs: 7 };
    expect(undecided(both, [conflict, other]).map(({ pointer }) => pointer)).toEqual(["/a"]);
  });

  test("collide below and above their own place, and go where theirs is taken", () => {
    const edits = withDrafts(NO_EDITS, "c1", (map) => {
      map.set("/a/b", drafted(startedDraft("/a/b", undefined, "json", null, { isNew: true }), '{"c": 1}'));
      map.set("/ab", drafted(startedDraft("/ab", 1, "integer", null), "2"));
    });
    for (const pointer of ["/a", "/a/b/c"]) {
      const [collision] = undecided(edits, [{ ...conflict, pointer, base: null }]);
      if (collision === undefined) throw new Error("no collision");
      expect(collision).toMatchObject({ before: undefined, theirs: 3, theirsSource: undefined });
      expect([...resolved(edits, collision, "theirs").drafts.keys()]).toEqual(["/ab"]);
      expect(undecided(resolved(edits, collision, "mine"), [{ ...conflict, pointer }])).toEqual([]);
    }
  });

  test("that were not touched follow what is in force; the others stay", () => {
    const drafts = new Map([
      ["/a", started],
      ["/b", drafted(startedDraft("/b", 1, "integer", null), "7")],
    ]);
    const next = refreshed(drafts, view({ "/a": 5, "/b": 5 }));
    expect([...next.values()]).toMatchObject([{ text: "5" }, { text: "7" }]);
    expect(refreshed(next, view({ "/a": 5, "/b": 5 }))).toBe(next);
  });
});

test("JSON values are equal whatever the order of their keys, and only then", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
      const reversed = (json: unknown): unknown =>
        Array.isArray(json)
          ? json.map(reversed)
          : typeof json === "object" && json !== null
            ? Object.fromEntries(
                Object.entries(json)
                  .reverse()
                  .map(([key, at]) => [key, reversed(at)]),
              )
            : json;
      expect(equalJson(a, reversed(structuredClone(a)))).toBe(true);
      const sorted = (json: unknown) =>
        JSON.stringify(json, (_, at) =>
          at && typeof at === "object" && !Array.isArray(at)
            ? Object.fromEntries(Object.entries(at).sort(([one], [other]) => (one < other ? -1 : 1)))
            : at,
        );
      expect(equalJson(a, b)).toBe(sorted(a) === sorted(b) || Object.is(a, b) || a === b);
    }),
    { examples: [["", { "": 0, " ": { toString: 0 } }]] },
  );
});
