import type { FlagManifest } from "../ofrep/manifest.js";
import { named, readOptions, UsageError } from "./command-options.js";
import { COMMAND_TABLE } from "./command-table.js";

export interface ManifestContext {
  /** The manifest of one config, absent: of all; undefined: accounts have no such config. */
  readonly manifest: (configId: string | undefined) => FlagManifest | undefined;
  readonly stdout: Pick<NodeJS.WritableStream, "write">;
}

/**
 * `manifest [--config <id>] [--json]`: prints the settings of all configs, or of one, as a flag manifest of the OpenFeature CLI.
 * @throws UsageError when it is not given like that, or there is no such config
 */
export async function manifestCommand(
  args: readonly string[],
  { manifest, stdout }: ManifestContext,
): Promise<void> {
  const options = readOptions(args, COMMAND_TABLE.manifest.options);
  if (options.operands.length > 0) throw new UsageError("manifest takes --config <id> alone.");
  const configId = options.value("config");
  const made = manifest(configId);
  if (made === undefined)
    throw new UsageError(
      `Accounts have no config ${named(configId ?? "")}: no account schema of it is served.`,
    );
  stdout.write(`${JSON.stringify(made, null, 2)}\n`);
}
