import type { JournaledWrite } from "../service/request-journal.js";

/** What a face knows of a request, for its line in the log: never a value, a variable or a token. */
export interface RequestNotes {
  /** The pattern that the path fits. */
  readonly route?: string;
  readonly operationType?: string;
  readonly operationName?: string | undefined;
  /** Names of the schema; what a caller made up is `unknown`. */
  readonly rootFields?: readonly string[];
  /** Who called. */
  readonly subject?: string | undefined;
  readonly account?: string | undefined;
  readonly config?: string | undefined;
  /** Codes of errors, each once; `ok` where there is none. */
  readonly outcomes?: readonly string[];
  readonly storeCalls?: number;
  readonly cost?: number | undefined;
  readonly writes?: readonly JournaledWrite[];
}

/** Pointers of one write that a line shows, and characters of each. */
const SHOWN_POINTERS = 50;
const SHOWN_CHARACTERS = 256;
/** Other programs than JSON parsers read logs: a line is printable ASCII, so that no text can end it or change how it reads. */
const NOT_PRINTABLE = /[^\x20-\x7e]/g;

/** The notes as members of a log line; what is not known is left out. */
export function loggedNotes(given: RequestNotes): Record<string, unknown> {
  const { subject, account, config, writes = [], ...notes } = given;
  return {
    ...notes,
    ...(subject !== undefined && { subject: visible(subject) }),
    ...(account !== undefined && { account: visible(account) }),
    ...(config !== undefined && { config: visible(config) }),
    ...(writes.length > 0 && { writes: writes.map(loggedWrite) }),
  };
}

function loggedWrite({ changed, ...write }: JournaledWrite): Record<string, unknown> {
  if (changed === undefined) return write;
  const pointers: string[] = [];
  let more = 0;
  for (const pointer of changed) {
    if (pointers.length < SHOWN_POINTERS) pointers.push(visible(pointer));
    else more++;
  }
  return { ...write, changed: pointers, ...(more > 0 && { more }) };
}

function visible(text: string): string {
  const shown = text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}...` : text;
  return shown.replace(NOT_PRINTABLE, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
