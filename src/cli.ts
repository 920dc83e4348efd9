#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { acceptCommand } from "./command/accept-command.js";
import { named, UsageError } from "./command/command-options.js";
import { exportCommand } from "./command/export-command.js";
import { importCommand } from "./command/import-command.js";
import { importKazooCommand } from "./command/import-kazoo-command.js";
import { tokenCommand } from "./command/token-command.js";
import { readSettings } from "./env.js";
import { acceptStore, openArchivedStore, openArchiveSource, openArchiveTarget } from "./open-archive.js";
import { openKazooImport } from "./open-kazoo-import.js";

const HELP = `Usage: strata [command]

  start                      start the server; so does no command at all
  export [--to <file>]       copy the store to a file, or to standard output; the server may go on meanwhile
  import <file>              fill an empty store with an export
  import-kazoo <folder>      try, and with --apply do, the move of KAZOO's own documents into the store
  token                      print a token for a server that runs with the same STRATA_JWT_SECRET
  accept                     go on with a Redis that is not what gateways remember: a restored backup, say
  help, --help               show this
  --version                  show the version

Options of export:
  --to <file>                write this file, all of it or nothing
  --force                    replace the file if there is one

Options of import:
  --replace                  clear the store first
  --merge                    add what the file has to what is stored; wins where both have a document

Options of import-kazoo:
  --apply                    write; without it only a report is made
  --json                     the report for programs

Options of token:
  --account <id>             act for this account and those below it
  --superadmin               act on everything
  --read-only                write nothing
  --subject <name>           who it is for; by default you
  --expires <time>           15m, 1h, 7d; by default 1h

export, import, import-kazoo and accept take the store from STRATA_STORE, or from --store <url>, e.g. --store lmdb:./data
More about backups: docs/backup.md. About moving in from KAZOO: docs/migrate-from-kazoo.md
`;

const FAILED = 1;
const MISUSED = 2;

const { stdout, stderr } = process;
const COMMANDS: Readonly<Record<string, (args: readonly string[]) => Promise<unknown>>> = {
  start,
  export: (args) => exportCommand(args, { openSource: openArchiveSource, stdout, stderr }),
  import: (args) =>
    importCommand(args, { openTarget: openArchiveTarget, openStore: openArchivedStore, stderr }),
  "import-kazoo": (args) => importKazooCommand(args, { open: openKazooImport, stdout, stderr }),
  token: (args) =>
    tokenCommand(args, {
      access: () => readSettings(process.env).access,
      user: process.env.USER || "operator",
      now: () => new Date(),
      stdout,
    }),
  accept: (args) => acceptCommand(args, { accept: acceptStore, stderr }),
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
