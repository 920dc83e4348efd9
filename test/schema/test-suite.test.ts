import { describe, expect, test } from "vitest";
import { type Row, rowsOf, SUITE_DRAFTS } from "./test-suite.js";

/** Groups of rows that Strata answers in another way than the suite, each with the reason. A row that agrees is not to be here. */
const DIFFERENT: readonly (readonly [group: string, reason: string])[] = [
  [
    "properties: properties whose names are Javascript object property names",
    "A schema with a property called __proto__ is refused: no document may have one.",
  ],
  [
    "vocabulary: schema that uses custom metaschema with with no validation vocabulary",
    "A $schema that is none of the five drafts is refused.",
  ],
  [
    "vocabulary: ignore unrecognized optional vocabulary",
    "A $schema that is none of the five drafts is refused.",
  ],
  [
    "refRemote: remote HTTP ref with different $id",
    "Nothing is fetched: a file is found by its name or by its $id, and not by a URL that it was once served from.",
  ],
  [
    "refRemote: remote HTTP ref with different URN $id",
    "Nothing is fetched: a file is found by its name or by its $id, and not by a URL that it was once served from.",
  ],
  [
    "draft2019-09/optional/cross-draft: refs to historic drafts are processed as historic drafts",
    "The file that is referred to has another $id than its URL.",
  ],
];
/** Formats that are named at the start as not checked. */
const UNCHECKED = ["idn-email", "idn-hostname", "iri", "iri-reference"];
const formatOf = (file: string) => file.replace("optional/format/", "");

const isDifferent = ({ name }: Row) => DIFFERENT.some(([group]) => `/${name}`.includes(`/${group}: `));
const told = ({ name, expected, found, problem }: Row) =>
  `${name}: expected ${expected}, found ${found}${problem === undefined ? "" : ` (${problem})`}`;

describe("the JSON Schema Test Suite", () => {
  test.each(SUITE_DRAFTS)(
    "%s: every required row is as it says, but for those on the list",
    (name, draft) => {
      const rows = rowsOf(name, draft, (file) => !file.includes("/"));
      expect(rows.length).toBeGreaterThan(550);
      const differing = rows.filter(({ expected, found }) => found !== expected);
      expect(differing.filter((row) => !isDifferent(row)).map(told)).toEqual([]);
      expect(rows.filter((row) => isDifferent(row) && row.found === row.expected).map(told)).toEqual([]);
    },
    120_000,
  );

  test("every group on the list is one of the suite", () => {
    const rows = SUITE_DRAFTS.flatMap(([name, draft]) =>
      rowsOf(name, draft, (file) => DIFFERENT.some(([group]) => group.includes(`${file}: `))),
    );
    const unused = DIFFERENT.filter(
      ([group]) => !rows.some(({ name }) => `/${name}`.includes(`/${group}: `)),
    );
    expect(unused).toEqual([]);
  }, 120_000);

  test.each(SUITE_DRAFTS)(
    "%s: formats are asserted",
    (name, draft) => {
      const isFormat = (file: string) => file.startsWith("optional/format/");
      const rows = rowsOf(name, draft, (file) => isFormat(file) && !UNCHECKED.includes(formatOf(file)));
      expect(rows.length).toBeGreaterThan(100);
      expect(rows.filter(({ expected, found }) => found !== expected).map(told)).toEqual([]);
      for (const row of rowsOf(name, draft, (file) => isFormat(file) && UNCHECKED.includes(formatOf(file)))) {
        expect([row.found, row.problem]).toEqual([
          true,
          expect.stringContaining("is unknown and not checked"),
        ]);
      }
    },
    120_000,
  );

  test.each(SUITE_DRAFTS)(
    "%s: files of other drafts, decimals, `dependencies` and patterns",
    (name, draft) => {
      const wanted =
        "bignum cross-draft dependencies-compatibility float-overflow non-bmp-regex refOfUnknownKeyword unicode no-schema id anchor";
      const rows = rowsOf(name, draft, (file) => wanted.split(" ").some((one) => file === `optional/${one}`));
      const differing = rows.filter(({ expected, found }) => found !== expected);
      expect(differing.filter((row) => !isDifferent(row)).map(told)).toEqual([]);
    },
    120_000,
  );
});
