import { setTimeout as pause } from "node:timers/promises";
import type { Terminal } from "../archive/progress.js";
import { parseDuration } from "../domain/duration.js";
import { StrataError } from "../domain/errors.js";
import { isId } from "../domain/id.js";
import type { ArchiveSource } from "../store/archive.js";
import { AccountLives, lifeAt, recordAt } from "../store/audit/account-lives.js";
import { accountIdOf, auditEntry, parseAuditCursor } from "../store/audit/audit-entry.js";
import { type Change, sequenceOfChange } from "../store/store.js";
import { readOptions, UsageError } from "./command-options.js";
import { COMMAND_TABLE } from "./command-table.js";

export interface AuditContext {
  /** Opens the store to read from; absent: the one that the service would use. */
  readonly openSource: (store: string | undefined) => Promise<ArchiveSource>;
  readonly now: () => Date;
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: Terminal;
  /** Ends it, as SIGINT and SIGTERM do. */
  readonly signal?: AbortSignal;
}

interface Wanted {
  readonly account: string | undefined;
  /** The cursor's sequence behind which to go on. */
  readonly after: number | undefined;
  /** RFC 3339, UTC. */
  readonly since: string | undefined;
  readonly follow: boolean;
}

const CHANGES_AT_ONCE = 500;
const LOOK_EVERY_MS = 500;

/**
 * `audit [--follow] [--account <id>] [--since <time>] [--after <cursor>] [--json] [--store <url>]`: the audit log as lines of JSON,
 * oldest first. It ends with the log, or, following it, when it is told to or nobody reads it any more.
 * @throws UsageError when it is not given like that; StrataError when it cannot be done
 */
export async function auditCommand(args: readonly string[], context: AuditContext): Promise<void> {
  const options = readOptions(args, COMMAND_TABLE.audit.options);
  if (options.operands.length > 0) throw new UsageError("audit takes options alone.");
  const wanted: Wanted = {
    account: accountIn(options.value("account")),
    after: sequenceIn(options.value("after")),
    since: timeIn(options.value("since"), context.now()),
    follow: options.isSet("follow"),
  };
  const source = await context.openSource(options.value("store"));
  try {
    await untilEnded(context, (output) => new AuditTail(source, wanted, context.stderr, output).run());
  } finally {
    await source.close();
  }
}

interface Output {
  readonly signal: AbortSignal;
  /** False: nobody reads any more. */
  readonly write: (text: string) => Promise<boolean>;
}

class AuditTail {
  #after = 0;
  #isLost = false;

  constructor(
    private readonly source: ArchiveSource,
    private readonly wanted: Wanted,
    private readonly stderr: Terminal,
    private readonly output: Output,
  ) {}

  async run(): Promise<void> {
    const { after, since, follow } = this.wanted;
    this.#after = after ?? (await this.#firstSince(since ?? ""));
    while (!this.output.signal.aborted) {
      const isThrough = await this.#step();
      if (isThrough === undefined || (isThrough && !follow)) return;
      if (isThrough) await pause(LOOK_EVERY_MS, undefined, { signal: this.output.signal }).catch(() => {});
    }
  }

  /** @returns whether all that there is has been told; undefined: nobody reads any more */
  async #step(): Promise<boolean | undefined> {
    try {
      const { changes, sequence } = await this.source.changes(this.#after, CHANGES_AT_ONCE);
      if (sequence < this.#after) throw replaced();
      this.#isLost = false;
      if (changes === undefined) {
        this.stderr.write("Some of the log is no longer kept: it goes on with the oldest entry that is.\n");
        this.#after = await this.#firstSince("");
        return false;
      }
      const lines = await this.#lines(changes);
      if (lines !== "" && !(await this.output.write(lines))) return undefined;
      const last = changes.at(-1);
      if (last !== undefined) this.#after = sequenceOfChange(last);
      return changes.length < CHANGES_AT_ONCE;
    } catch (error) {
      if (!this.wanted.follow || !(error instanceof StrataError) || error.code !== "STORE_UNAVAILABLE")
        throw error;
      if (!this.#isLost) this.stderr.write(`${error.message} The log is followed further once it can be.\n`);
      this.#isLost = true;
      return true;
    }
  }

  async #lines(changes: readonly Change[]): Promise<string> {
    const { account, since = "" } = this.wanted;
    const lives = new AccountLives((id, after, limit) => this.source.accountHistory(id, after, limit));
    let lines = "";
    for (const change of changes) {
      const id = accountIdOf(change);
      if (change.at < since || (account !== undefined && id !== account)) continue;
      const sequence = sequenceOfChange(change);
      const life = id === undefined ? undefined : lifeAt(await lives.of(id), sequence);
      const entry = auditEntry(change, life && recordAt(life, sequence)?.name);
      lines += `${JSON.stringify(entry, (_, value) => value ?? null)}\n`;
    }
    return lines;
  }

  /** The sequence behind which the kept log begins, or the part of it since a time: both only grow. */
  async #firstSince(time: string): Promise<number> {
    let [low, high] = [0, (await this.source.position()).sequence];
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const { changes } = await this.source.changes(middle, 1);
      const [first] = changes ?? [];
      if (first !== undefined && first.at >= time) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

/** Ends without an error at SIGINT and SIGTERM, and where whoever reads the output has gone. */
async function untilEnded(
  { stdout, signal }: AuditContext,
  run: (output: Output) => Promise<void>,
): Promise<void> {
  const controller = new AbortController();
  const end = () => controller.abort();
  const write = (text: string) =>
    new Promise<boolean>((resolve, reject) => {
      stdout.write(text, (error) => {
        if (error == null) resolve(true);
        else if ((error as NodeJS.ErrnoException).code === "EPIPE") resolve(false);
        else reject(error);
      });
    });
  // The write that failed tells; between two of them a reader can go, too.
  stdout.on("error", end);
  process.once("SIGINT", end).once("SIGTERM", end);
  signal?.addEventListener("abort", end);
  try {
    await run({ signal: controller.signal, write });
  } finally {
    process.off("SIGINT", end).off("SIGTERM", end);
    signal?.removeEventListener("abort", end);
  }
}

function accountIn(text: string | undefined): string | undefined {
  if (text === undefined || isId(text)) return text;
  throw new UsageError("--account takes the id of an account.");
}

function sequenceIn(cursor: string | undefined): number | undefined {
  const sequence = cursor === undefined ? undefined : parseAuditCursor(cursor);
  if (cursor !== undefined && sequence === undefined)
    throw new UsageError("--after takes the cursor of an entry of the log.");
  return sequence;
}

const DATE = /^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?$/;

function timeIn(text: string | undefined, now: Date): string | undefined {
  if (text === undefined) return undefined;
  const seconds = parseDuration(text);
  if (seconds !== undefined) return new Date(now.getTime() - seconds * 1_000).toISOString();
  if (DATE.test(text) && !Number.isNaN(Date.parse(text))) return new Date(text).toISOString();
  throw new UsageError(
    "--since takes how long ago, such as 2h or 7d, or a time such as 2026-11-29T14:00:00Z.",
  );
}

function replaced(): StrataError {
  return new StrataError(
    "BAD_USER_INPUT",
    "The store is another one by now: it has seen fewer commits than this cursor says. Begin without --after.",
  );
}
