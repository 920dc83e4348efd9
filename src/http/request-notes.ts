import type { JournaledWrite } from "../service/request-journal.js";

/** Of a GraphQL operation, and the same for each of its requests. */
export interface OperationNotes {
  readonly operationType: string;
  readonly operationName?: string;
  /** Names of the schema; what a caller made up is `unknown`. */
  readonly rootFields: readonly string[];
}

/** What a face knows of a request, for its line in the log: never a value, a variable or a token. */
export interface RequestNotes {
  /** The pattern that the path fits. */
  readonly route?: string | undefined;
  readonly operation?: OperationNotes | undefined;
  /** Who called. */
  readonly subject?: string | undefined;
  readonly account?: string | undefined;
  readonly config?: string | undefined;
  /** Codes of errors, each once; `ok` where there is none. */
  readonly outcomes?: readonly string[] | undefined;
  readonly storeCalls?: number | undefined;
  readonly cost?: number | undefined;
  readonly writes?: readonly JournaledWrite[] | undefined;
}

/** Pointers of one write that a line shows, and characters of each. */
const SHOWN_POINTERS = 50;
const SHOWN_CHARACTERS = 256;
/** Other programs than JSON parsers read logs: a line is printable ASCII, so that no text can end it or change how it reads. */
const PRINTABLE = /^[\x20-\x7e]*$/;
const NOT_PRINTABLE = /[^\x20-\x7e]/g;

/** Members of a log line. */
export interface LoggedNotes {
  route?: string | undefined;
  account?: string | undefined;
  config?: string | undefined;
  subject?: string | undefined;
  storeCalls?: number | undefined;
  cost?: number | undefined;
  writes?: readonly unknown[] | undefined;
}

/** Puts the notes into a log line, but for the operation and the outcomes. Members that are undefined are not written. */
export function addNotes(line: LoggedNotes, notes: RequestNotes): void {
  const { writes } = notes;
  line.route = notes.route;
  line.subject = visible(notes.subject);
  line.account = visible(notes.account);
  line.config = visible(notes.config);
  line.storeCalls = notes.storeCalls;
  line.cost = notes.cost;
  if (writes !== undefined && writes.length > 0) line.writes = writes.map(loggedWrite);
}

function loggedWrite({ account, config, kind, outcome, changed }: JournaledWrite): Record<string, unknown> {
  if (changed === undefined) return { account, config, kind, outcome };
  const pointers: string[] = [];
  let more = 0;
  for (const pointer of changed) {
    if (pointers.length < SHOWN_POINTERS) pointers.push(visible(pointer));
    else more++;
  }
  return { account, config, kind, outcome, changed: pointers, ...(more > 0 && { more }) };
}

function visible(text: string): string;
function visible(text: string | undefined): string | undefined;
function visible(text: string | undefined): string | undefined {
  if (text === undefined || (text.length <= SHOWN_CHARACTERS && PRINTABLE.test(text))) return text;
  const shown = text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}...` : text;
  return shown.replace(NOT_PRINTABLE, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
