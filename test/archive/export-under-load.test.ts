import { randomUUID } from "node:crypto";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, onTestFinished, test } from "vitest";
import type { ExportedItem } from "../../src/archive/export-format.js";
import { parseItem } from "../../src/archive/export-line-parser.js";
import { nameOf } from "../../src/archive/verified-export.js";
import type { JsonObject } from "../../src/domain/json/json.js";
import type { ArchivedWrite, ArchiveSource } from "../../src/store/archive.js";
import { openLmdbArchiveSource } from "../../src/store/lmdb/lmdb-archive-source.js";
import { openLmdbStore } from "../../src/store/lmdb/lmdb-store.js";
import { openRedisArchiveSource } from "../../src/store/redis/redis-archive-source.js";
import { openRedisStore } from "../../src/store/redis/redis-store.js";
import { parseRedisUrl } from "../../src/store/redis/redis-url.js";
import type { AccountWriteKind, Commit, DocumentKey, Version } from "../../src/store/store.js";
import { cases, SEED } from "../cases.js";
import { sharedRedisUrl } from "../redis/run-redis.js";
import { documentCommit, documentKey } from "../store/store-contract.js";
import { storedDocuments } from "../store/stored-documents.js";
import { temporaryFolder } from "../temporary-folder.js";
import { TestProcess } from "../test-process.js";
import { exportFrom, importInto, itemLines, verify } from "./archive-fixture.js";

const childFile = new URL("store-process.ts", import.meta.url);
const DOCUMENTS = 3_000;
const ROUNDS = cases(4);

/** Another process with the store of a folder. */
class StoreProcess extends TestProcess {
  static start(mode: "serve" | "write", folder: string, count = 0): Promise<StoreProcess> {
    return new StoreProcess(childFile, [mode, folder, String(count)]).ready();
  }

  async commit(write: Commit["write"]): Promise<void> {
    expect(await this.ask(write)).toMatchObject({ outcome: "done" });
  }
}

const NOW = "2026-05-05T05:05:05.000Z";

interface Acknowledged {
  readonly write: Commit["write"];
  readonly version: Version;
}

const itemsOf = (file: Buffer): ExportedItem[] => itemLines(file).map((line) => parseItem(line));
const versionOf = (item: ExportedItem): Version[] => {
  if (item.on === "account") return [item.account.version];
  return item.on === "document" || item.on === "deletion" ? [item.version] : [];
};

/** One commit makes one item: nothing up to the sequence is missing, nothing comes twice, nothing is beyond it. */
function expectExact(items: readonly ExportedItem[], sequence: number): void {
  const sequences = items
    .flatMap(versionOf)
    .map(({ sequence }) => sequence)
    .sort((a, b) => a - b);
  expect(sequences).toEqual(Array.from({ length: sequence }, (_, index) => index + 1));
}

/** The newest write of each document up to a sequence, as the history of the folder has it. */
async function newestUpTo(folder: string, sequence: number): Promise<ArchivedWrite[]> {
  const source = await openLmdbArchiveSource({ folder });
  onTestFinished(() => source.close());
  const newest: ArchivedWrite[] = [];
  for await (const { documents } of source.scan()) {
    for (const key of documents) {
      const writes = await source.writes(key, 1, 100_000);
      newest.push(...writes.filter(({ version }) => version.sequence <= sequence).slice(-1));
    }
  }
  return newest;
}

interface Lived {
  /** Each account's parent. */
  readonly accounts: Readonly<Record<string, string | undefined>>;
  readonly overrides: Readonly<Record<string, JsonObject>>;
}

/** Writes of all kinds, one after the other, and the state after each of them. */
class LivedTree {
  readonly #states: Lived[] = [{ accounts: {}, overrides: {} }];
  readonly #keys = new Map<string, DocumentKey>();
  #made = 0;

  constructor(private readonly roll: (sides: number) => number) {}

  /** Every document that there ever was, by its name. */
  get keys(): ReadonlyMap<string, DocumentKey> {
    return this.#keys;
  }

  at(sequence: number): Lived {
    return this.#states[sequence] ?? { accounts: {}, overrides: {} };
  }

