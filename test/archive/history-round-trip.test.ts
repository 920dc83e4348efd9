import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { importStore } from "../../src/archive/import-store.js";
import { verifyExport } from "../../src/archive/verified-export.js";
import { OPEN_PRINCIPAL } from "../../src/auth/principal.js";
import { FieldBlames } from "../../src/service/read/field-blames.js";
import { createRequestReader } from "../../src/service/read/request-reader.js";
import type { ArchiveSource } from "../../src/store/archive.js";
import { openLmdbArchiveSource } from "../../src/store/lmdb/lmdb-archive-source.js";
import { openLmdbArchiveTarget } from "../../src/store/lmdb/lmdb-archive-target.js";
import { openLmdbStore } from "../../src/store/lmdb/lmdb-store.js";
import { openRedisArchiveSource } from "../../src/store/redis/redis-archive-source.js";
import { openRedisArchiveTarget } from "../../src/store/redis/redis-archive-target.js";
import { openRedisStore } from "../../src/store/redis/redis-store.js";
import { parseRedisUrl } from "../../src/store/redis/redis-url.js";
import type { Store } from "../../src/store/store.js";
import { sharedRedisUrl } from "../redis/run-redis.js";
import { OPEN_SCHEMAS, Services } from "../service/services.js";
import { FAST_DISK } from "../store/test-store.js";
import { schemaFolder, temporaryFolder } from "../temporary-folder.js";
import { exportFrom, itemLines, linesOf, refusal, signed, verify, withExport } from "./archive-fixture.js";

const KEPT = { historyRevisions: 3 };
const KINDS = {
  LMDB: () => {
    const options = { folder: join(temporaryFolder(FAST_DISK), "store") };
    return {
      store: () => openLmdbStore({ ...options, ...KEPT }),
      source: () => openLmdbArchiveSource(options),
      target: () => openLmdbArchiveTarget(options),
    };
  },
  Redis: () => {
    const options = { target: parseRedisUrl(sharedRedisUrl()), cell: randomUUID() };
    return {
      store: () => openRedisStore({ ...options, ...KEPT }),
      source: () => openRedisArchiveSource(options),
      target: () => openRedisArchiveTarget(options),
    };
  },
};
type Place = ReturnType<(typeof KINDS)[keyof typeof KINDS]>;

async function using<T extends { close(): Promise<void> }, R>(
  opening: Promise<T>,
  use: (opened: T) => Promise<R>,
): Promise<R> {
  const opened = await opening;
  try {
    return await use(opened);
  } finally {
    await opened.close();
  }
}

const withServices = <R>(place: Place, use: (services: Services) => Promise<R>): Promise<R> =>
  using(place.store() as Promise<Store>, (store) => use(new Services(store, schemaFolder(OPEN_SCHEMAS))));
const exported = (place: Place) =>
  using(place.source() as Promise<ArchiveSource>, async (source) => (await exportFrom(source)).bytes);
const imported = (place: Place, bytes: Buffer) =>
  withExport(bytes, async (file) => {
    const verified = await verifyExport(file, () => {});
    await using(place.target(), (target) => importStore(file, verified, target, { replace: false }));
  });

/** Seven writes of one document, of which three are kept, and one of the system layer's. */
async function live(services: Services): Promise<void> {
  await services.tree(["root"]);
  await services.write(undefined, "open", { kind: "SET", values: { s: 1 } }, { note: "system" });
  await services.write("root", "open", { kind: "SET", values: { a: 1, b: 1 } }, { note: "first" });
  for (let c = 1; c <= 4; c++)
    await services.write("root", "open", { kind: "PATCH", patch: { c } }, { note: `c ${c}` });
  await services.write("root", "open", { kind: "RESTORE", revision: 4 } as never, { note: "back" });
  await services.write("root", "open", { kind: "PATCH", patch: { d: 1 } });
}

async function known(services: Services) {
  const snapshot = await services.read("root", "open");
  const reader = createRequestReader(services.store, OPEN_PRINCIPAL);
  const blames = await FieldBlames.of(snapshot, reader);
  const { edges } = await services.configs.history(snapshot, { first: 50 }, reader);
  return {
    blame: snapshot.config.fields.map((field) => [field.pointer, blames.at(field)]),
    history: edges.map(({ revision }) => [revision.written, revision.document, revision.changes]),
  };
}

