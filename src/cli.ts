#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { named, UsageError } from "./archive/command-options.js";
import { exportCommand } from "./archive/export-command.js";
import { importCommand } from "./archive/import-command.js";
import { openArchivedStore, openArchiveSource, openArchiveTarget } from "./open-archive.js";

const HELP = `Usage: strata [command]

  start                      start the server; so does no command at all
  export [--to <file>]       copy the store to a file, or to standard output; the server may go on meanwhile
  import <file>              fill an empty store with an export
  help, --help               show this
  --version                  show the version

Options of export:
  --to <file>                write this file, all of it or nothing
  --force                    replace the file if there is one

Options of import:
  --replace                  clear the store first
  --merge                    add what the file has to what is stored; wins where both have a document

Both take the store from STRATA_STORE, or from --store <url>, e.g. --store lmdb:./data
More about backups: docs/backup.md
`;

const FAILED = 1;
const MISUSED = 2;

const { stdout, stderr } = process;
const COMMANDS: Readonly<Record<string, (args: readonly string[]) => Promise<unknown>>> = {
  start,
  export: (args) => exportCommand(args, { openSource: openArchiveSource, stdout, stderr }),
  import: (args) =>
    importCommand(args, { openTarget: openArchiveTarget, openStore: openArchivedStore, stderr }),
  help,
  "--help": help,
  "-h": help,
  "--version": async () => stdout.write(`${version()}\n`),
};

try {
  const [name = "start", ...args] = process.argv.slice(2);
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined) throw new UsageError(`There is no command ${named(name)}.`);
  const isHelpWanted = args.some((arg) => arg === "--help" || arg === "-h");
  await (isHelpWanted ? help : command)(args);
} catch (error) {
  process.exitCode = error instanceof UsageError ? MISUSED : FAILED;
  const hint = error instanceof UsageError ? " strata help says what there is." : "";
  console.error(`${error instanceof Error ? error.message : String(error)}${hint}`);
}

async function help(): Promise<void> {
  stdout.write(HELP);
}

/** The server reads its settings from the environment alone, and says itself what is wrong. */
async function start(args: readonly string[]): Promise<void> {
  if (args.length > 0) throw new UsageError("start takes nothing: its settings are environment variables.");
  await import("./main.js");
}

function version(): string {
  const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
  return version;
}
