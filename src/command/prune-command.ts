import { createProgress, grouped, type Terminal } from "../archive/progress.js";
import type { KeptBecause } from "../domain/write/redundant.js";
import { type PrunedDocument, type PruneTarget, prune } from "../service/prune.js";
import { readOptions, UsageError } from "./command-options.js";
import { COMMAND_TABLE } from "./command-table.js";

export interface PruneContext {
  /** Opens the store; absent: the one that the service would use. */
  readonly open: (
    store: string | undefined,
    apply: boolean,
  ) => Promise<PruneTarget & { close(): Promise<void> }>;
  readonly stdout: Pick<NodeJS.WritableStream, "write">;
  readonly stderr: Terminal;
}

/**
 * `prune --account <id> [--config <id>] [--below] [--apply] [--json] [--store <url>]`: lists the overrides that are equal to what would
 * be inherited and not pinned, and with `--apply` drops them.
 * @throws UsageError when it is not given like that; StrataError when it cannot be done
 */
export async function pruneCommand(
  args: readonly string[],
  { open, stdout, stderr }: PruneContext,
): Promise<void> {
  const options = readOptions(args, COMMAND_TABLE.prune.options);
  const accountId = options.value("account");
  if (accountId === undefined || options.operands.length > 0)
    throw new UsageError("A prune needs --account <id>, and takes options alone.");
  const apply = options.isSet("apply");
  const wanted = { accountId, configId: options.value("config"), below: options.isSet("below") };
  const progress = createProgress(stderr);
  const target = await open(options.value("store"), apply);
  const counts = { dropped: 0, documents: 0, kept: 0 };
  const isJson = options.isSet("json");
  const listed: PrunedDocument[] = [];
  try {
    const onLooked = (accounts: number) =>
      progress.show(() => `${apply ? "Pruning" : "Looking"}: ${grouped(accounts)} accounts`);
    for await (const document of prune(target, wanted, onLooked)) {
      progress.clear();
      if (isJson) listed.push(document);
      else stdout.write(textOf(document));
      counts.dropped += document.dropped.length;
      counts.kept += document.kept.length;
      if (document.dropped.length > 0) counts.documents++;
    }
    progress.clear();
    stdout.write(isJson ? jsonOf(listed, apply) : summary(counts, apply));
  } finally {
    progress.clear();
    await target.close();
  }
}

/** What was found, for programs; an override is kept for a reason. What is absent is null, as over GraphQL. */
function jsonOf(documents: readonly PrunedDocument[], applied: boolean): string {
  const plain = documents.map(({ accountId, configId, dropped, kept, revision }) => ({
    ...{ accountId, configId, dropped, kept, revision: revision ?? null },
  }));
  return `${JSON.stringify({ applied, documents: plain }, null, 2)}\n`;
}

const REASONS: Readonly<Record<KeptBecause, string>> = {
  inherited: "kept: accounts below inherit it from here",
  bounds: "kept: bounds judge it together with its neighbours",
};

function textOf({ accountId, configId, dropped, kept, revision }: PrunedDocument): string {
  const title = `${accountId}/${configId}${revision === undefined ? "" : ` (revision ${revision})`}\n`;
  const lines = [
    ...dropped.map((pointer) => `  ${JSON.stringify(pointer)}\n`),
    ...kept.map(({ pointer, because }) => `  ${JSON.stringify(pointer)}  ${REASONS[because]}\n`),
  ];
  return title + lines.join("");
}

function summary(
  { dropped, documents, kept }: { dropped: number; documents: number; kept: number },
  apply: boolean,
): string {
  if (dropped === 0) return `Nothing to prune${kept === 0 ? "" : `: ${grouped(kept)} are kept`}.\n`;
  const found = `${grouped(dropped)} redundant override${dropped === 1 ? "" : "s"} in ${grouped(documents)} document${documents === 1 ? "" : "s"}`;
  return apply ? `${found}: dropped.\n` : `${found}. Nothing was written: --apply drops them.\n`;
}