describe("history and blame", () => {
  test.each([
    ["LMDB", "Redis"],
    ["Redis", "LMDB"],
  ] as const)("go with an export from %s into %s, and on from there", async (from, to) => {
    const [first, second] = [KINDS[from](), KINDS[to]()];
    const before = await withServices(first, async (services) => {
      await live(services);
      return known(services);
    });
    expect(before.history).toHaveLength(3);
    expect(before.blame).toMatchObject([
      ["/s", { revision: 1, note: "system" }],
      ["/a", { revision: 1, note: "first" }],
      ["/b", { revision: 1, note: "first" }],
      ["/c", { revision: 6, note: "back" }],
      ["/d", { revision: 7 }],
    ]);
    const bytes = await exported(first);
    await imported(second, bytes);
    expect(await withServices(second, known)).toEqual(before);
    expect(itemLines(await exported(second)).sort()).toEqual(itemLines(bytes).sort());
    await withServices(second, async (services) => {
      await services.patch("root", "open", { e: 1 });
      const { blame, history } = await known(services);
      expect(blame.slice(0, 5)).toEqual(before.blame);
      expect(history.slice(1).map((each) => each.slice(0, 2))).toEqual(
        before.history.slice(0, 2).map((each) => each.slice(0, 2)),
      );
    });
    await expect(exported(second)).resolves.toBeDefined();
  });

  test("are whole in an export during which the oldest revisions go", async () => {
    const place = KINDS.LMDB();
    await withServices(place, async (services) => {
      await live(services);
      await services.tree(["other", "root"]);
      await services.set("other", "open", { x: 1 });
      await using(place.source() as Promise<ArchiveSource>, async (source) => {
        let count = 0;
        const writeMore = async () => {
          for (let n = 0; n < 2 && count < 40; n++)
            await services.patch("root", "open", { c: `more ${count++}` });
        };
        const around: ArchiveSource = {
          position: () => source.position(),
          scan: () => source.scan(),
          changes: async (...asked) => {
            const found = await source.changes(...asked);
            await writeMore();
            return found;
          },
          writes: async (...asked) => {
            await writeMore();
            return source.writes(...asked);
          },
          blames: (keys) => source.blames(keys),
          accountHistory: (...asked) => source.accountHistory(...asked),
          close: () => source.close(),
        };
        const { bytes, summary } = await exportFrom(around);
        const verified = await verify(bytes);
        expect(verified).toMatchObject({ accounts: 2, documents: 3, sequence: summary.sequence });
        expect(linesOf(bytes).filter((line) => line.startsWith('{"trim"')).length).toBeGreaterThan(0);
        const other = KINDS.LMDB();
        await imported(other, bytes);
        await withServices(other, async (copy) => {
          expect(await copy.revision("root", "open")).toBeGreaterThan(7);
          const { revisions } = await copy.store.history({
            key: { accountId: "root", configId: "open" },
            limit: 100,
            bytes: 2 ** 20,
          });
          const numbers = revisions.map(({ version }) => version.revision);
          expect(numbers).toEqual(numbers.map((_, index) => (numbers[0] ?? 0) - index));
        });
      });
    });
  });

  test("of a file are refused where they do not fit its writes", async () => {
    const place = KINDS.LMDB();
    await withServices(place, live);
    const bytes = await exported(place);
    const { sequence } = await verify(bytes);
    const lines = linesOf(bytes).slice(0, -1);
    const at = (start: string) => lines.findIndex((line) => line.startsWith(start));
    const changed = (index: number, line: string | undefined) =>
      signed(
        lines.flatMap((each, n) => (n === index ? (line ?? []) : [each])),
        sequence,
      );
    const trim = at('{"trim"');
    const blame = at('{"blame"');
    expect(trim).toBeGreaterThan(0);
    await expect(verify(changed(trim, undefined))).rejects.toEqual(
      refusal(/is revision 5 of root\/open, where 1 should come/),
    );
    await expect(verify(changed(trim, lines[trim]?.replace('"revision":5', '"revision":1')))).rejects.toEqual(
      refusal(/trim/),
    );
    await expect(verify(changed(blame, lines[blame]?.replace('"nonce":"', '"nonce":"x')))).rejects.toEqual(
      refusal(/not of the last write before it/),
    );
    await expect(verify(changed(blame, lines[blame]?.replace('"tree":', '"tree":9,"t":')))).rejects.toEqual(
      refusal(/blame is not as Strata writes it/),
    );
    const restore = at('{"write":') < 0 ? -1 : lines.findIndex((line) => line.includes('"restoredFrom"'));
    await expect(
      verify(changed(restore, lines[restore]?.replace('"restoredFrom":4', '"restoredFrom":6'))),
    ).rejects.toEqual(refusal(/restoredFrom/));
  });
});

