import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseJsonText } from "../../src/domain/json/json-text.js";
import { law } from "./law.js";

const reasonOf = (text: string): string => {
  try {
    parseJsonText(text);
    return "none";
  } catch (error) {
    return (error as Error).message;
  }
};

describe("text that is no JSON", () => {
  test.each([
    ["", "it is not JSON: it is empty"],
    [" \n", "it is not JSON: it is empty"],
    ['{"a": [1,', "it is not JSON: it ends too early"],
  ])("%j: %s", (text, reason) => {
    expect(reasonOf(text)).toBe(reason);
  });

  test("is told by its place, where the parser tells that", () => {
    const reason = reasonOf(`{\n  "a": 1,\n  "b": 2 "c": ${"1".repeat(100)}\n}`);
    expect(reason).toMatch(/^it is not JSON(: line 3, column 10)?$/);
  });

  test.each([
    "hunter2",
    "hunter2: {}",
    '{"a": hunter2}',
    '["hunter2" hunter2]',
    '{"a": "hunter2',
    "\u0000hunter2",
  ])("is not quoted: %j", (text) => {
    expect(reasonOf(text)).toMatch(/^it is not JSON/);
    expect(reasonOf(text)).not.toContain("hunter2");
  });
});

law("what is JSON is parsed as JSON.parse does it", fc.json(), (text) => {
  expect(parseJsonText(text)).toEqual(JSON.parse(text));
  return true;
});

law(
  "nothing of any text is in the reason",
  fc.stringMatching(/^[{[" ]{0,3}[Q-Z]{6,40}[}\]":, ]{0,3}$/),
  (text) => !/[Q-Z]{2}/.test(reasonOf(text).replace("JSON", "")),
);
