import { readOptions, UsageError } from "./command-options.js";
import { COMMAND_TABLE } from "./command-table.js";

export interface TypesContext {
  readonly types: () => string;
  readonly stdout: Pick<NodeJS.WritableStream, "write">;
}

/** `types`: prints TypeScript types of all configs that accounts have. @throws UsageError when it is not given like that */
export async function typesCommand(args: readonly string[], { types, stdout }: TypesContext): Promise<void> {
  if (args.includes("--json"))
    throw new UsageError("Types are TypeScript. The settings as JSON are printed by strata manifest.");
  if (readOptions(args, COMMAND_TABLE.types.options).operands.length > 0)
    throw new UsageError("types takes nothing.");
  stdout.write(types());
}
