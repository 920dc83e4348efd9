import { readOptions, UsageError } from "./command-options.js";

export interface TypesContext {
  readonly types: () => string;
  readonly stdout: Pick<NodeJS.WritableStream, "write">;
}

/** `types`: prints TypeScript types of all configs that accounts have. @throws UsageError when it is not given like that */
export async function typesCommand(args: readonly string[], { types, stdout }: TypesContext): Promise<void> {
  if (readOptions(args, {}).operands.length > 0) throw new UsageError("types takes nothing.");
  stdout.write(types());
}
