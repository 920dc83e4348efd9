import fc from "fast-check";
import { expect, test } from "vitest";
import { cursorOf, positionIn } from "../../src/service/store-cursor.js";
import { cases, SEED } from "../cases.js";

test(`a cursor names the position that it was made of (LAW_SEED=${SEED})`, () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[\w-]{16}$/), fc.maxSafeNat(), (incarnation, sequence) => {
      const position = { incarnation, sequence };
      expect(positionIn(cursorOf(position), "/base")).toEqual(position);
    }),
    { seed: SEED, numRuns: cases(100) },
  );
});

test("anything else is refused, with its pointer", () => {
  const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const others = [
    ...["", "x", "{}", "%", "A".repeat(10_000), cursorOf({ incarnation: "i", sequence: 1 }).slice(1)],
    ...[[], [2, "i", 1], [1, 7, 1], [1, "i", -1], [1, "i", 1.5], [1, "i"], {}, null].map(encoded),
  ];
  for (const cursor of others)
    expect(() => positionIn(cursor, "/base")).toThrow(
      expect.objectContaining({ code: "BAD_USER_INPUT", pointer: "/base" }),
    );
});
