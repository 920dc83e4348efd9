import { expect, test } from "vitest";
import { Inheritance } from "../../../src/service/impact/impact-scope.js";

test("what those who inherit the same have in common is worked out once for each who asks", () => {
  const inheritance = new Inheritance([], []);
  const [one, other] = [{}, {}];
  let times = 0;
  const ask = (asker: object) => inheritance.once(asker, () => ++times);
  expect([ask(one), ask(one), ask(other), ask(one)]).toEqual([1, 1, 2, 1]);
  const nothing = () => inheritance.once(inheritance, () => void times++);
  expect([nothing(), nothing(), times]).toEqual([undefined, undefined, 3]);
});
