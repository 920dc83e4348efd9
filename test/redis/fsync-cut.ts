import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, statSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const SOURCE = fileURLToPath(new URL("fsync-shim.c", import.meta.url));

/**
 * Builds what a server has to be started with (`preload`) for its folder to be cut later.
 * @param into a folder; the library is there as long as the folder is
 * @throws when there is no C compiler
 */
export function compileFsyncShim(into: string): string {
  const shim = join(into, "fsync-shim.so");
  try {
    execFileSync("cc", ["-shared", "-fPIC", "-O1", "-o", shim, SOURCE], { stdio: "pipe" });
  } catch (error) {
    throw new Error(
      "This test takes the power away and needs a C compiler for that: install one that answers to `cc` " +
        `(Debian: apt-get install gcc libc6-dev; Alpine: apk add build-base). ${String(error)}`,
    );
  }
  return shim;
}

/** An append-only file, in bytes. */
export interface AppendOnlyFile {
  readonly name: string;
  readonly written: number;
  /** How much of that the last fsync that succeeded has covered for certain. */
  readonly synced: number;
}

/**
 * The append-only files of a server, manifest included, that was started with the shim each time that it ran in this folder.
 * @throws when it was not
 */
export function appendOnlyFiles(folder: string): AppendOnlyFile[] {
  const record = syncedSizes(folder);
  const home = join(folder, "appendonlydir");
  return readdirSync(home)
    .sort()
    .map((name) => {
      const { ino, size } = statSync(join(home, name), { bigint: true });
      return { name, written: Number(size), synced: Math.min(record.get(String(ino)) ?? 0, Number(size)) };
    });
}

/**
 * Takes the power away from the disk of a server that has been killed: of each append-only file only what an fsync has covered
 * is left. That a name is lost, or a rename undone, is not tried.
 * @returns how many bytes are lost
 */
export function cutToLastFsync(folder: string): number {
  const files = appendOnlyFiles(folder);
  for (const { name, synced } of files) truncateSync(join(folder, "appendonlydir", name), synced);
  return files.reduce((sum, { written, synced }) => sum + written - synced, 0);
}

function syncedSizes(folder: string): Map<string, number> {
  const sizes = new Map<string, number>();
  for (const line of readRecord(folder).trim().split("\n")) {
    const [what, inode = "", text] = line.split(" ");
    const size = Number(text);
    const known = sizes.get(inode) ?? 0;
    sizes.set(inode, what === "synced" ? Math.max(known, size) : Math.min(known, size));
  }
  return sizes;
}

function readRecord(folder: string): string {
  const record = join(folder, "fsync.log");
  try {
    return readFileSync(record, "utf8");
  } catch (error) {
    throw new Error(`${record} is not there: was the server started with the shim?`, { cause: error });
  }
}
