import { parseArgs } from "node:util";
import { CONTENDERS, type ContenderName } from "./contenders.js";
import type { Measurements } from "./measurements.js";
import { MEMORY, ROWS, type Row } from "./rows.js";
import type { BatchForm } from "./workload/queries.js";

export const HELP = `Usage: npm run bench -- [options]

  --quick             under 90 seconds: shorter rounds, smaller stores; for a look, not for quoting
  --only <names>      some rows or contenders, separated by commas
  --batch <form>      100 configs as "aliases" of config, or as a "list" of accounts; by default aliases
  --json <file>       write everything that was measured there, "-" for standard output instead of the tables
  --help              show this

Rows: ${[...ROWS.map(({ id }) => id), MEMORY.id].join(", ")}
Contenders: ${Object.keys(CONTENDERS).join(", ")}
`;

export interface Options {
  readonly quick: boolean;
  readonly only: ReadonlySet<string> | undefined;
  readonly batch: BatchForm;
  readonly json: string | undefined;
  readonly help: boolean;
}

/** @throws Error that says what is wrong with the command line */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: "boolean", default: false },
      only: { type: "string" },
      batch: { type: "string", default: "aliases" },
      json: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  const { batch } = values;
  if (batch !== "aliases" && batch !== "list") throw new Error('--batch is "aliases" or "list".');
  const only = values.only === undefined ? undefined : new Set(values.only.split(","));
  const known = new Set([...ROWS.map(({ id }) => id), MEMORY.id, ...Object.keys(CONTENDERS)]);
  for (const name of only ?? [])
    if (!known.has(name)) throw new Error(`There is no row or contender "${name}".\n\n${HELP}`);
  return { quick: values.quick, only, batch, json: values.json, help: values.help };
}

/** A row is wanted by its name, or by that of a contender in it. */
export function wantedRows({ only }: Options, measurements: Measurements): readonly Row[] {
  if (only === undefined) return ROWS;
  return ROWS.filter(
    ({ id, top, bottom }) =>
      only.has(id) || contendersOf([top, bottom], measurements).some((name) => only.has(name)),
  );
}

export function contendersOf(names: Iterable<string>, measurements: Measurements): ContenderName[] {
  const found = [...names].flatMap((name) => measurements[name]?.contender ?? []);
  return [...new Set(found)];
}
