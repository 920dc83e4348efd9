import { readFileSync } from "node:fs";
import type { Terminal } from "../archive/progress.js";
import { named, UsageError } from "../command/command-options.js";

const HELP = `Usage: strata [command]

  start                      start the server; so does no command at all
  export [--to <file>]       copy the store to a file, or to standard output; the server may go on meanwhile
  diff                       tell what differs in a config since a moment, and who did it; the server may go on meanwhile
  import <file>              fill an empty store with an export
  import-kazoo <folder>      try, and with --apply do, the move of KAZOO's own documents into the store
  plan <folder>              tell what has to be written so that documents hold what files declare, and for whom; the server may go on
  apply <folder>             write it, each document only if it still does what the plan says
  check --schemas <folder>   tell what a schema folder would do to what is stored, before it is put in force; the server may go on
  prune                      list, and with --apply drop, overrides that are equal to what would be inherited
  audit                      print who did what, as lines of JSON; the server may go on meanwhile
  manifest                   print the settings as a flag manifest of the OpenFeature CLI, for its code generators
  types                      print TypeScript types of the configs, from the account schemas
  token                      print a token for a server that runs with the same STRATA_JWT_SECRET
  accept                     go on with a Redis that is not what gateways remember: a restored backup, say
  help, --help               show this
  --version                  show the version

Options of export:
  --to <file>                write this file, all of it or nothing
  --force                    replace the file if there is one

Options of diff:
  --since <when>             2h, 30m, 3d, or a moment such as 2026-11-22T09:30:00Z
  --until <when>             the same; by default now
  --account <id>             whose config; without it the system level's
  --config <id>              which config; by default "default"
  --json                     the changes for programs

Options of import:
  --replace                  clear the store first
  --merge                    add what the file has to what is stored; wins where both have a document

Options of import-kazoo:
  --apply                    write; without it only a report is made
  --json                     the report for programs

Options of plan and apply: files are <account>/<config>.json and system/<config>.json, see docs/plan.md
  --prune                    what the files do not name goes, from the documents of those who have a folder
  --json                     the plan for programs
  --accounts <n>             so many accounts are listed of each impact; by default 10
  --out <file>               plan: write the plan for programs to this file as well
  --plan <file>              apply: only if this is still what would be done, or what is left of it
  --url <url>                apply: let the server there write; a token for it is taken from STRATA_TOKEN
  --note <text>              apply: why, kept with each revision
  plan exits with 0 where nothing is to be done, with 2 where something is, and with 1 where it cannot be

Options of check:
  --schemas <folder>         the folder to put in force; STRATA_SCHEMAS names the one that is
  --json                     the result for programs
  --accounts <n>             so many accounts are listed of each config; by default 10
  check exits with 0 where nothing breaks, with 2 where something does, and with 1 where it cannot be told

Options of prune:
  --account <id>             whose documents
  --config <id>              only those of this config
  --below                    those of the accounts below it as well
  --apply                    drop them, with one commit for each document; without it they are only listed

Options of audit:
  --follow                   go on with what is done from now on
  --account <id>             only what was done to this account and its documents
  --since <time>             only since then: 2h, 7d, or 2026-11-29T14:00:00Z
  --after <cursor>           only what came after this entry

Options of manifest:
  --config <id>              of this config alone

Options of token:
  --account <id>             act for this account and those below it
  --superadmin               act on everything
  --read-only                write nothing
  --subject <name>           who it is for; by default you
  --expires <time>           15m, 1h, 7d; by default 1h
  --open                     print a link that opens the console with it
  --url <url>                where the server is, for --open: https://strata.example; by default this machine

export, diff, import, import-kazoo, plan, apply, check, prune, audit and accept take the store from STRATA_STORE, or from --store <url>, e.g. --store lmdb:./data
More about backups: docs/backup.md. About moving in from KAZOO: docs/migrate-from-kazoo.md
`;

const FAILED = 1;
const MISUSED = 2;

