import { setTimeout as pause } from "node:timers/promises";
import { folderFingerprint } from "./folder-fingerprint.js";

/** Milliseconds between two looks at the folder. A change is acted upon when the next look finds it as it was. */
const INTERVAL_MS = 500;
/** The looks take at most so large a share of the time, however many files there are: one part in so many. */
const IDLE_SHARE = 50;

export interface FolderWatch {
  readonly folder: string;
  /** The state from which on changes count. */
  readonly from: string;
  /** The folder has become another one and has come to rest. */
  readonly onSettled: () => Promise<unknown>;
}

/**
 * Looks at a folder time and again. Not by the file system's events: there are none on network file systems, none from the
 * other side of a container's mount, and none for a link above the folder that leads elsewhere.
 * @returns what ends it
 */
export function watchFolder(watch: FolderWatch): () => void {
  const end = new AbortController();
  run(watch, end.signal).catch((error: Error) => {
    if (error.name !== "AbortError") throw error;
  });
  return () => end.abort();
}

async function run({ folder, from, onSettled }: FolderWatch, signal: AbortSignal): Promise<void> {
  let handled = from;
  let last = from;
  let interval = INTERVAL_MS;
  for (;;) {
    await pause(interval, undefined, { signal, ref: false });
    const startedAt = performance.now();
    const now = await folderFingerprint(folder);
    interval = Math.max(INTERVAL_MS, IDLE_SHARE * (performance.now() - startedAt));
    const isSettled = now === last;
    last = now;
    if (now === handled || !isSettled) continue;
    handled = now;
    await onSettled();
  }
}
