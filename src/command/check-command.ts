import { createProgress, grouped, type Terminal } from "../archive/progress.js";
import { IMPACT_OUTCOMES } from "../domain/change/impact.js";
import type { CheckedAccount, CheckedConfig } from "../service/check/check-config.js";
import { breaksSomething, checkSchemas, type SchemaCheck } from "../service/check/check-schemas.js";
import { readOptions, UsageError } from "./command-options.js";
import { COMMAND_TABLE } from "./command-table.js";
import { accountsIn } from "./plan-command.js";
import { changeText, plainChange, plainProblem, problemText, shown } from "./plan-report.js";

type Given = Parameters<typeof checkSchemas>;

/** What is compared: the store, the schemas in force, and others. */
export interface OpenedCheck {
  readonly reads: Given[0];
  readonly inForce: Given[1];
  readonly next: Given[2];
  close(): Promise<void>;
}

export interface CheckContext {
  /** Opens the store (absent: the one that the service would use), and loads the folder that is to be put in force. */
  readonly open: (store: string | undefined, schemas: string) => Promise<OpenedCheck>;
  readonly stdout: Pick<NodeJS.WritableStream, "write">;
  readonly stderr: Terminal;
}

const [FINE, BREAKS] = [0, 2];

/**
 * `check --schemas <folder> [--json] [--accounts <n>] [--store <url>]`: tells what a schema folder would do to what is stored, before
 * it is put in force: which configs would have problems that they do not have, lose some, or get other values.
 * @returns the exit code: 0 nothing breaks, 2 something does
 * @throws UsageError when it is not given like that; Error or StrataError when it cannot be told
 */
export async function checkCommand(
  args: readonly string[],
  { open, stdout, stderr }: CheckContext,
): Promise<number> {
  const options = readOptions(args, COMMAND_TABLE.check.options);
  const schemas = options.value("schemas");
  if (schemas === undefined || options.operands.length > 0)
    throw new UsageError("A check needs --schemas <folder>, and takes options alone.");
  const accounts = accountsIn(options);
  const opened = await open(options.value("store"), schemas);
  const progress = createProgress(stderr);
  let [looked, config] = [0, ""];
  try {
    const check = await checkSchemas(opened.reads, opened.inForce, opened.next, {
      accounts,
      onConfig: (configId) => {
        [looked, config] = [0, configId];
      },
      onLooked: (more) => {
        looked += more;
        progress.show(() => `Checking ${config}: ${grouped(looked)} accounts`);
      },
    });
    progress.clear();
    const text = options.isSet("json") ? `${JSON.stringify(checkJson(check), null, 2)}\n` : checkText(check);
    stdout.write(text);
    return breaksSomething(check) ? BREAKS : FINE;
  } finally {
    progress.clear();
    await opened.close();
  }
}

function checkJson(check: SchemaCheck): object {
  const { configs, lost, problems } = check;
  return {
    breaks: breaksSomething(check),
    configs: configs.map(({ configId, schema, system, accounts, documents, counts, listed }) => ({
      configId,
      schema,
      system: plainEffect(system),
      accounts: {
        total: accounts,
        documents,
        counts: IMPACT_OUTCOMES.map((outcome) => ({ outcome, count: counts[outcome] })),
        listed: listed.map(({ id, hasDocument, ...effect }) => ({ id, hasDocument, ...plainEffect(effect) })),
      },
    })),
    lost,
    problems,
  };
}

function plainEffect({ outcome, changes, problems }: CheckedConfig["system"]): object {
  return { outcome, changes: changes.map(plainChange), problems: problems.map(plainProblem) };
}

function checkText(check: SchemaCheck): string {
  const { configs, problems } = check;
  const faults = problems.map(
    ({ file, pointer, reason, consequence }) =>
      `${file}\n  ${consequence}: ${pointer === "" ? "" : `${shown(pointer)}: `}${reason}\n`,
  );
  return [...configs.map(configText), ...faults, summary(check)].join("\n");
}

function summary(check: SchemaCheck): string {
  const { configs, lost } = check;
  if (configs.length === 0 && !breaksSomething(check)) return "No schema of a config is another.\n";
  const sum = configs.reduce((all, { counts }) => all + counts.BROKEN, 0);
  const refused = lost.length === 0 ? "" : " A server that runs would go on with the schemas that it has.";
  if (!breaksSomething(check)) return "Nothing breaks.\n";
  return `This breaks what is stored: ${grouped(sum)} config${sum === 1 ? "" : "s"} of accounts get problems.${refused}\n`;
}

const TITLES: Readonly<Record<CheckedConfig["schema"], string>> = {
  added: "a new config",
  removed: "no longer served: what is stored of it is out of force",
  changed: "changed",
  system: "changed; no config of accounts",
};

function configText({
  configId,
  schema,
  system,
  accounts,
  documents,
  counts,
  listed,
}: CheckedConfig): string {
  const told = IMPACT_OUTCOMES.filter((outcome) => counts[outcome] > 0);
  const sums = told.map((outcome) => `${grouped(counts[outcome])} ${outcome}`).join(", ");
  const more = IMPACT_OUTCOMES.slice(0, -2).reduce((sum, outcome) => sum + counts[outcome], -listed.length);
  return [
    `${configId}: ${TITLES[schema]}\n`,
    ...(system.outcome === "UNAFFECTED" ? [] : [effectText("the system layer", system)]),
    ...(accounts === 0
      ? []
      : [`  ${grouped(accounts)} accounts, ${grouped(documents)} with a document: ${sums}\n`]),
    ...listed.map((account) => effectText(nameOf(account), account)),
    ...(more > 0 ? [`    and ${grouped(more)} more\n`] : []),
  ].join("");
}

function nameOf({ id, hasDocument }: CheckedAccount): string {
  return hasDocument ? `${id} (has a document)` : id;
}

function effectText(name: string, { outcome, changes, problems }: CheckedConfig["system"]): string {
  const lines = [...changes.map(changeText), ...problems.map(problemText)];
  return [`    ${outcome} ${name}\n`, ...lines.map((line) => `      ${line}\n`)].join("");
}
