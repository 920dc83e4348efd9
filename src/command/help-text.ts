import { COMMAND_TABLE, type CommandEntry, type CommandOption } from "./command-table.js";

/** Where the second column begins. */
const COLUMN = 27;

/** All commands, in a line each. */
export function helpText(): string {
  const entries: [string, CommandEntry][] = Object.entries(COMMAND_TABLE);
  return [
    "Usage: strata [command]\n\n",
    ...entries.map(([name, entry]) => row(`${name} ${operandsOf(entry)}`, entry.summary)),
    row("help, --help", "show this; strata <command> --help shows the options of one"),
    row("--version", "show the version"),
    ...entries.map(([name, { options }]) =>
      Object.keys(options).length === 0 ? "" : `\nOptions of ${name}:\n${optionsText(options)}`,
    ),
    "\nMore about backups: docs/backup.md. About moving in from KAZOO: docs/migrate-from-kazoo.md\n",
  ].join("");
}

/** One command with its options and what counts without them; undefined: there is none of that name. */
export function commandHelp(name: string): string | undefined {
  if (!Object.hasOwn(COMMAND_TABLE, name)) return undefined;
  const entry: CommandEntry = COMMAND_TABLE[name as keyof typeof COMMAND_TABLE];
  const { summary, options, notes = [] } = entry;
  const hasOptions = Object.keys(options).length > 0;
  return [
    `Usage: strata ${[name, ...words(entry.operands), ...(hasOptions ? ["[options]"] : [])].join(" ")}\n\n`,
    `  ${summary}\n`,
    hasOptions ? `\nOptions:\n${optionsText(options)}` : "",
    notes.length > 0 ? `\n${notes.join("\n")}\n` : "",
    "\nstrata help shows all commands.\n",
  ].join("");
}

function words(operands: string | undefined): string[] {
  return operands === undefined ? [] : [operands];
}

/** Of options that are always needed, the one that tells most. */
function operandsOf({ operands, options }: CommandEntry): string {
  return operands ?? (options.schemas ? "--schemas <folder>" : "");
}

function optionsText(options: Readonly<Record<string, CommandOption>>): string {
  return Object.entries(options)
    .map(([name, { value, help, standard }]) =>
      row(
        `--${name}${value === undefined ? "" : ` <${value}>`}`,
        `${help}${standard === undefined ? "" : `; by default ${standard}`}`,
      ),
    )
    .join("");
}

function row(left: string, right: string): string {
  return `  ${left.trim().padEnd(COLUMN - 1)} ${right}\n`;
}
