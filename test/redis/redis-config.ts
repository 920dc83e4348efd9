import { accessSync, constants } from "node:fs";
import { tmpdir } from "node:os";

/** What is acknowledged is on disk, and nothing is ever evicted. Each value as a configuration file spells it. */
export const SAFE_SETTINGS = {
  appendonly: "yes",
  appendfsync: "always",
  "no-appendfsync-on-rewrite": "no",
  "maxmemory-policy": "noeviction",
  save: '""',
} as const;

/** The text of a configuration file. A setting that is there once for each of several things has their name in its own. */
export function configText(settings: Readonly<Record<string, string>>): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name} ${value}\n`)
    .join("");
}

/** Where servers have their folders: in memory if that can be. Killing a server does not lose what is there. */
export function fastFolder(): string {
  try {
    accessSync("/dev/shm", constants.W_OK | constants.X_OK);
    return "/dev/shm";
  } catch {
    return tmpdir();
  }
}
