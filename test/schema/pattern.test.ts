import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compilePattern } from "../../src/schema/pattern/pattern.js";
import { cases } from "../cases.js";
import { law } from "../domain/law.js";
import { load, loadAccount, SOUND } from "./temporary-folder.js";

const SPACES = [..."\t\n\v\f\r \u00a0\u1680\u2000\u2005\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"];
const CHARACTERS = [..."ab-_09/]^$.{é\u0130\u017f\u212a𝒳\u0085\u180e\u200b", ...SPACES];

const atoms = fc.constantFrom(
  ...". a b é 𝒳 - / [ab] [^ab] [^a-c_] [\\s_] [^\\s] [\\S] [\\S\\s] [\\w-] [\\d\\-a] [.] [\\b] [\\u2028-\\u2029] [^] []".split(
    " ",
  ),
  ..."\\s \\S \\d \\D \\w \\W \\. \\/ \\- \\cJ \\t \\v \\f \\0 \\x61 \\u0061 \\u{1D4B3} \\ud835\\udcb3 \\p{L} \\P{L} \\p{Lu}".split(
    " ",
  ),
  ..."\\p{Script=Latin} \\p{White_Space} \\p{ASCII} [\\p{L}\\d] [^\\p{L}]".split(" "),
);
const counts = fc.constantFrom("", "", "", "*", "+", "?", "{2}", "{1,}", "{0,3}", "*?", "{2,4}?");
/** JavaScript takes exponential time for counts without an end inside each other. */
const groupCounts = fc.constantFrom("", "", "?", "{2}");
const patterns = fc.letrec<{ pattern: string; part: string }>((tie) => ({
  part: fc.oneof(
    { depthSize: "small" },
    fc.tuple(atoms, counts).map(([atom, count]) => atom + count),
    fc.constantFrom("^", "$", "\\b", "\\B"),
    fc.tuple(atoms, atoms, counts).map(([one, other, count]) => `(?:${one}${other}|${other})${count}`),
    fc.tuple(tie("pattern"), groupCounts).map(([inside, count]) => `(?:${inside})${count}`),
    fc.tuple(tie("pattern"), groupCounts).map(([inside, count]) => `(${inside})${count}`),
  ),
  pattern: fc
    .array(fc.array(tie("part"), { maxLength: 4 }), { minLength: 1, maxLength: 2 })
    .map((branches) => branches.map((parts) => parts.join("")).join("|")),
})).pattern;
const texts = fc.array(fc.constantFrom(...CHARACTERS), { maxLength: 8 }).map((list) => list.join(""));

/**
 * JavaScript's own engine, tried at each character; undefined for a pattern that it does not take. Left to search by itself, it
 * finds `\B` in the middle of a surrogate pair.
 */
function inJavaScript(pattern: string): ((text: string) => boolean) | undefined {
  try {
    const expression = new RegExp(pattern.replaceAll("\\-", "\\x2d"), "uy");
    return (text) => {
      const ends = [...text].map((_, index, characters) => characters.slice(0, index + 1).join("").length);
      return [0, ...ends].some((start) => {
        expression.lastIndex = start;
        return expression.test(text);
      });
    };
  } catch {
    return undefined;
  }
}

law(
  "a pattern means what it means to JavaScript",
  fc.tuple(patterns, fc.array(texts, { minLength: 1, maxLength: 5 })),
  ([pattern, given]) => {
    const oracle = inJavaScript(pattern);
    if (oracle === undefined) return true;
    const compiled = compilePattern(pattern);
    for (const text of given) expect([text, compiled.test(text)]).toEqual([text, oracle(text)]);
    return true;
  },
  cases(500),
);

test("each character is in the classes that JavaScript has it in", () => {
  for (const text of [
    "\\s",
    "\\S",
    "\\w",
    "\\W",
    "\\d",
    "\\D",
    ".",
    "[\\s]",
    "[^\\S]",
    "\\p{L}",
    "\\p{Lu}",
    "\\p{Nd}",
  ]) {
    const oracle = new RegExp(`^${text}$`, "u");
    const compiled = compilePattern(`^(?:${text})$`);
    const native = compilePattern(`^${text}$`);
    for (let point = 0; point <= 0x30000; point += point < 0x3100 ? 1 : 37) {
      if (point >= 0xd800 && point <= 0xdfff) continue;
      const character = String.fromCodePoint(point);
      const is = [compiled.test(character), native.test(character)];
      if (is[0] !== oracle.test(character) || is[1] !== is[0])
        expect([text, point.toString(16), ...is]).toEqual([]);
    }
  }
});

