import { z } from "zod";
import { isBlameText } from "../domain/change/blame.js";
import { TOKENS_WAIT } from "../domain/clock.js";
import { StrataError } from "../domain/errors.js";
import { isId } from "../domain/id.js";
import { checkDocumentSize, checkJson, isEmpty, isObject, nullPointers } from "../domain/json/json.js";
import { hasVanishingNumber } from "../domain/json/vanishing-number.js";
import { storedNameTrouble, storedNoteTrouble, subjectTrouble } from "../domain/name.js";
import type { ArchivedAccount, ArchivedBlame } from "../store/archive.js";
import { joinedText } from "../store/document-text.js";
import { ACCOUNT_WRITE_KINDS, type Change, originOf, WRITE_KINDS } from "../store/store.js";
import { checkRules } from "./document-rules.js";
import {
  BLAME_START,
  BLAME_TEXT_START,
  CHANGE_START,
  CONFIG_START,
  DELETION_START,
  EXPORT_FORMAT,
  type ExportEnd,
  type ExportedItem,
  type ExportHeader,
  endLineRest,
  endLineStart,
  OVERRIDE_START,
  TRIM_START,
  WRITE_START,
} from "./export-format.js";

const id = z.string().refine(isId, "is no id");
const count = z.int().nonnegative();
/** Milliseconds by which the clock of the machine that was exported from may be ahead of this one's. */
const CLOCKS_WITHIN_MS = 60_000;
const FUTURE = "lies in the future: set the clock of this machine, or mend the time";
const time = z.iso.datetime().refine((text) => Date.parse(text) <= Date.now() + CLOCKS_WITHIN_MS, FUTURE);
/** Whoever creates an account anew under a deleted one's id gives it a second that is so many from now, at most. */
const tokensFrom = count.refine(
  (second) => (second - TOKENS_WAIT) * 1_000 <= Date.now() + CLOCKS_WITHIN_MS,
  FUTURE,
);
/** A text that the API takes there as well. */
const checked = (troubleOf: (text: string) => string | undefined) =>
  z.string().superRefine((text, context) => {
    const trouble = troubleOf(text);
    if (trouble !== undefined) context.addIssue(`${trouble}: give another one`);
  });
const version = z.strictObject({
  revision: z.int().positive(),
  sequence: z.int().positive(),
  nonce: z.string().regex(/^[\w-]{1,64}$/),
});
const HEADER = z.strictObject({
  strata: z.literal("export"),
  format: z.int().min(1).max(EXPORT_FORMAT),
  incarnation: z.string().min(1),
  from: count,
  at: time,
});
const schema = z.string().min(1).max(128).optional();
const note = checked(storedNoteTrouble).optional();
const account = z.strictObject({
  id,
  name: checked(storedNameTrouble),
  parentId: id.optional(),
  isReseller: z.boolean(),
  createdAt: time,
  tokensFrom: tokensFrom.optional(),
  version,
});
const ACCOUNT = z.strictObject({
  account,
  kind: z.enum(ACCOUNT_WRITE_KINDS).optional(),
  at: time.optional(),
  by: checked(subjectTrouble).optional(),
  schema,
  note,
});
const WRITE = z.strictObject({
  write: z.strictObject({
    accountId: id.optional(),
    configId: id,
    version,
    kind: z.enum(WRITE_KINDS),
    at: time,
    by: checked(subjectTrouble),
    schema,
    note,
    restoredFrom: z.int().positive().optional(),
    rules: z.string().optional(),
  }),
});
const origin = { at: time, by: checked(subjectTrouble), schema, note };
const CHANGE = z.strictObject({
  change: z.union([
    z.strictObject({ account, kind: z.enum(ACCOUNT_WRITE_KINDS), ...origin }),
    z.strictObject({ accountId: id.optional(), configId: id, version, kind: z.enum(WRITE_KINDS), ...origin }),
  ]),
});
const BLAME = z.strictObject({ blame: z.strictObject({ accountId: id.optional(), configId: id, version }) });
const TRIM = z.strictObject({
  trim: z.strictObject({ accountId: id.optional(), configId: id, revision: z.int().min(2) }),
});
const CONFIG = z.strictObject({ config: z.strictObject({ configId: id, sequence: z.int().positive() }) });
const DELETION = z.strictObject({ deletion: z.strictObject({ accountId: id, version }) });
const END = z.object({
  end: z.object({
    lines: count,
    sequence: count,
    dropped: count,
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
  }),
});

/** @throws StrataError BAD_USER_INPUT saying what it is instead */
export function parseHeader(line: string): ExportHeader {
  const header = z.object({ strata: z.literal("export"), format: z.int() }).safeParse(tryJson(line));
  if (!header.success) throw refusal("this is not an export of Strata's");
  const { format } = header.data;
  if (format > EXPORT_FORMAT)
    throw refusal(
      `a newer Strata wrote it: its format is ${format}, this release knows up to ${EXPORT_FORMAT}`,
    );
  const { incarnation, from, at } = parse(HEADER, line);
  return { incarnation, from, at };
}

