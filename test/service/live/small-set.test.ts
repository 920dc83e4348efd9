import fc from "fast-check";
import { expect, test } from "vitest";
import { SmallSet } from "../../../src/service/live/small-set.js";

const MEMBERS = [{}, {}, {}];

test("a small set is a set", () => {
  const step = fc.tuple(fc.constantFrom("add", "delete", "clear"), fc.constantFrom(...MEMBERS));
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const [small, plain] = [new SmallSet<object>(), new Set<object>()];
      for (const [name, member] of steps) {
        for (const set of [small, plain]) {
          if (name === "add") set.add(member);
          else if (name === "delete") set.delete(member);
          else set.clear();
        }
        expect([...small]).toEqual([...plain]);
        expect(small.size).toBe(plain.size);
        for (const each of MEMBERS) expect(small.has(each)).toBe(plain.has(each));
      }
    }),
  );
});
