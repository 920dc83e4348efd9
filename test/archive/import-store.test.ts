import { open, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { importStore } from "../../src/archive/import-store.js";
import { verifyExport } from "../../src/archive/verified-export.js";
import type { ArchiveItem, ArchiveTarget } from "../../src/store/archive.js";
import { openLmdbArchiveTarget } from "../../src/store/lmdb/lmdb-archive-target.js";
import { openLmdbStore } from "../../src/store/lmdb/lmdb-store.js";
import { account, write } from "../store/archive-contract.js";
import { documentCommit, documentKey, of, versionOf } from "../store/store-contract.js";
import { storedDocuments } from "../store/stored-documents.js";
import { temporaryFolder } from "../temporary-folder.js";
import { dataIn, exportFolder, importInto, itemLines, refusal, restoreInto } from "./archive-fixture.js";

/** More than go into one batch. */
const DOCUMENTS = 1_300;

function itemsMarked(mark: string): ArchiveItem[] {
  const documents = Array.from({ length: DOCUMENTS }, (_, n) => {
    const version = { revision: 1, sequence: n + 2, nonce: `${mark}${n}` };
    return write(documentKey("root", `c${n}`), version, `{"mark":"${mark}","n":${n}}`);
  });
  return [account("root", undefined, 1), ...documents];
}

async function exportOf(mark: string): Promise<Buffer> {
  const folder = join(temporaryFolder(), mark);
  await restoreInto(folder, itemsMarked(mark), DOCUMENTS + 1);
  return exportFolder(folder);
}

/** Imports with a target whose calls are watched; `stopAfter`: its process ends after so many batches. */
async function importWatched(
  folder: string,
  content: Buffer,
  options: {
    replace?: boolean;
    stopAfter?: number;
    onBegin?: (path: string, clear: boolean) => Promise<void>;
  } = {},
): Promise<readonly number[]> {
  const path = join(temporaryFolder(), "export.jsonl");
  await writeFile(path, content);
  const file = await open(path, "r");
  const target = await openLmdbArchiveTarget({ folder });
  const sizes: number[] = [];
  const watched: ArchiveTarget = {
    isEmpty: () => target.isEmpty(),
    unfinished: () => target.unfinished(),
    begin: async (name, clear) => {
      await options.onBegin?.(path, clear);
      await target.begin(name, clear);
    },
    restore: async (items) => {
      if (sizes.length === options.stopAfter) throw new Error("killed");
      await target.restore(items);
      sizes.push(items.length);
    },
    finish: (...end) => target.finish(...end),
    close: () => target.close(),
  };
  try {
    const verified = await verifyExport(file, () => {});
    await importStore(file, verified, watched, { replace: options.replace ?? false });
    return sizes;
  } finally {
    await target.close();
    await file.close();
  }
}

async function markIn(folder: string, configId = "c7"): Promise<unknown> {
  const store = await openLmdbStore({ folder });
  const documents = await storedDocuments(store, [documentKey("root", configId)]);
  await store.close();
  return documents[0]?.override?.mark;
}

describe("an import", () => {
  let folder: string;
  let one: Buffer;
  let two: Buffer;
  beforeEach(async () => {
    folder = join(temporaryFolder(), "store");
    one = await exportOf("one");
    two = await exportOf("two");
  });

  test("restores in batches, all of it", async () => {
    const sizes = await importWatched(folder, one);
    expect(sizes).toEqual([500, 500, 301]);
    expect(itemLines(await exportFolder(folder))).toEqual(itemLines(one));
  });

  test("restores large documents a few at a time", async () => {
    const large = Array.from({ length: 30 }, (_, n) => {
      const version = { revision: 1, sequence: n + 1, nonce: `n${n}` };
      return write(documentKey(undefined, `c${n}`), version, `{"text":"${"x".repeat(200_000)}"}`);
    });
    const from = join(temporaryFolder(), "large");
    await restoreInto(from, large, 30);
    const sizes = await importWatched(folder, await exportFolder(from));
    expect(Math.max(...sizes)).toBeLessThanOrEqual(6);
    expect(sizes.reduce((sum, size) => sum + size)).toBe(30);
  });

  test("is refused by a store in which something is, which stays as it was", async () => {
    await importInto(folder, one);
    const before = await dataIn(folder);
    await expect(importInto(folder, two)).rejects.toEqual(refusal(/not empty/, /--merge/, /--replace/));
    await expect(importInto(folder, one)).rejects.toEqual(refusal(/not empty/));
    expect(await dataIn(folder)).toEqual(before);
    const fresh = join(temporaryFolder(), "store");
    const store = await openLmdbStore({ folder: fresh });
    versionOf(await store.commit(documentCommit(documentKey(undefined, "x"), undefined)));
    await store.close();
    await expect(importInto(fresh, one)).rejects.toEqual(refusal(/not empty/));
  });

  test("that replaces leaves nothing of what was there", async () => {
    const store = await openLmdbStore({ folder });
    const left = documentKey("root", "left");
    versionOf(await store.commit(documentCommit(left, { mark: "left" })));
    await store.close();
    await importInto(folder, two, true);
    expect(itemLines(await exportFolder(folder))).toEqual(itemLines(two));
    const again = await openLmdbStore({ folder });
    expect((await again.versions(of([left]))).documents).toEqual([undefined]);
    await again.close();
  });

  test("goes on with the same file when it was broken off, and lets nobody in before it is finished", async () => {
    await expect(importWatched(folder, one, { stopAfter: 1 })).rejects.toThrow("killed");
    await expect(openLmdbStore({ folder })).rejects.toEqual(refusal(/not finished/));
    await expect(importInto(folder, two)).rejects.toEqual(
      refusal(/another file/, /not finished/, /--replace/),
    );
    await expect(openLmdbStore({ folder })).rejects.toEqual(refusal(/not finished/));
    await importInto(folder, one);
    expect(itemLines(await exportFolder(folder))).toEqual(itemLines(one));
  });

  test("that replaces goes on with the same file, and makes way for another that replaces", async () => {
    await importInto(folder, two);
    await expect(importWatched(folder, one, { stopAfter: 1, replace: true })).rejects.toThrow("killed");
    await expect(importInto(folder, two)).rejects.toEqual(refusal(/another file/));
    const cleared: boolean[] = [];
    const onBegin = async (_: string, clear: boolean) => void cleared.push(clear);
    await importWatched(folder, one, { replace: true, onBegin });
    expect(cleared).toEqual([false]);
    expect(itemLines(await exportFolder(folder))).toEqual(itemLines(one));
    await expect(importWatched(folder, two, { stopAfter: 2, replace: true })).rejects.toThrow("killed");
    await importInto(folder, one, true);
    expect(itemLines(await exportFolder(folder))).toEqual(itemLines(one));
    expect(await markIn(folder)).toBe("one");
  });

  test("is not finished when the file changes under it, and then goes on from nothing", async () => {
    const altered = one.toString().replace('"configId":"c7"', '"configId":"q7"');
    const onBegin = (path: string) => writeFile(path, altered);
    await expect(importWatched(folder, one, { onBegin })).rejects.toEqual(refusal(/changed while/));
    const toTwo = (path: string) => writeFile(path, two);
    await expect(importWatched(folder, one, { onBegin: toTwo })).rejects.toEqual(refusal(/changed while/));
    await expect(openLmdbStore({ folder })).rejects.toEqual(refusal(/not finished/));
    await importInto(folder, one);
    expect(itemLines(await exportFolder(folder))).toEqual(itemLines(one));
  });
});
