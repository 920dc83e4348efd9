import { type FileHandle, open, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { StrataError } from "../domain/errors.js";
import type { Sink } from "./export-writer.js";

/**
 * Writes a file that is there as a whole or not at all: under another name first, for this user alone (documents hold
 * passwords), renamed when all of it is on disk, removed when something fails.
 * @param force whether a file of this name is replaced
 * @throws StrataError BAD_USER_INPUT when the name is taken or nothing can be written there
 */
export async function writeWhole<T>(
  path: string,
  force: boolean,
  write: (sink: Sink) => Promise<T>,
): Promise<T> {
  await checkName(path, force);
  const partial = `${path}.partial`;
  const file = await create(partial, path);
  try {
    const result = await write(async (bytes) => {
      await file.appendFile(bytes).catch((error) => Promise.reject(unwritable(path, error)));
    });
    await file.sync();
    await checkName(path, force);
    await checkOwn(file, partial);
    await rename(partial, path);
    await syncFolder(dirname(path));
    return result;
  } catch (error) {
    if (await isOwn(file, partial)) await rm(partial, { force: true });
    throw error;
  } finally {
    await file.close();
  }
}

async function checkName(path: string, force: boolean): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) return;
  if (!found.isFile()) throw refusal(`${path} is not a file.`);
  if (!force) throw refusal(`There is a file ${path} already. Name another one, or replace it with --force.`);
}

/** What a killed export left is replaced; so is the file of one that still runs, which will find that out. */
async function create(partial: string, path: string): Promise<FileHandle> {
  try {
    await rm(partial, { force: true });
    return await open(partial, "wx", 0o600);
  } catch (error) {
    throw unwritable(path, error);
  }
}

async function isOwn(file: FileHandle, partial: string): Promise<boolean> {
  const [own, found] = [await file.stat(), await stat(partial).catch(() => undefined)];
  return own.ino === found?.ino && own.dev === found.dev;
}

async function checkOwn(file: FileHandle, partial: string): Promise<void> {
  if (!(await isOwn(file, partial))) throw refusal(`Another export is writing the same file: ${partial}.`);
}

/** A file whose name is not on disk can be gone after a loss of power. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function unwritable(path: string, error: unknown): StrataError {
  const reason = error instanceof Error ? error.message : String(error);
  return new StrataError("BAD_USER_INPUT", `The file ${path} cannot be written: ${reason}.`, {
    cause: error,
  });
}

function refusal(message: string): StrataError {
  return new StrataError("BAD_USER_INPUT", message);
}