  next(): Commit["write"] {
    const now = this.at(this.#states.length - 1);
    const ids = Object.keys(now.accounts);
    const leaves = ids.filter((id) => id !== "a0" && !Object.values(now.accounts).includes(id));
    const choice = ids.length === 0 ? 0 : this.roll(10);
    if (choice < 2) return this.#account("CREATE", this.#newId(ids), ids[this.roll(ids.length || 1)]);
    const leaf = leaves[this.roll(leaves.length || 1)];
    if (choice < 4 && leaf !== undefined) return this.#account("DELETE", leaf, now.accounts[leaf]);
    const elsewhere = ids.filter((id) => id !== leaf);
    if (choice < 5 && leaf !== undefined)
      return this.#account("UPDATE", leaf, elsewhere[this.roll(elsewhere.length)]);
    return this.#document(this.roll(5) === 0 ? undefined : ids[this.roll(ids.length)]);
  }

  /** Sometimes one that somebody had before. */
  #newId(taken: readonly string[]): string {
    const old = `a${this.roll(this.#made || 1)}`;
    return this.#made === 0 || taken.includes(old) || this.roll(2) === 0 ? `a${this.#made++}` : old;
  }

  #account(kind: AccountWriteKind, id: string, parentId: string | undefined): Commit["write"] {
    const { accounts, overrides } = this.at(this.#states.length - 1);
    const { [id]: _, ...others } = accounts;
    const kept = Object.entries(overrides).filter(([name]) => this.#keys.get(name)?.accountId !== id);
    this.#states.push(
      kind === "DELETE"
        ? { accounts: others, overrides: Object.fromEntries(kept) }
        : { accounts: { ...others, [id]: parentId }, overrides },
    );
    const account = { id, name: "A", parentId, isReseller: false, createdAt: NOW };
    return { on: "account", kind, account };
  }

  #document(accountId: string | undefined): Commit["write"] {
    const key = { accountId, configId: `c${this.roll(12)}` };
    const name = nameOf(key);
    this.#keys.set(name, key);
    const override = this.roll(6) === 0 ? undefined : { roll: this.roll(100) };
    const { accounts, overrides } = this.at(this.#states.length - 1);
    const { [name]: _, ...others } = overrides;
    this.#states.push({
      accounts,
      overrides: override === undefined ? others : { ...others, [name]: override },
    });
    return { on: "document", key, override, kind: "SET" };
  }
}

/** The store of a folder is as the tree was after so many commits. */
async function expectLived(folder: string, life: LivedTree, sequence: number): Promise<void> {
  const { accounts, overrides } = life.at(sequence);
  const store = await openLmdbStore({ folder });
  try {
    const { paths, counts } = await store.descendants({ accountId: "a0", limit: 10_000 });
    const found = paths.map((path) => [path.at(-1), path.at(-2) ?? "a0"]);
    const { a0: _, ...below } = accounts;
    expect(Object.fromEntries(found)).toEqual(below);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(found.length);
    const keys = [...life.keys];
    const documents = await storedDocuments(
      store,
      keys.map(([, key]) => key),
    );
    for (const [index, [name]] of keys.entries())
      expect([name, documents[index]?.override]).toEqual([name, overrides[name]]);
  } finally {
    await store.close();
  }
}

