import { resolve } from "node:path";
import { exportStore } from "../archive/export-store.js";
import type { ExportSummary, Sink } from "../archive/export-writer.js";
import { createProgress, grouped, megabytes, type Terminal } from "../archive/progress.js";
import { writeWhole } from "../archive/whole-file.js";
import { StrataError } from "../domain/errors.js";
import type { ArchiveSource } from "../store/archive.js";
import { readOptions, UsageError } from "./command-options.js";
import { COMMAND_TABLE } from "./command-table.js";

type Output = NodeJS.WritableStream & Pick<Terminal, "isTTY">;

export interface ExportContext {
  /** Opens the store to copy from; absent: the one that the service would use. */
  readonly openSource: (store: string | undefined) => Promise<ArchiveSource>;
  readonly stdout: Output;
  readonly stderr: Terminal;
}

/**
 * `export [--to <file>] [--store <url>] [--force]`
 * @throws UsageError when it is not given like that; StrataError when it cannot be done
 */
export async function exportCommand(args: readonly string[], context: ExportContext): Promise<void> {
  const options = readOptions(args, COMMAND_TABLE.export.options);
  if (options.operands.length > 0) throw new UsageError("An export goes to a file with --to <file>.");
  const to = options.value("to");
  const source = await context.openSource(options.value("store"));
  try {
    const summary =
      to === undefined || to === "-"
        ? await copy(source, context, sinkTo(context.stdout))
        : await untilInterrupted((signal) =>
            writeWhole(resolve(to), options.isSet("force"), (sink) => copy(source, context, sink, signal)),
          );
    context.stderr.write(report(summary));
  } finally {
    await source.close();
  }
}

async function copy(
  source: ArchiveSource,
  { stdout, stderr }: ExportContext,
  sink: Sink,
  signal?: AbortSignal,
): Promise<ExportSummary> {
  const isShared = signal === undefined && stdout.isTTY;
  const progress = createProgress(isShared ? { write: () => {} } : stderr);
  try {
    return await exportStore(source, sink, {
      now: () => new Date(),
      onProgress: ({ accounts, writes, bytes }) =>
        progress.show(() => `${grouped(accounts)} accounts, ${grouped(writes)} writes, ${megabytes(bytes)}`),
      ...(signal && { signal }),
    });
  } finally {
    progress.clear();
  }
}

function sinkTo(stdout: Output): Sink {
  // The call that failed tells.
  stdout.on("error", () => {});
  return (bytes) =>
    new Promise((resolve, reject) => {
      stdout.write(bytes, (error) => (error ? reject(unwritable(error)) : resolve()));
    });
}

function unwritable(error: Error): StrataError {
  return new StrataError("BAD_USER_INPUT", `The output cannot be written: ${error.message}.`, {
    cause: error,
  });
}

/** The first signal ends the export and removes the unfinished file; the second ends the process at once. */
async function untilInterrupted<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const interrupt = () => controller.abort(new StrataError("BAD_USER_INPUT", "The export was interrupted."));
  process.once("SIGINT", interrupt).once("SIGTERM", interrupt);
  try {
    return await work(controller.signal);
  } finally {
    process.off("SIGINT", interrupt).off("SIGTERM", interrupt);
  }
}

function report({ accounts, writes, bytes, sequence, sha256 }: ExportSummary): string {
  return (
    `Exported ${grouped(accounts)} accounts and ${grouped(writes)} writes (${megabytes(bytes)}) as of commit ` +
    `${sequence}, SHA-256 ${sha256}\n`
  );
}
