import { readFileSync } from "node:fs";
import type { Terminal } from "../archive/progress.js";
import { named, UsageError } from "../command/command-options.js";
import type { CommandName } from "../command/command-table.js";
import { commandHelp, helpText } from "../command/help-text.js";

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
const COMMANDS: Readonly<Record<CommandName, Command>> = {
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
};

const ABOUT: Readonly<Record<string, Command>> = {
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
    const known: Readonly<Record<string, Command>> = { ...COMMANDS, ...ABOUT };
    const command = Object.hasOwn(known, name) ? known[name] : undefined;
    if (command === undefined) throw new UsageError(`There is no command ${named(name)}.`);
    const isHelpWanted = rest.some((arg) => arg === "--help" || arg === "-h");
    const code = await (isHelpWanted ? help([name], context) : command(rest, context));
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

/** Of one command, or of all. */
async function help([name]: readonly string[], { stdout }: CliContext): Promise<void> {
  if (name === undefined || Object.hasOwn(ABOUT, name)) return void stdout.write(helpText());
  const text = commandHelp(name);
  if (text === undefined) throw new UsageError(`There is no command ${named(name)}.`);
  stdout.write(text);
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

async function runManifest(args: readonly string[], { env, stdout, stderr }: CliContext): Promise<void> {
  const [{ manifestCommand }, { readManifest }] = await Promise.all([
    import("../command/manifest-command.js"),
    import("./print-schemas.js"),
  ]);
  await manifestCommand(args, { manifest: (configId) => readManifest(env, configId, stderr), stdout });
}

async function runTypes(args: readonly string[], { env, stdout, stderr }: CliContext): Promise<void> {
  const [{ typesCommand }, { readTypes }] = await Promise.all([
    import("../command/types-command.js"),
    import("./print-schemas.js"),
  ]);
  await typesCommand(args, { types: () => readTypes(env, stderr), stdout });
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