/** The environment of a command: its settings, and where it writes. */
export interface CliContext {
  readonly env: Readonly<NodeJS.ProcessEnv>;
  readonly stdout: NodeJS.WritableStream & Pick<Terminal, "isTTY">;
  readonly stderr: Terminal;
}

/** A number that it returns is the exit code. */
type Command = (args: readonly string[], context: CliContext) => Promise<unknown>;

/** Each command loads its own modules only: `strata help` does without the server and the stores. */
const COMMANDS: Readonly<Record<string, Command>> = {
  start,
  export: runExport,
  diff: runDiff,
  import: runImport,
  "import-kazoo": runImportKazoo,
  plan: runPlan,
  apply: runApply,
  check: runCheck,
  prune: runPrune,
  audit: runAudit,
  manifest: runManifest,
  types: runTypes,
  token: runToken,
  accept: runAccept,
  help,
  "--help": help,
  "-h": help,
  "--version": async (_args, { stdout }) => stdout.write(`${version()}\n`),
};

/** Their exit code 2 says something else than that they were misused. */
const TELLING: ReadonlySet<string> = new Set(["plan", "check"]);

/**
 * Runs one command line; a failure becomes one line on `stderr`.
 * @param args without the program's name
 * @returns the exit code: 0, 1 for a failure, 2 for a command line that cannot be understood; of `plan` and `check` as those have it
 */
export async function runCli(args: readonly string[], context: CliContext): Promise<number> {
  const [name = "start", ...rest] = args;
  try {
    const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
    if (command === undefined) throw new UsageError(`There is no command ${named(name)}.`);
    const isHelpWanted = rest.some((arg) => arg === "--help" || arg === "-h");
    const code = await (isHelpWanted ? help : command)(rest, context);
    return typeof code === "number" ? code : 0;
  } catch (error) {
    const isMisused = error instanceof UsageError;
    const hint = isMisused ? " strata help says what there is." : "";
    const message = error instanceof Error ? error.message : String(error);
    context.stderr.write(
      `${isStoreGiven(rest) ? message.replaceAll("STRATA_STORE", "--store") : message}${hint}\n`,
    );
    return isMisused && !TELLING.has(name) ? MISUSED : FAILED;
  }
}

/** Whether the store came by its option: messages about it then name the option, not the setting that says the same. */
function isStoreGiven(args: readonly string[]): boolean {
  return args.some((arg) => /^--store(=|$)/.test(arg));
}

async function help(_args: readonly string[], { stdout }: CliContext): Promise<void> {
  stdout.write(HELP);
}

/** The server reads its settings from the environment alone, and reports itself what is wrong with them. */
async function start(args: readonly string[]): Promise<void> {
  if (args.length > 0) throw new UsageError("start takes nothing: its settings are environment variables.");
  await import("../main.js");
}

async function runExport(args: readonly string[], { env, stdout, stderr }: CliContext): Promise<void> {
  const [{ exportCommand }, { openArchiveSource }] = await Promise.all([
    import("../command/export-command.js"),
    import("./open-archive.js"),
  ]);
  await exportCommand(args, { openSource: (store) => openArchiveSource(env, store), stdout, stderr });
}

async function runDiff(args: readonly string[], { env, stdout }: CliContext): Promise<void> {
  const [{ diffCommand }, { diffStore }] = await Promise.all([
    import("../command/diff-command.js"),
    import("./open-diff.js"),
  ]);
  const now = () => new Date();
  await diffCommand(args, { diff: (store, wanted) => diffStore(env, store, wanted), now, stdout });
}

async function runImport(args: readonly string[], { env, stderr }: CliContext): Promise<void> {
  const [{ importCommand }, { openArchivedStore, openArchiveTarget }] = await Promise.all([
    import("../command/import-command.js"),
    import("./open-archive.js"),
  ]);
  await importCommand(args, {
    openTarget: (store) => openArchiveTarget(env, store),
    openStore: (store) => openArchivedStore(env, store),
    stderr,
  });
}

