import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** The first of these folders, then of those on PATH, that has all of the programs; undefined when there is none. */
export function folderWith(programs: readonly string[], folders: readonly string[] = []): string | undefined {
  const all = [...folders, ...(process.env.PATH ?? "").split(delimiter)];
  return all.find((folder) => programs.every((name) => isExecutable(join(folder, name))));
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
