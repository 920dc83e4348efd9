import { parseTime } from "../domain/clock.js";
import { parseDuration } from "../domain/duration.js";
import { StrataError } from "../domain/errors.js";
import { isId } from "../domain/id.js";
import type { AttributedChange } from "../service/read/attributed-changes.js";
import { readOptions, UsageError } from "./command-options.js";
import { COMMAND_TABLE } from "./command-table.js";

/** Which config, and between which moments, RFC 3339. */
export interface DiffWanted {
  readonly accountId: string | undefined;
  readonly configId: string;
  readonly since: string;
  readonly until: string;
}

export interface DiffContext {
  /** What differs; the store absent: the one that the service would use. */
  readonly diff: (store: string | undefined, wanted: DiffWanted) => Promise<readonly AttributedChange[]>;
  readonly now: () => Date;
  readonly stdout: Pick<NodeJS.WritableStream, "write">;
}

/**
 * `diff --config <id> --since <when> [--account <id>] [--until <when>] [--json] [--store <url>]`
 * @throws UsageError when it is not given like that; StrataError when it cannot be told
 */
export async function diffCommand(
  args: readonly string[],
  { diff, now, stdout }: DiffContext,
): Promise<void> {
  const options = readOptions(args, COMMAND_TABLE.diff.options);
  if (options.operands.length > 0) throw new UsageError("A diff takes options alone.");
  const [accountId, configId] = [options.value("account"), options.value("config") ?? "default"];
  if (accountId !== undefined && !isId(accountId)) throw new UsageError("The account is no account id.");
  if (!isId(configId)) throw new UsageError("The config is no config id.");
  const [since, until] = [options.value("since"), options.value("until")];
  if (since === undefined) throw new UsageError("A diff needs to know since when: --since 2h.");
  const wanted = {
    accountId,
    configId,
    since: momentOf("since", since, now()),
    until: until === undefined ? now().toISOString() : momentOf("until", until, now()),
  };
  const changes = await diff(options.value("store"), wanted).catch((error: unknown) => {
    throw missing(error, wanted);
  });
  stdout.write(
    options.isSet("json")
      ? `${JSON.stringify({ ...wanted, changes: changes.map(plain) }, null, 2)}\n`
      : textOf(wanted, changes),
  );
}

/** An account that was made between the two moments is missing at the first: the message names them. */
function missing(error: unknown, { accountId, since, until }: DiffWanted): unknown {
  if (!(error instanceof StrataError) || error.code !== "ACCOUNT_NOT_FOUND") return error;
  return new StrataError(
    error.code,
    `There was no account ${accountId} at ${since}, or there is none at ${until}. When it was made, ` +
      `\`strata audit --account ${accountId}\` tells.`,
  );
}

function momentOf(option: string, text: string, now: Date): string {
  const seconds = parseDuration(text);
  const moment =
    seconds === undefined ? parseTime(text) : new Date(now.getTime() - seconds * 1_000).toISOString();
  if (moment !== undefined) return moment;
  throw new UsageError(`The option --${option} takes a time such as 30m, 2h or 3d, or an RFC 3339 moment.`);
}

/** What is absent is null, as over GraphQL. */
function plain({ pointer, before, after, sourceBefore, sourceAfter, by }: AttributedChange): unknown {
  return {
    pointer,
    before: before ?? null,
    after: after ?? null,
    sourceBefore: sourceBefore ?? null,
    sourceAfter: sourceAfter ?? null,
    by: by === undefined ? null : { actor: by.by, at: by.at, revision: by.revision, note: by.note ?? null },
  };
}

function textOf(
  { accountId, configId, since, until }: DiffWanted,
  changes: readonly AttributedChange[],
): string {
  const whose = accountId === undefined ? `${configId}, system level` : `${configId} of ${accountId}`;
  if (changes.length === 0) return `Nothing differs in ${whose} between ${since} and ${until}.\n`;
  const title = `${changes.length === 1 ? "1 field differs" : `${changes.length} fields differ`} in ${whose} between ${since} and ${until}:\n`;
  return [title, ...changes.map(changeText)].join("\n");
}

function changeText({ pointer, before, after, sourceBefore, sourceAfter, by }: AttributedChange): string {
  const value = (json: AttributedChange["before"]) =>
    json === undefined ? "(absent)" : JSON.stringify(json);
  const source =
    sourceBefore === sourceAfter ? sourceAfter : `${sourceBefore ?? "none"} -> ${sourceAfter ?? "none"}`;
  const who =
    by === undefined
      ? "by a schema or an account's move"
      : `by ${JSON.stringify(by.by)} at ${by.at}, revision ${by.revision}`;
  const why = by?.note === undefined ? "" : `\n  note: ${JSON.stringify(by.note)}`;
  return `${pointer}\n  ${value(before)} -> ${value(after)}  (${source})\n  ${who}${why}\n`;
}