/** @throws StrataError BAD_USER_INPUT saying what is wrong with it; nothing of an override's content is told */
export function parseItem(line: string): ExportedItem {
  if (line.startsWith(DELETION_START)) return { on: "deletion", ...parse(DELETION, line).deletion };
  if (line.startsWith(CONFIG_START)) return { on: "config", ...parse(CONFIG, line).config };
  if (line.startsWith(CHANGE_START)) return { on: "change", change: changeIn(parse(CHANGE, line).change) };
  if (line.startsWith(BLAME_START)) return parseBlameLine(line);
  if (line.startsWith(TRIM_START)) {
    const { accountId, configId, revision } = parse(TRIM, line).trim;
    return { on: "trim", key: { accountId, configId }, revision };
  }
  if (!line.startsWith(WRITE_START)) return parseAccount(line);
  const { rest, text: override } = splitAt(OVERRIDE_START, line);
  const { write } = parse(WRITE, rest);
  const { accountId, configId, version, kind, restoredFrom, rules } = write;
  if (override !== undefined) checkDocument(override, rules, line.slice(-2));
  else if (rules !== undefined) throw refusal("write.rules: a document that was removed has none");
  if ((restoredFrom !== undefined) !== (kind === "RESTORE") || (restoredFrom ?? 0) >= version.revision)
    throw refusal("write.restoredFrom: a RESTORE alone has it, and it is a revision before its own");
  const key = { accountId, configId };
  const restored = restoredFrom === undefined ? {} : { restoredFrom };
  const text = override && joinedText({ override, rules });
  return { on: "document", key, version, kind, ...originOf(write), ...restored, text };
}

/**
 * The members before a text hold no other quote of this kind: inside a string it has a backslash before it.
 * @returns the text, and the line without it
 */
function splitAt(start: string, line: string): { rest: string; text: string | undefined } {
  const at = line.indexOf(start);
  if (at < 0) return { rest: line, text: undefined };
  return { rest: `${line.slice(0, at)}}}`, text: line.slice(at + start.length, -2) };
}

function changeIn(given: z.infer<typeof CHANGE>["change"]): Change {
  if (!("account" in given)) {
    const { accountId, configId, version, kind } = given;
    return { on: "document", key: { accountId, configId }, version, kind, ...originOf(given) };
  }
  const { tokensFrom, ...record } = given.account;
  const found = { ...record, parentId: record.parentId, ...(tokensFrom !== undefined && { tokensFrom }) };
  return { on: "account", kind: given.kind, account: found, ...originOf(given) };
}

function parseBlameLine(line: string): ArchivedBlame {
  const { rest, text = "" } = splitAt(BLAME_TEXT_START, line);
  const { accountId, configId, version } = parse(BLAME, rest).blame;
  if (line.slice(-2) !== "}}" || !isBlameText(text)) throw refusal("its blame is not as Strata writes it");
  return { on: "blame", key: { accountId, configId }, version, text };
}

/** What made the record is told whole or not at all: an older release did not tell. */
function parseAccount(line: string): ArchivedAccount {
  const { account: given, kind, at, by, schema, note } = parse(ACCOUNT, line);
  const { tokensFrom, ...record } = given;
  const account = { ...record, parentId: given.parentId, ...(tokensFrom !== undefined && { tokensFrom }) };
  if (
    kind === undefined &&
    at === undefined &&
    by === undefined &&
    schema === undefined &&
    note === undefined
  )
    return { on: "account", account };
  if (kind === undefined || at === undefined || by === undefined)
    throw refusal("it has to say kind, at and by, or none of them");
  return { on: "account", account, kind, ...originOf({ at, by, schema, note }) };
}

/** @throws StrataError BAD_USER_INPUT */
export function parseEnd(line: string): ExportEnd {
  const { end } = parse(END, line);
  if (line !== endLineStart(end) + endLineRest(end.sha256))
    throw refusal("its members are not as they were written");
  return end;
}

/** What the door lets in, and nothing else: a file is a door as well. */
function checkDocument(text: string, rulesText: string | undefined, rest: string): void {
  if (rest !== "}}") throw refusal("it is not JSON");
  const override = checkJson(toJson(text));
  if (!isObject(override)) throw refusal("its override is not an object");
  const rules = rulesText === undefined ? undefined : checkRules(rulesText, override);
  if (isEmpty(override) && !rules?.constraints)
    throw refusal("its override is empty: leave it out, then the document is removed");
  const [pointer] = nullPointers(override);
  if (pointer !== undefined)
    throw refusal(`its override has null at ${JSON.stringify(pointer)}: leave the setting out to inherit it`);
  if (hasVanishingNumber(text))
    throw refusal("its override holds a number too small for a double: it would become 0");
  checkDocumentSize(override);
}

function parse<T>(shape: z.ZodType<T>, line: string): T {
  const parsed = shape.safeParse(toJson(line));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue?.path.join(".") || "the line";
  // zod names the members that it does not know: in a foreign file they may be anything.
  if (issue?.code === "unrecognized_keys") throw refusal(`${where}: has members that no export has`);
  throw refusal(`${where}: ${issue?.message ?? "not as expected"}`);
}

/** What a parser says quotes the text, and that may hold a password. */
function toJson(text: string): unknown {
  const value = tryJson(text);
  if (value === undefined) throw refusal("it is not JSON");
  return value;
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function refusal(reason: string): StrataError {
  return new StrataError("BAD_USER_INPUT", reason);
}
