import { createHash } from "node:crypto";
import { type FileHandle, open, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { exportStore } from "../../src/archive/export-store.js";
import type { ExportSummary } from "../../src/archive/export-writer.js";
import { importStore } from "../../src/archive/import-store.js";
import { type VerifiedExport, verifyExport } from "../../src/archive/verified-export.js";
import type { ArchiveItem, ArchiveSource } from "../../src/store/archive.js";
import { openLmdbArchiveSource } from "../../src/store/lmdb/lmdb-archive-source.js";
import { openLmdbArchiveTarget } from "../../src/store/lmdb/lmdb-archive-target.js";
import type { Position } from "../../src/store/store.js";
import { temporaryFolder } from "../temporary-folder.js";

export const AT = "2026-03-01T10:00:00.000Z";

/** An export from any source, as the file it would be. */
export async function exportFrom(
  source: ArchiveSource,
): Promise<{ readonly bytes: Buffer; readonly summary: ExportSummary }> {
  const chunks: Buffer[] = [];
  const sink = async (bytes: Buffer) => {
    chunks.push(bytes);
  };
  const summary = await exportStore(source, sink, { now: () => new Date(AT) });
  return { bytes: Buffer.concat(chunks), summary };
}

export async function exportFolder(folder: string): Promise<Buffer> {
  const source = await openLmdbArchiveSource({ folder });
  try {
    return (await exportFrom(source)).bytes;
  } finally {
    await source.close();
  }
}

/** A file with this content, opened for as long as it is used. */
export async function withExport<T>(
  content: Buffer | string,
  use: (file: FileHandle) => Promise<T>,
): Promise<T> {
  const path = join(temporaryFolder(), "export.jsonl");
  await writeFile(path, content);
  const file = await open(path, "r");
  try {
    return await use(file);
  } finally {
    await file.close();
  }
}

export function verify(content: Buffer | string): Promise<VerifiedExport> {
  return withExport(content, (file) => verifyExport(file, () => {}));
}

/** Imports a file with this content into a folder, as the command does. */
export function importInto(folder: string, content: Buffer | string, replace = false): Promise<Position> {
  return withExport(content, async (file) => {
    const verified = await verifyExport(file, () => {});
    const target = await openLmdbArchiveTarget({ folder });
    try {
      return await importStore(file, verified, target, { replace });
    } finally {
      await target.close();
    }
  });
}

/** Fills a folder with items as they are. */
export async function restoreInto(
  folder: string,
  items: readonly ArchiveItem[],
  sequence: number,
): Promise<void> {
  const target = await openLmdbArchiveTarget({ folder });
  await target.begin("fixture", true);
  await target.restore(items);
  await target.finish(sequence, 0);
  await target.close();
}

export function linesOf(content: Buffer): string[] {
  return content.toString().trimEnd().split("\n");
}

/** The lines between header and end. */
export function itemLines(content: Buffer): string[] {
  return linesOf(content).slice(1, -1);
}

/** The same without the audit log, which has a line for each commit once more. */
export function stateLines(content: Buffer): string[] {
  return itemLines(content).filter((line) => !line.startsWith('{"change":'));
}

/** An export of these lines, header included, whose count and digest are right. */
export function signed(
  lines: readonly string[],
  sequence: number,
  count = lines.length,
  dropped = 0,
): string {
  const body = `${lines.map((line) => `${line}\n`).join("")}{"end":{"lines":${count},"sequence":${sequence},"dropped":${dropped},"sha256":"`;
  return `${body}${createHash("sha256").update(body).digest("hex")}"}}\n`;
}

/** What a folder holds, byte for byte; undefined where there is none. */
export async function dataIn(folder: string): Promise<Buffer | undefined> {
  return readFile(join(folder, "data.mdb")).catch(() => undefined);
}

export const refusal = (...words: (string | RegExp)[]) =>
  expect.objectContaining({
    name: "StrataError",
    message: expect.toSatisfy((message: string) =>
      words.every((word) => (typeof word === "string" ? message.includes(word) : word.test(message))),
    ),
  });
