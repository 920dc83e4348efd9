import type { Terminal } from "../archive/progress.js";
import { readOptions, UsageError } from "./command-options.js";
import { COMMAND_TABLE } from "./command-table.js";

export interface AcceptContext {
  /** Accepts the store, absent: the one that the service would use; undefined: its kind never needs it. */
  readonly accept: (store: string | undefined) => Promise<string | undefined>;
  readonly stderr: Terminal;
}

/**
 * `accept [--store <url>]`: what a Redis holds now is the store, whatever gateways remember of another one.
 * @throws UsageError when it is not given like that; StrataError when it cannot be done
 */
export async function acceptCommand(
  args: readonly string[],
  { accept, stderr }: AcceptContext,
): Promise<void> {
  const options = readOptions(args, COMMAND_TABLE.accept.options);
  if (options.operands.length > 0) throw new UsageError("accept takes --store <url> alone.");
  const incarnation = await accept(options.value("store"));
  if (incarnation === undefined)
    throw new UsageError("Only a store in Redis can turn out to be another one than before.");
  stderr.write(
    `Accepted as it is, as incarnation ${incarnation}. Gateways take writes again within ten seconds.\n`,
  );
}