async function runImportKazoo(args: readonly string[], { env, stdout, stderr }: CliContext): Promise<void> {
  const [{ importKazooCommand }, { openKazooImport }] = await Promise.all([
    import("../command/import-kazoo-command.js"),
    import("./open-kazoo-import.js"),
  ]);
  await importKazooCommand(args, {
    open: (store, apply, found) => openKazooImport(env, store, apply, found),
    stdout,
    stderr,
  });
}

async function runPlan(args: readonly string[], { env, stdout, stderr }: CliContext): Promise<number> {
  const [{ planCommand }, { openPlan }] = await Promise.all([
    import("../command/plan-command.js"),
    import("./open-plan.js"),
  ]);
  return planCommand(args, { open: (store) => openPlan(env, store), stdout, stderr });
}

async function runApply(args: readonly string[], { env, stdout, stderr }: CliContext): Promise<number> {
  const [{ applyCommand }, { openApply }] = await Promise.all([
    import("../command/apply-command.js"),
    import("./open-plan.js"),
  ]);
  const open = (store: string | undefined, gateway: string | undefined) => openApply(env, store, gateway);
  return applyCommand(args, { open, stdout, stderr });
}

async function runCheck(args: readonly string[], { env, stdout, stderr }: CliContext): Promise<number> {
  const [{ checkCommand }, { openCheck }] = await Promise.all([
    import("../command/check-command.js"),
    import("./open-check.js"),
  ]);
  const open = (store: string | undefined, schemas: string) => openCheck(env, store, schemas);
  return checkCommand(args, { open, stdout, stderr });
}

async function runPrune(args: readonly string[], { env, stdout, stderr }: CliContext): Promise<void> {
  const [{ pruneCommand }, { openPrune }] = await Promise.all([
    import("../command/prune-command.js"),
    import("./open-prune.js"),
  ]);
  await pruneCommand(args, { open: (store, apply) => openPrune(env, store, apply), stdout, stderr });
}

async function runAudit(args: readonly string[], { env, stdout, stderr }: CliContext): Promise<void> {
  const [{ auditCommand }, { openArchiveSource }] = await Promise.all([
    import("../command/audit-command.js"),
    import("./open-archive.js"),
  ]);
  await auditCommand(args, {
    openSource: (store) => openArchiveSource(env, store),
    now: () => new Date(),
    stdout,
    stderr,
  });
}

async function runManifest(args: readonly string[], { env, stdout }: CliContext): Promise<void> {
  const [{ manifestCommand }, { readManifest }] = await Promise.all([
    import("../command/manifest-command.js"),
    import("./print-schemas.js"),
  ]);
  await manifestCommand(args, { manifest: (configId) => readManifest(env, configId), stdout });
}

async function runTypes(args: readonly string[], { env, stdout }: CliContext): Promise<void> {
  const [{ typesCommand }, { readTypes }] = await Promise.all([
    import("../command/types-command.js"),
    import("./print-schemas.js"),
  ]);
  await typesCommand(args, { types: () => readTypes(env), stdout });
}

async function runToken(args: readonly string[], { env, stdout }: CliContext): Promise<void> {
  const [{ tokenCommand }, { readSettings }] = await Promise.all([
    import("../command/token-command.js"),
    import("../env.js"),
  ]);
  await tokenCommand(args, {
    access: () => readSettings(env).access,
    address: () => readSettings(env),
    user: env.USER || "operator",
    now: () => new Date(),
    stdout,
  });
}

async function runAccept(args: readonly string[], { env, stderr }: CliContext): Promise<void> {
  const [{ acceptCommand }, { acceptStore }] = await Promise.all([
    import("../command/accept-command.js"),
    import("./open-archive.js"),
  ]);
  await acceptCommand(args, { accept: (store) => acceptStore(env, store), stderr });
}

function version(): string {
  const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  return version;
}