/** A lock, bounds whose schema looks like the start of an override, and a pin. */
async function constrainedLife(services: Services): Promise<void> {
  await services.tree(["root"], ["shop", "root"]);
  await services.write("root", "open", {
    kind: "CONSTRAIN",
    set: [
      { pointer: "/a", kind: "LOCK", reason: 'said ","override":{} and more' },
      {
        pointer: "/b",
        kind: "BOUNDS",
        schema: { properties: { a: true, override: { type: "object" } } },
        reason: "b",
      },
    ],
    remove: [],
  });
  await services.write("shop", "open", { kind: "SET", values: { b: { c: 1 } }, pin: ["/b/c"] });
  await services.set("root", "open", { b: { c: 1 } });
}
const ruled = async (services: Services) => {
  const snapshot = await services.read("shop", "open");
  const reader = createRequestReader(services.store, OPEN_PRINCIPAL);
  const { edges } = await services.configs.history(
    await services.read("root", "open"),
    { first: 50 },
    reader,
  );
  return {
    layers: snapshot.config.layers,
    etag: snapshot.etag,
    history: edges.map(({ revision }) => revision.written),
  };
};

describe("constraints and pins", () => {
  test.each([
    ["LMDB", "Redis"],
    ["Redis", "LMDB"],
  ] as const)("go with an export from %s into %s", async (from, to) => {
    const [first, second] = [KINDS[from](), KINDS[to]()];
    const before = await withServices(first, async (services) => {
      await constrainedLife(services);
      return ruled(services);
    });
    expect(before.layers).toMatchObject([
      { pins: ["/b/c"] },
      { constraints: [{ pointer: "/a" }, { pointer: "/b" }] },
      {},
      {},
    ]);
    expect(before.history.map(({ kind }) => kind)).toEqual(["SET", "CONSTRAIN"]);
    const bytes = await exported(first);
    await imported(second, bytes);
    expect(await withServices(second, ruled)).toEqual(before);
    expect(itemLines(await exported(second)).sort()).toEqual(itemLines(bytes).sort());
  });

  test("leave no trace in the export of a store that has none", async () => {
    const place = KINDS.LMDB();
    await withServices(place, live);
    expect(String(await exported(place))).not.toMatch(/rules|constraints|pins/);
  });

  test.each<
    [string, (rules: { constraints: Record<string, unknown>[]; pins?: string[] }) => unknown, RegExp]
  >([
    [
      "a reference in a schema",
      (rules) => Object.assign(rules.constraints[1] ?? {}, { schema: { $ref: "#" } }),
      /\$ref/,
    ],
    ["another order", (rules) => rules.constraints.reverse(), /order of their pointers/],
    ["a pointer twice", (rules) => rules.constraints.push({ ...rules.constraints[1] }), /two constraints/],
    ["an empty reason", (rules) => Object.assign(rules.constraints[0] ?? {}, { reason: "" }), /reason/],
    [
      "an unknown kind",
      (rules) => Object.assign(rules.constraints[0] ?? {}, { kind: "ASK" }),
      /not as Strata writes/,
    ],
    ["a pin where no leaf is", (rules) => Object.assign(rules, { pins: ["/b"] }), /pins are not those/],
    [
      "201 constraints",
      (rules) => rules.constraints.push(...Array(200).fill(rules.constraints[1])),
      /not as Strata writes/,
    ],
  ])("of a file are refused with %s", async (_, spoil, reason) => {
    const place = KINDS.LMDB();
    await withServices(place, constrainedLife);
    const bytes = await exported(place);
    const { sequence } = await verify(bytes);
    const lines = linesOf(bytes).slice(0, -1);
    const at = lines.findIndex((line) => line.includes('"kind":"CONSTRAIN"') && line.startsWith('{"write"'));
    const written = JSON.parse(lines[at] ?? "");
    const rules = JSON.parse(written.write.rules);
    spoil(rules);
    const { override, ...head } = written.write;
    lines[at] = JSON.stringify({ write: { ...head, rules: JSON.stringify(rules), override } });
    await expect(verify(signed(lines, sequence))).rejects.toEqual(refusal(reason));
  });
});