describe("counts over 1,000 are in force", () => {
  test.each<[string, string[], string[]]>([
    [
      "^.{1,2048}$",
      ["a", "é".repeat(2048), "𝒳".repeat(2048)],
      ["", "a".repeat(2049), "𝒳".repeat(2049), "a\u2028"],
    ],
    ["^a{1001}$", ["a".repeat(1001)], ["a".repeat(1000), "a".repeat(1002)]],
    ["^[ab]{2000,}$", ["ab".repeat(1000), "a".repeat(3000)], ["a".repeat(1999)]],
    ["^x(?:ab?){1500}y$", [`x${"aab".repeat(750)}y`], [`x${"a".repeat(1499)}y`, `x${"ab".repeat(1501)}y`]],
    [
      "^(?:a{1,30}b){0,126}$",
      ["", `${"a".repeat(30)}b`.repeat(126)],
      [`${"a".repeat(31)}b`, "ab".repeat(127)],
    ],
    [
      "^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\\.){1,126}[a-z]{2,63}$",
      ["a.com", `${`${"a".repeat(63)}.`.repeat(3)}de`, `${"a.".repeat(126)}com`],
      [`${"a".repeat(64)}.de`, `${"a.".repeat(127)}com`, "-a.de", "a"],
    ],
    ["a{2000,}", [`b${"a".repeat(2000)}b`], ["a".repeat(1999), `${"a".repeat(1999)}b`.repeat(2)]],
    [
      "[^-]{1500,1600}$",
      [`-${"𝒳".repeat(1500)}`, "x".repeat(9000)],
      ["𝒳".repeat(1499), `${"x".repeat(1500)}-`],
    ],
    [".{5,1200}", ["abcde", "\nabcde\n", "a".repeat(9000)], ["", "abcd\nabcd"]],
    ["x{0,1500}$", ["", "y"], []],
    ["(?:a{0,2000}b){2}", ["xabaab", `${"a".repeat(2500)}bb`], ["ab", "aaa"]],
  ])("%s", (pattern, matching, failing) => {
    const compiled = compilePattern(pattern);
    expect(matching.filter((text) => !compiled.test(text))).toEqual([]);
    expect(failing.filter((text) => compiled.test(text))).toEqual([]);
  });

  test("beyond measure they are named with the true reason, and the rest of the config is served", () => {
    const { configs, problems } = load({
      "account_config.x": {
        properties: { a: { type: "string", pattern: "^(?:[ab]{1,1000}c){1,1000}$" }, b: { type: "integer" } },
        patternProperties: { "^(?:k.{1,900}l){900}$": { type: "null" } },
        additionalProperties: false,
      },
      "account_config.sound": SOUND,
    });
    const reason = expect.stringMatching(/counts of the pattern come to \d+ characters/);
    expect(problems).toEqual([
      {
        file: "account_config.x.json",
        pointer: "/patternProperties/^(?:k.{1,900}l){900}$",
        reason,
        consequence: "ignored",
      },
      { file: "account_config.x.json", pointer: "/properties/a/pattern", reason, consequence: "ignored" },
    ]);
    expect(JSON.stringify(problems)).not.toContain("look-around");
    const account = configs.get("x")?.forAccount;
    expect(account?.validate({ a: "anything", b: 1, kept: 1 })).toEqual([]);
    expect(account?.validate({ a: 1, b: "x" })).toMatchObject([{ pointer: "/a" }, { pointer: "/b" }]);
  });
});

test("counts over 1,000 cost little for texts that are short, and for runs of one kind of character", () => {
  const properties = {
    names: { propertyNames: { pattern: "^.{3,2000}z$" }, additionalProperties: true },
    run: { pattern: "[a-z]{2000,}" },
  };
  const account = loadAccount({ properties });
  const names = Object.fromEntries(Array.from({ length: 2_000 }, (_, i) => [`name${i}z`, i]));
  expect(account.validate({ names, run: "a".repeat(200_000) })).toEqual([]);
});

test("a pattern that cannot run in little time stops at the limit of steps", () => {
  const account = loadAccount({ properties: { a: { pattern: "^(?:a?b?){900}c" } } });
  expect(account.validate({ a: "ab".repeat(100) })).toMatchObject([{ keyword: "pattern" }]);
  expect(account.validate({ a: "ab".repeat(100_000) })).toMatchObject([
    { pointer: "", keyword: "validationSteps" },
  ]);
});
