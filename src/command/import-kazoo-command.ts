import { createProgress, type Progress, type Terminal } from "../archive/progress.js";
import { documentsIn } from "../kazoo-import/couch-documents.js";
import { importKazoo, type KazooImportTarget } from "../kazoo-import/import-kazoo.js";
import { reportText } from "../kazoo-import/import-report.js";
import { KazooDocuments } from "../kazoo-import/kazoo-documents.js";
import { readOptions, UsageError } from "./command-options.js";
import { COMMAND_TABLE } from "./command-table.js";

export interface ImportKazooContext {
  /** Opens the store to write into, or one to try it on; absent: the one that the service would use. */
  readonly open: (
    store: string | undefined,
    apply: boolean,
    found: KazooDocuments,
  ) => Promise<KazooImportTarget & { close(): Promise<void> }>;
  readonly stdout: Pick<NodeJS.WritableStream, "write">;
  readonly stderr: Terminal;
}

/**
 * `import-kazoo <folder> [--apply] [--json] [--store <url>]`: says what KAZOO's documents would become, and with
 * `--apply` makes it so.
 * @throws UsageError when it is not given like that; StrataError when it cannot be done
 */
export async function importKazooCommand(
  args: readonly string[],
  { open, stdout, stderr }: ImportKazooContext,
): Promise<void> {
  const options = readOptions(args, COMMAND_TABLE["import-kazoo"].options);
  const [folder, ...rest] = options.operands;
  if (folder === undefined || rest.length > 0)
    throw new UsageError("An import from KAZOO needs one folder of documents.");
  const progress = createProgress(stderr);
  try {
    const found = await read(folder, progress);
    const apply = options.isSet("apply");
    const target = await open(options.value("store"), apply, found);
    try {
      const report = await importKazoo(found, target, {
        applied: apply,
        onProgress: (done, all) =>
          progress.show(() => `${apply ? "Importing" : "Trying"}: ${Math.floor((100 * done) / all)} %`),
      });
      progress.clear();
      stdout.write(options.isSet("json") ? `${JSON.stringify(report, null, 2)}\n` : reportText(report));
    } finally {
      await target.close();
    }
  } finally {
    progress.clear();
  }
}

async function read(folder: string, progress: Progress): Promise<KazooDocuments> {
  const found = new KazooDocuments();
  let count = 0;
  for await (const document of documentsIn(folder)) {
    found.add(document);
    count++;
    progress.show(() => `Reading: ${count} documents`);
  }
  return found;
}
