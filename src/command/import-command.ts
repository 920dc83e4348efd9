import { type FileHandle, open } from "node:fs/promises";
import { importStore } from "../archive/import-store.js";
import { mergeExport } from "../archive/merge-export.js";
import { createProgress, grouped, type Progress, type Terminal } from "../archive/progress.js";
import { type VerifiedExport, verifyExport } from "../archive/verified-export.js";
import { StrataError } from "../domain/errors.js";
import type { ArchiveTarget } from "../store/archive.js";
import type { Store } from "../store/store.js";
import { readOptions, UsageError } from "./command-options.js";
import { COMMAND_TABLE } from "./command-table.js";

export interface ImportContext {
  /** Open the store to write into; absent: the one that the service would use. */
  readonly openTarget: (store: string | undefined) => Promise<ArchiveTarget>;
  readonly openStore: (store: string | undefined) => Promise<Store>;
  readonly stderr: Terminal;
}

/**
 * `import <file> [--store <url>] [--merge | --replace]`: reads all of the file before anything is written.
 * @throws UsageError when it is not given like that; StrataError when it cannot be done
 */
export async function importCommand(args: readonly string[], context: ImportContext): Promise<void> {
  const options = readOptions(args, COMMAND_TABLE.import.options);
  const [path, ...rest] = options.operands;
  if (path === undefined || rest.length > 0) throw new UsageError("An import needs one file.");
  if (path === "-")
    throw new UsageError(
      "An import needs a file: all of it is verified before anything is written. Save what comes in first.",
    );
  const [merge, replace] = [options.isSet("merge"), options.isSet("replace")];
  if (merge && replace) throw new UsageError("An import either merges or replaces, not both.");
  const file = await openExport(path);
  const progress = createProgress(context.stderr);
  try {
    const { size } = await file.stat();
    const verified = await verifyExport(file, percent(progress, "Verifying", size));
    const onRead = percent(progress, merge ? "Merging" : "Importing", size);
    const report = merge
      ? await mergeInto(await context.openStore(options.value("store")), { file, verified, onRead })
      : await restoreInto(await context.openTarget(options.value("store")), {
          file,
          verified,
          onRead,
          replace,
        });
    progress.clear();
    context.stderr.write(`${report}\n`);
  } finally {
    progress.clear();
    await file.close();
  }
}

interface ImportWork {
  readonly file: FileHandle;
  readonly verified: VerifiedExport;
  readonly onRead: (bytes: number) => void;
}

async function restoreInto(
  target: ArchiveTarget,
  { file, verified, onRead, replace }: ImportWork & { readonly replace: boolean },
): Promise<string> {
  try {
    const { sequence } = await importStore(file, verified, target, { replace, onRead });
    const { accounts, writes, documents } = verified;
    return (
      `Imported ${grouped(accounts)} accounts and ${grouped(writes)} writes of ${grouped(documents)} documents. ` +
      `The next commit is ${sequence + 1}.`
    );
  } finally {
    await target.close();
  }
}

async function mergeInto(store: Store, { file, verified, onRead }: ImportWork): Promise<string> {
  try {
    const written = await mergeExport(file, verified, { store, now: () => new Date(), onRead });
    return (
      `Merged: ${grouped(written.accounts)} accounts created, ${grouped(written.documents)} documents set; ` +
      "all others were as in the file already."
    );
  } finally {
    await store.close();
  }
}

async function openExport(path: string): Promise<FileHandle> {
  let file: FileHandle;
  try {
    file = await open(path, "r");
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new StrataError("BAD_USER_INPUT", `The file cannot be read: ${reason}.`, { cause: error });
  }
  if ((await file.stat()).isFile()) return file;
  await file.close();
  throw new StrataError(
    "BAD_USER_INPUT",
    `${path} is not a file, so it cannot be verified before it is imported.`,
  );
}

function percent(progress: Progress, doing: string, size: number): (bytes: number) => void {
  return (bytes) => progress.show(() => `${doing}: ${Math.floor((100 * bytes) / size)} %`);
}