describe("an export of a store that is written into", () => {
  test("has every commit up to one and none after it, whatever is written at full speed meanwhile", async () => {
    const [folder, copy] = [join(temporaryFolder(), "store"), join(temporaryFolder(), "copy")];
    const writer = await StoreProcess.start("write", folder, DOCUMENTS);
    const acknowledged: Acknowledged[] = [];
    const listening = (async () => {
      for (let line = await writer.line(); line !== undefined; line = await writer.line())
        acknowledged.push(JSON.parse(line));
    })();
    const source = await openLmdbArchiveSource({ folder });
    const { bytes, summary } = await exportFrom(source);
    await source.close();
    await new Promise((resolve) => setTimeout(resolve, 100));
    await writer.kill();
    await listening;

    const items = itemsOf(bytes);
    const { from } = JSON.parse(bytes.toString("utf8", 0, bytes.indexOf("\n")));
    expect(summary.sequence).toBeGreaterThan(from);
    expectExact(items, summary.sequence);
    const bySequence = new Map(
      items.flatMap((item) => versionOf(item).map(({ sequence }) => [sequence, item] as const)),
    );
    const promised = acknowledged.filter(({ version }) => version.sequence <= summary.sequence);
    expect(promised.length).toBeGreaterThan(20);
    expect(promised.length).toBeLessThan(acknowledged.length);
    for (const { write, version } of promised) {
      const item = bySequence.get(version.sequence);
      if (item?.on === "account") expect(write).toMatchObject({ account: { id: item.account.id } });
      else if (item?.on === "document")
        expect([item.key, item.version, item.text]).toEqual(documentIn(write, version));
      else throw new Error(`not exported: ${JSON.stringify(write)}`);
    }

    expect(await importInto(copy, bytes)).toMatchObject({ sequence: summary.sequence });
    const newest = await newestUpTo(folder, summary.sequence);
    expect(newest.length).toBeGreaterThan(DOCUMENTS / 2);
    const store = await openLmdbStore({ folder: copy });
    onTestFinished(() => store.close());
    const documents = await storedDocuments(
      store,
      newest.map(({ key }) => key),
    );
    for (const [index, { version, text }] of newest.entries()) {
      expect(documents[index]?.version).toEqual(version);
      expect(JSON.stringify(documents[index]?.override)).toBe(text);
    }
  });

  const documentIn = (write: Commit["write"], version: Version) =>
    write.on === "document" && [
      { accountId: write.key.accountId, configId: write.key.configId },
      version,
      write.override && JSON.stringify(write.override),
    ];

  /** A store that others write into, and that is copied meanwhile. */
  interface Shared {
    commit(write: Commit["write"]): Promise<void>;
    openSource(): Promise<ArchiveSource>;
    close(): Promise<void>;
  }

  const inLmdb = async (): Promise<Shared> => {
    const folder = join(temporaryFolder(), "store");
    const server = await StoreProcess.start("serve", folder);
    return {
      commit: (write) => server.commit(write),
      openSource: () => openLmdbArchiveSource({ folder }),
      close: () => server.kill(),
    };
  };

  const inRedis = async (): Promise<Shared> => {
    const options = { target: parseRedisUrl(sharedRedisUrl()), cell: randomUUID() };
    const store = await openRedisStore(options);
    return {
      commit: async (write) => {
        const { outcome } = await store.commit({ ...documentCommit(documentKey(undefined, "x"), {}), write });
        expect(outcome).toBe("done");
      },
      openSource: () => openRedisArchiveSource(options),
      close: () => store.close(),
    };
  };

  test.each([
    ["LMDB", inLmdb],
    ["Redis", inRedis],
  ])(`from %s is exact wherever commits fall between its steps (LAW_SEED=${SEED})`, async (_, start) => {
    let deletions = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const server = await start();
      const dice = fc.sample(fc.nat(), { seed: SEED + round, numRuns: 20_000 });
      const roll = (sides: number) => (dice.pop() ?? 0) % sides;
      const life = new LivedTree(roll);
      const commitSome = async (most: number) => {
        for (let left = roll(most + 1); left > 0; left--) await server.commit(life.next());
      };
      await commitSome(150);
      const source = await server.openSource();
      const { bytes, summary } = await exportFrom(between(source, () => commitSome(4)));
      await source.close();
      await server.close();
      expect(await verify(bytes)).toMatchObject({ sequence: summary.sequence });
      deletions += itemsOf(bytes).filter((item) => item.on === "account" && item.kind === "DELETE").length;
      const copy = join(temporaryFolder(), "copy");
      expect(await importInto(copy, bytes)).toMatchObject({ sequence: summary.sequence });
      await expectLived(copy, life, summary.sequence);
    }
    expect(deletions).toBeGreaterThan(0);
  });

  /** The same source, with something happening before and after each of its steps. */
  function between(source: ArchiveSource, happen: () => Promise<void>): ArchiveSource {
    const around = async <T>(step: () => Promise<T>): Promise<T> => {
      await happen();
      const result = await step();
      await happen();
      return result;
    };
    return {
      position: () => around(() => source.position()),
      writes: (...asked) => source.writes(...asked),
      blames: (keys) => source.blames(keys),
      changes: (...asked) => around(() => source.changes(...asked)),
      accountHistory: (...asked) => around(() => source.accountHistory(...asked)),
      close: () => source.close(),
      async *scan() {
        for await (const page of source.scan()) {
          await happen();
          // One by one, so that there are more steps for something to happen between.
          for (const account of page.accounts)
            yield { accounts: [account], documents: [], configs: page.configs };
          for (const key of page.documents) {
            await happen();
            yield { accounts: [], documents: [key, key], configs: [] };
          }
        }
      },
    };
  }
});
