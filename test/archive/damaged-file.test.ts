import { existsSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { LIMITS } from "../../src/domain/json/json.js";
import type { ArchiveItem } from "../../src/store/archive.js";
import { TREE_DEPTH } from "../../src/store/store.js";
import { cases, SEED } from "../cases.js";
import { account, SPELLED, write } from "../store/archive-contract.js";
import { documentKey } from "../store/store-contract.js";
import { temporaryFolder } from "../temporary-folder.js";
import {
  exportFolder,
  importInto,
  linesOf,
  refusal,
  restoreInto,
  signed,
  verify,
} from "./archive-fixture.js";

const at = (sequence: number, revision = 1) => ({ revision, sequence, nonce: `n${sequence}` });
const ITEMS: readonly ArchiveItem[] = [
  account("root", undefined, 1),
  account("shop", "root", 2),
  write(documentKey("shop", "x"), at(3), SPELLED),
  write(documentKey("shop", "x"), at(5, 2), undefined),
  write(documentKey("shop", "x"), at(6, 3), '{"a":["€"]}'),
  write(documentKey(undefined, "x"), at(4), '{"password":"secret"}'),
];
const SEQUENCE = 6;

let file: Buffer;
/** The lines of the file but its end: header, root, shop, three writes of shop/x, one of the system's x. */
let lines: string[];
beforeEach(async () => {
  const folder = join(temporaryFolder(), "store");
  await restoreInto(folder, ITEMS, SEQUENCE);
  file = await exportFolder(folder);
  lines = linesOf(file).slice(0, -1);
});

/** Whether a file is refused, in words that name the line, without a trace of an import. */
async function expectRefused(content: Buffer | string, ...words: (string | RegExp)[]): Promise<void> {
  const folder = join(temporaryFolder(), "store");
  await expect(importInto(folder, content)).rejects.toEqual(
    refusal(/^The file cannot be imported: line \d+: /, /Nothing was written\.$/, ...words),
  );
  await expect(importInto(folder, content)).rejects.not.toEqual(refusal(/secret/));
  expect(existsSync(folder)).toBe(false);
}

describe(`a file that is not as it was written (LAW_SEED=${SEED})`, () => {
  test("is taken when it is as it was written", async () => {
    expect(await verify(file)).toMatchObject({ accounts: 2, writes: 4, sequence: SEQUENCE, lines: 7 });
    expect(await verify(signed(lines, SEQUENCE))).toMatchObject({ accounts: 2, writes: 4 });
  });

  test("is refused wherever a byte of it is another", async () => {
    const flip = fc.record({ at: fc.nat({ max: file.length - 1 }), by: fc.integer({ min: 1, max: 255 }) });
    const law = fc.asyncProperty(flip, async ({ at, by }) => {
      const damaged = Buffer.from(file);
      damaged[at] = (damaged[at] ?? 0) ^ by;
      await expect(verify(damaged)).rejects.toEqual(refusal(/line \d+: /));
    });
    await fc.assert(law, { seed: SEED, numRuns: cases(250) });
  });

  test("is refused wherever it is cut off, to the last byte", async () => {
    const law = fc.asyncProperty(fc.nat({ max: file.length - 1 }), async (length) => {
      await expect(verify(file.subarray(0, length))).rejects.toEqual(refusal(/line \d+: /));
    });
    await fc.assert(law, { seed: SEED, numRuns: cases(50) });
    await expectRefused(file.subarray(0, -1), "line 8", /cut off/);
    await expectRefused(`${lines.join("\n")}\n`, "line 8", /ends here/);
    await expectRefused("", "line 1", /ends here/);
  });

  test("is refused when a line is missing, comes twice, or in another place", async () => {
    const all = linesOf(file);
    const text = (some: readonly string[]) => some.map((line) => `${line}\n`).join("");
    for (let one = 0; one < all.length; one++) {
      await expectRefused(text(all.filter((_, index) => index !== one)));
      await expectRefused(text(all.flatMap((line, index) => (index === one ? [line, line] : [line]))));
      for (let other = 0; other < one; other++) {
        const swapped = [...all];
        [swapped[one], swapped[other]] = [all[other] ?? "", all[one] ?? ""];
        await expectRefused(text(swapped));
      }
    }
  });
});

describe("a file that somebody made, with the right digest,", () => {
  const made = (index: number, line: string) => signed(lines.with(index, line), SEQUENCE);
  const replaced = (index: number, from: string | RegExp, to: string) => {
    const line = (lines[index] ?? "").replace(from, to);
    expect(line).not.toBe(lines[index]);
    return made(index, line);
  };
  const header = (change: object) => made(0, JSON.stringify({ ...JSON.parse(lines[0] ?? ""), ...change }));
  const override = (text: string) =>
    made(
      6,
      (lines[6] ?? "").replace('{"password":"secret"}', () => text),
    );
  const ahead = new Date(Date.now() + 3_600_000).toISOString();
  const deep = (levels: number) => `${'{"a":'.repeat(levels)}1${"}".repeat(levels)}`;

  test.each<[what: string, content: () => string, ...words: (string | RegExp)[]]>([
    ["has a secret for a member", () => header({ secret: 1 }), "line 1:", /members that no export has/],
    ["has no header", () => signed(lines.slice(1), SEQUENCE), "line 1:", /not an export of Strata/],
    [
      "has another program's header",
      () => header({ strata: "import" }),
      "line 1:",
      /not an export of Strata/,
    ],
    ["is JSON of something else", () => made(0, "[]"), "line 1:", /not an export of Strata/],
    [
      "has the format of a newer release",
      () => header({ format: 4, more: 1 }),
      /newer Strata/,
      /format is 4/,
      /up to 3/,
    ],
    ["has the format of no release", () => header({ format: 0 }), "line 1:", /format/],
    ["has a header that says more", () => header({ more: 1 }), "line 1:"],
    ["has two headers", () => made(1, lines[0] ?? ""), "line 2:"],
    ["counts wrong", () => signed(lines, SEQUENCE, 8), "line 8:", /counts 8 lines/, /7/],
    ["goes on after its end", () => `${signed(lines, SEQUENCE)}${lines[1]}\n`, "line 9:", /after the end/],
    ["ends twice", () => signed(lines, SEQUENCE).replace(/.*\n$/, "$&$&"), "line 9:", /after the end/],
    [
      "has an end with more behind it",
      () => signed(lines, SEQUENCE).replace(/\n$/, " \n"),
      "line 8:",
      /as they were written/,
    ],
    ["has a line that ends otherwise", () => replaced(6, /\}\}$/, "}]"), "line 7:", /not JSON/],
    ["has a name of blanks", () => replaced(1, "The root", "  "), "line 2:", /account\.name/],
    ["has a name with a bell", () => replaced(1, "The root", "Root\\u0007"), "line 2:", /account\.name/],
    ["has half a character for a name", () => replaced(1, "The root", "\\ud800"), "line 2:", /account\.name/],
    [
      "has a flag that is none",
      () => replaced(1, '"isReseller":false', '"isReseller":"no"'),
      /account\.isReseller/,
    ],
    ["has a line that is no JSON", () => replaced(1, "{", ""), "line 2:", /not JSON/],
    ["has an override that is no JSON", () => replaced(5, '["€"]', '["€"'), "line 6:", /not JSON/],
    ["has a line with something after it", () => made(5, `${lines[5]} x`), "line 6:", /not JSON/],
    ["has an empty line", () => made(3, ""), "line 4:", /not JSON/],
    ["has a line that says more", () => replaced(1, '"name"', '"more":1,"name"'), "line 2:", /account/],
    [
      "has a line that says less",
      () => replaced(1, '"isReseller":false,', ""),
      "line 2:",
      /account\.isReseller/,
    ],
    ["has an account with an override", () => replaced(1, "}}}", '},"override":{}}}'), "line 2:"],
    ["has a write that says more", () => replaced(3, '"kind"', '"more":1,"kind"'), "line 4:", /write/],
    ["has a write of an unknown kind", () => replaced(3, "PATCH", "MERGE"), "line 4:", /write\.kind/],
    ["has an account id that is none", () => replaced(1, '"root"', '"a/b"'), "line 2:", /account\.id/],
    [
      "has a parent id that is none",
      () => replaced(2, '"parentId":"root"', '"parentId":".."'),
      /account\.parentId/,
    ],
    ["has a config id that is none", () => replaced(3, '"x"', '"system"'), "line 4:", /write\.configId/],
    ["has the layer of no account", () => replaced(3, '"shop"', '"system"'), "line 4:", /write\.accountId/],
    [
      "has a name that is too long",
      () => replaced(1, "The root", "x".repeat(257)),
      "line 2:",
      /account\.name/,
    ],
    [
      "has a time that is none",
      () => replaced(3, /"at":"[^"]+"/, '"at":"yesterday"'),
      "line 4:",
      /write\.at/,
    ],
    [
      "has a revision that is none",
      () => replaced(3, '"revision":1', '"revision":0'),
      "line 4:",
      /write\.version\.revision/,
    ],
    ["has a nonce that would be two", () => replaced(3, '"n3"', '"n.3"'), "line 4:", /nonce/],
    [
      "begins a document at another revision",
      () => replaced(3, '"revision":1', '"revision":2'),
      "line 4:",
      /shop\/x/,
    ],
    [
      "leaves a revision out",
      () => replaced(5, '"revision":3', '"revision":4'),
      "line 6:",
      /shop\/x/,
      /revision 4/,
    ],
    [
      "has a revision twice",
      () => replaced(5, '"revision":3', '"revision":2'),
      "line 6:",
      /shop\/x/,
      /revision 2/,
    ],
    ["has a sequence above its own", () => signed(lines, SEQUENCE - 1), "line 6:", /sequence 6/, /5/],
    ["has an account twice", () => made(2, lines[1] ?? ""), "line 3:", /root/, /before/],
    [
      "has a second root",
      () => replaced(2, '"parentId":"root",', ""),
      "line 3:",
      /shop is a root, and so is root/,
    ],
    [
      "has an account below nobody",
      () => replaced(2, '"parentId":"root"', '"parentId":"lost"'),
      "line 3:",
      /lost/,
    ],
    [
      "has an account below itself",
      () => replaced(2, '"parentId":"root"', '"parentId":"shop"'),
      "line 3:",
      /shop/,
    ],
    [
      "has no root",
      () => replaced(1, '"isReseller"', '"parentId":"shop","isReseller"'),
      /not below the root/,
    ],
    ["has an override that is no object", () => override("[]"), "line 7:", /not an object/],
    ["has null for an override", () => override("null"), "line 7:", /not an object/],
    ["has an empty override", () => override("{ }"), "line 7:", /empty/, /leave it out/],
    ["has null in an override", () => override('{"b":1,"a":null}'), "line 7:", /null at "\/a"/],
    ["has null deep in one", () => override('{"a":{"b~/":{"c":null}}}'), "line 7:", /"\/a\/b~0~1\/c"/],
    ["has a number that vanishes", () => override('{"a":1e-999}'), "line 7:", /too small/],
    ["has a writer of no name", () => replaced(3, '"ada"', '""'), "line 4:", /write\.by/, /empty/],
    [
      "has a writer of too long a name",
      () => replaced(3, '"ada"', `"${"x".repeat(257)}"`),
      "line 4:",
      /write\.by/,
      /256/,
    ],
    ["has a writer with a bell", () => replaced(3, '"ada"', '"a\\u0007"'), "line 4:", /write\.by/],
    ["has half a character for a writer", () => replaced(3, '"ada"', '"\\udc00"'), "line 4:", /write\.by/],
    ["has a header of tomorrow", () => header({ at: ahead }), "line 1:", /at/, /future/],
    [
      "has an account of tomorrow",
      () => replaced(1, /"createdAt":"[^"]+"/, `"createdAt":"${ahead}"`),
      "line 2:",
      /account\.createdAt/,
      /future/,
    ],
    [
      "has an account whose tokens count from tomorrow",
      () => replaced(1, /"createdAt"/, `"tokensFrom":${Math.floor(Date.parse(ahead) / 1_000)},"createdAt"`),
      "line 2:",
      /account\.tokensFrom/,
      /future/,
    ],
    [
      "has a write of tomorrow",
      () => replaced(3, /"at":"[^"]+"/, `"at":"${ahead}"`),
      "line 4:",
      /write\.at/,
      /future/,
    ],
    ["begins after its end", () => header({ from: SEQUENCE + 1 }), "line 1:", /commit 7/, /6/],
    [
      "has a commit twice",
      () => replaced(6, '"sequence":4', '"sequence":3'),
      "line 7:",
      /sequence 3 has come before/,
    ],
    [
      "has a document that goes back",
      () => {
        const [one, other] = [lines[3] ?? "", lines[4] ?? ""];
        const swapped = lines
          .with(3, one.replace('"sequence":3', '"sequence":5'))
          .with(4, other.replace('"sequence":5', '"sequence":3'));
        return signed(swapped, SEQUENCE);
      },
      "line 5:",
      /shop\/x goes back from 5 to 3/,
    ],
    [
      "has a revision that no commit could make",
      () => replaced(1, '"revision":1', '"revision":2'),
      "line 2:",
      /revision 2 is above its sequence 1/,
    ],
    [
      "has a document before its account",
      () => signed(lines.with(2, (lines[2] ?? "").replace('"sequence":2', '"sequence":7')), 7),
      "line 4:",
      /sequence 3 is below that of its account shop, 7/,
    ],
    [
      "has an account before its parent",
      () => signed(lines.with(1, (lines[1] ?? "").replace('"sequence":1', '"sequence":7')), 7),
      "line 3:",
      /sequence 2 of the account shop is below that of its parent root, 7/,
    ],
    [
      "has a document of an account that is not there",
      () => replaced(3, '"accountId":"shop"', '"accountId":"lost"'),
      /lost|shop\/x/,
    ],
    [
      "has the only document of an account that is not there",
      () => replaced(6, '"configId"', '"accountId":"lost","configId"'),
      "line 7:",
      /account lost, which is not in the file/,
    ],
    [
      "counts commits that it does not tell",
      () => signed(lines, 7),
      "line 8:",
      /counts 7 commits/,
      /tells of 6/,
    ],
    [
      "drops commits that it tells",
      () => signed(lines, SEQUENCE, lines.length, 1),
      "line 8:",
      /counts 6 commits/,
      /tells of 7/,
    ],
    ["has a forbidden key", () => override('{"a":{"__proto__":1}}'), "line 7:", /"\/a\/__proto__"/],
    ["has a number that loses digits", () => override('{"a":[12345678901234567890]}'), "line 7:", /"\/a\/0"/],
    ["has a number beyond a double", () => override('{"a":1e400}'), "line 7:", /"\/a"/],
    ["has a lone surrogate", () => override('{"a":"\\ud800"}'), "line 7:", /surrogate/],
    ["has a NUL", () => override('{"a":"\\u0000"}'), "line 7:", /NUL/],
    ["is nested too deep", () => override(deep(LIMITS.depth + 1)), "line 7:", /deeper than 64/],
    [
      "has a document that is too large",
      () => override(`{"a":"${"x".repeat(LIMITS.documentBytes)}"}`),
      /larger than/,
    ],
    [
      "has a line that is too long",
      () => made(6, `{"write":"${"x".repeat(3 * 2 ** 20)}"}`),
      "line 7:",
      /longer than/,
    ],
  ])("is refused when it %s", async (_what, content, ...words) => {
    await expectRefused(content(), ...words);
  });

  test("is refused when it is not UTF-8", async () => {
    const end = file.indexOf("€");
    const latin = Buffer.concat([file.subarray(0, end), Buffer.from([0xe4]), file.subarray(end + 3)]);
    await expectRefused(latin, "line 6:", /UTF-8/);
  });

  test("may have nulls in arrays, names at their limits, and times of clocks that are a little ahead", async () => {
    await verify(override('{"a":[null,{"b":null}],"c":{}}'));
    await verify(replaced(3, '"ada"', `"${"x".repeat(256)}"`));
    await verify(replaced(1, "The root", "x".repeat(256)));
    const soon = new Date(Date.now() + 2_000).toISOString();
    await verify(replaced(3, /"at":"[^"]+"/, `"at":"${soon}"`));
  });

  test("may have documents at the limits, and a tree as deep as the service makes it", async () => {
    await verify(override(deep(LIMITS.depth)));
    await verify(override(`{"a":"${"x".repeat(LIMITS.documentBytes - 8)}"}`));
    const chain = (depth: number) => {
      const accounts = Array.from({ length: depth }, (_, n) =>
        account(`a${n}`, n ? `a${n - 1}` : undefined, n + 1),
      );
      const texts = accounts.map((each) => JSON.stringify({ account: "account" in each && each.account }));
      return signed([lines[0] ?? "", ...texts.reverse()], depth);
    };
    expect((await verify(chain(TREE_DEPTH))).levels).toHaveLength(TREE_DEPTH);
    await expectRefused(chain(TREE_DEPTH + 1), "line 2:", /a32/, /32 levels/);
  });
});
