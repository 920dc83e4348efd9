import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { appendToken } from "../../src/domain/json/pointer.js";
import { flagKey, parseFlagKey } from "../../src/ofrep/flag-key.js";
import { law } from "../domain/law.js";

const pointerOf = (names: readonly string[]) => names.reduce(appendToken, "");
const name = fc.oneof(
  fc.constantFrom(
    "",
    "a",
    "pin_timeout",
    "max-members",
    ".",
    "..",
    "a.b",
    "/",
    "a/b",
    "~",
    "~1",
    ":",
    "a:b",
    "\u{1F600}",
  ),
  fc.string({ maxLength: 8, unit: "grapheme" }),
);
const setting = fc.record({
  configId: fc.constantFrom("x", "crossbar.auth", "a-b_c.d", "default"),
  pointer: fc.array(name, { maxLength: 4 }).map(pointerOf),
});

describe("a flag key", () => {
  test.each([
    ["conferences", "conferences", ""],
    ["conferences:pin_timeout", "conferences", "/pin_timeout"],
    ["callflow:voicemail.max_pin_length", "callflow", "/voicemail/max_pin_length"],
    ["crossbar.auth:tokens.a~b", "crossbar.auth", "/tokens/a~0b"],
    ["media:/prompts/en.us", "media", "/prompts/en.us"],
    ["media:/a~1b", "media", "/a~1b"],
    ["media:/", "media", "/"],
    ["media:a:b", "media", "/a:b"],
  ])("%s names %s at %j", (key, configId, pointer) => {
    expect(flagKey({ configId, pointer })).toBe(key);
    expect(parseFlagKey(key)).toEqual({ configId, pointer });
  });

  test("may have the pointer in place of names", () => {
    expect(parseFlagKey("x:/a/b")).toEqual(parseFlagKey("x:a.b"));
  });

  test.each([
    "",
    ":a",
    "x:",
    "x:a..b",
    "x:.a",
    "x:a.",
    "x:/~2",
    "system:a",
    "..",
    "a b:c",
    `x:/${"a".repeat(1_024)}`,
  ])("is not %j", (text) => expect(parseFlagKey(text)).toBeUndefined());

  law("leads back to its setting, whatever the names", setting, (given) => {
    expect(parseFlagKey(flagKey(given))).toEqual(given);
    return undefined;
  });

  law("is another one for another setting", fc.tuple(setting, setting), ([one, other]) => {
    const isSame = one.configId === other.configId && one.pointer === other.pointer;
    return (flagKey(one) === flagKey(other)) === isSame;
  });

  law(
    "never fails on any text, and a text that is a key names what its own key names",
    fc.string(),
    (text) => {
      const found = parseFlagKey(text);
      return found === undefined || JSON.stringify(parseFlagKey(flagKey(found))) === JSON.stringify(found);
    },
  );
});
