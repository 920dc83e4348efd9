import { readFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { headerLine, itemLine } from "../../src/archive/export-format.js";
import { parseEnd, parseHeader, parseItem } from "../../src/archive/export-line-parser.js";
import type { JsonObject } from "../../src/domain/json/json.js";
import type { ArchiveItem } from "../../src/store/archive.js";
import { openLmdbStore } from "../../src/store/lmdb/lmdb-store.js";
import type { DocumentKey } from "../../src/store/store.js";
import { cases, SEED } from "../cases.js";
import { documents } from "../domain/json-arbitrary.js";
import { account, SPELLED, write } from "../store/archive-contract.js";
import { accountCommit, documentCommit, documentKey, of, versionOf } from "../store/store-contract.js";
import { storedDocuments } from "../store/stored-documents.js";
import { temporaryFolder } from "../temporary-folder.js";
import { exportFolder, importInto, itemLines, linesOf, restoreInto, stateLines } from "./archive-fixture.js";

const RUNS = cases(30);

/** Each account's parent, by index, is one before it; each write goes to one account, or to the system layer. */
interface Life {
  readonly parents: readonly number[];
  readonly writes: readonly {
    readonly owner: number;
    readonly config: string;
    readonly override?: JsonObject;
  }[];
}

const CONFIGS = ["x", "x.y", "-", "_", "..a", "Z", "a".repeat(64)];
const NAMES = ["plain", 'a "quoted" name', ',"override":{"a":1}}}', "ä€𝄞 e\u0301", "\u2028 \\u0000 \\"];
const idOf = (index: number) => `${CONFIGS[index % CONFIGS.length]}${index}`.slice(-64);

const life: fc.Arbitrary<Life> = fc
  .record({
    parents: fc
      .array(fc.nat(), { maxLength: 12 })
      .map((steps) => steps.map((step, index) => step % (index + 1))),
    writes: fc.array(
      fc.record(
        {
          owner: fc.integer({ min: -1, max: 12 }),
          config: fc.constantFrom(...CONFIGS),
          // The services never write an empty one.
          override: documents(1)
            .map(([document]) => document ?? {})
            .filter((document) => Object.keys(document).length > 0),
        },
        { requiredKeys: ["owner", "config"] },
      ),
      { maxLength: 25 },
    ),
  })
  .map(({ parents, writes }) => ({
    parents,
    writes: writes.map((one) => ({ ...one, owner: Math.min(one.owner, parents.length) })),
  }));

function keyIn({ owner, config }: Life["writes"][number]): DocumentKey {
  return documentKey(owner < 0 ? undefined : idOf(owner), config);
}

/** Lives it through the store's own door. */
async function live(folder: string, { parents, writes }: Life): Promise<void> {
  const store = await openLmdbStore({ folder });
  for (const [index, parent] of [undefined, ...parents].entries()) {
    const commit = accountCommit(idOf(index), parent === undefined ? undefined : idOf(parent));
    if (commit.write.on === "account")
      Object.assign(commit.write.account, { name: NAMES[index % NAMES.length], isReseller: index % 3 === 1 });
    versionOf(await store.commit(commit));
  }
  const commits = writes.map((one) => ({ ...documentCommit(keyIn(one), one.override), by: NAMES[2] ?? "" }));
  for (const outcome of await Promise.all(commits.map((commit) => store.commit(commit)))) versionOf(outcome);
  await store.close();
}

/** Everything that the port tells of a store. */
async function stateOf(folder: string, { parents, writes }: Life): Promise<unknown> {
  const store = await openLmdbStore({ folder });
  try {
    const ids = [...parents.keys(), parents.length].map(idOf);
    const keys = writes.map(keyIn);
    const { lineages } = await store.lineages(ids);
    const { sequence } = await store.versions(of([]));
    return {
      lineages,
      documents: await storedDocuments(store, keys),
      sequence,
      root: await store.rootId(),
    };
  } finally {
    await store.close();
  }
}

describe(`an export that is imported and exported again (LAW_SEED=${SEED})`, () => {
  test("has the same lines, and the store has the same state, for any tree and any writes", async () => {
    await fc.assert(
      fc.asyncProperty(life, async (lived) => {
        const [first, second] = [join(temporaryFolder(), "a"), join(temporaryFolder(), "b")];
        await live(first, lived);
        const file = await exportFolder(first);
        const { sequence } = await importInto(second, file);
        expect(sequence).toBe(1 + lived.parents.length + lived.writes.length);
        expect(itemLines(await exportFolder(second))).toEqual(itemLines(file));
        expect(stateLines(file)).toHaveLength(sequence);
        expect(await stateOf(second, lived)).toEqual(await stateOf(first, lived));
      }),
      { seed: SEED, numRuns: RUNS },
    );
  });

  test("keeps the text of every override byte for byte, however it is spelled", async () => {
    const blank = fc.constantFrom("", " ", "\t", " \r ");
    const scalar = fc.constantFrom(
      "1.0",
      "-0",
      "1e2",
      "0.10",
      "1E-7",
      "9007199254740991",
      "[null]",
      "true",
      '"\\u0041"',
    );
    const text = fc
      .dictionary(
        fc.constantFrom("10", "9", "b", "a", "é", "", "a/b", ',\\"override\\":', "toString"),
        scalar,
        { minKeys: 1 },
      )
      .chain((members) =>
        blank.map((gap) => {
          const inner = Object.entries(members).map(([key, value]) => `${gap}"${key}"${gap}:${value}`);
          return `{${inner.join(`${gap},`)}${gap}}`;
        }),
      );
    await fc.assert(
      fc.asyncProperty(fc.array(text, { minLength: 1, maxLength: 5 }), async (texts) => {
        const items = texts.map((given, index) => {
          const made = { revision: index + 1, sequence: index + 1, nonce: `n${index}` };
          return write(documentKey(undefined, "x"), made, given);
        });
        const [first, second] = [join(temporaryFolder(), "a"), join(temporaryFolder(), "b")];
        await restoreInto(first, items, texts.length);
        await importInto(second, await exportFolder(first));
        const lines = itemLines(await exportFolder(second)).map((line) => parseItem(line));
        expect(lines).toStrictEqual(items);
      }),
      { seed: SEED, numRuns: RUNS },
    );
  });
});

test("the lines that docs/backup.md shows are lines of an export", async () => {
  const page = await readFile(new URL("../../docs/backup.md", import.meta.url), "utf8");
  const [header = "", ...lines] = (/```json\n(.*?)\n```/s.exec(page)?.[1] ?? "").split("\n");
  const end = lines.pop() ?? "";
  expect(headerLine(parseHeader(header))).toBe(header);
  expect(lines.length).toBe(2);
  for (const line of lines) expect(itemLine(parseItem(line))).toBe(line);
  expect(parseEnd(end)).toMatchObject({ sequence: 6 });
});

describe("an export", () => {
  const items: readonly ArchiveItem[] = [
    account("root", undefined, 1),
    write(documentKey("root", "x"), { revision: 1, sequence: 2, nonce: "n2" }, SPELLED),
    write(documentKey(undefined, "x"), { revision: 1, sequence: 3, nonce: "n3" }, '{"a":1}'),
    write(documentKey(undefined, "x"), { revision: 2, sequence: 4, nonce: "n4" }, undefined),
  ];

  test("is a header, a line for each account and each write, and an end with count and digest", async () => {
    const folder = join(temporaryFolder(), "store");
    await restoreInto(folder, items, 4);
    const file = await exportFolder(folder);
    const lines = linesOf(file);
    const [header, root, removed, ...rest] = [
      lines[0],
      lines[1],
      lines.at(-3),
      lines[2],
      lines.at(-2),
      lines.at(-1),
    ];
    expect(JSON.parse(header ?? "")).toEqual({
      strata: "export",
      format: 3,
      incarnation: expect.stringMatching(/^[\w-]{16}$/),
      from: 4,
      at: "2026-03-01T10:00:00.000Z",
    });
    expect(JSON.parse(root ?? "")).toEqual({
      account: {
        id: "root",
        name: "The root",
        isReseller: false,
        createdAt: "2026-03-01T10:00:00.000Z",
        version: { revision: 1, sequence: 1, nonce: "n1" },
      },
    });
    expect(rest[0]).toBe(
      `{"write":{"accountId":"root","configId":"x","version":{"revision":1,"sequence":2,"nonce":"n2"},"kind":"PATCH",` +
        `"at":"2026-03-01T10:00:00.000Z","by":"ada","override":${SPELLED}}}`,
    );
    expect(JSON.parse(removed ?? "")).toMatchObject({ write: { configId: "x", override: { a: 1 } } });
    expect(JSON.parse(rest[1] ?? "").write).not.toHaveProperty("override");
    expect(JSON.parse(rest[1] ?? "").write).not.toHaveProperty("accountId");
    expect(rest[2]).toMatch(/^\{"end":\{"lines":5,"sequence":4,"dropped":0,"sha256":"[0-9a-f]{64}"\}\}$/);
    expect(file.at(-1)).toBe(10);
  });

  test("of an empty store is header and end, and fills an empty store with nothing", async () => {
    const [first, second] = [join(temporaryFolder(), "a"), join(temporaryFolder(), "b")];
    await (await openLmdbStore({ folder: first })).close();
    const file = await exportFolder(first);
    expect(linesOf(file)).toHaveLength(2);
    expect(await importInto(second, file)).toMatchObject({ sequence: 0 });
    const store = await openLmdbStore({ folder: second });
    expect(versionOf(await store.commit(accountCommit("root", undefined))).sequence).toBe(1);
    await store.close();
  });
});
